import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy } from '@p-8/core';
import { Publisher } from '../src/index.js';
import { failure } from './support/failure.js';

const HI = { 'ws-message': 'hi' };

describe('the control API of P-8', () => {
  const proxy = new GripProxy();
  let server: Server;
  let url: string;

  before(async () => {
    server = http.createServer(proxy.controlApi({ key: 'secret', maxBodySize: 1000 })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    server.close();
    server.closeAllConnections();
    await proxy.close();
  });

  it('takes what is published', async () => {
    const receipt = await new Publisher(`${url}/?key=secret`).publish('room', HI);
    assert.deepEqual(receipt, { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 });
  });

  const errors: [what: string, query: string, formats: object, status: number, says: string][] = [
    [
      'a bad item',
      '?key=secret',
      { 'ws-message': {} },
      400,
      "Invalid format: 'ws-message' does not contain 'content' or 'content-bin'",
    ],
    ['a wrong key', '?key=wrong', HI, 401, 'Authorization required.'],
    [
      'a body that is too large',
      '?key=secret',
      { 'ws-message': 'x'.repeat(1000) },
      413,
      'Request body too large.',
    ],
    ['a wrong path', 'elsewhere/?key=secret', HI, 404, 'Not Found'],
  ];
  for (const [what, query, formats, status, says] of errors) {
    it(`refuses ${what}, and says so`, async () => {
      const { context, message } = await failure(new Publisher(`${url}/${query}`).publish('room', formats));
      assert.equal(context.statusCode, status);
      assert(message.endsWith(`answered ${status}: ${says}`), message);
    });
  }
});
