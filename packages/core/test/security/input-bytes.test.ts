import assert from 'node:assert/strict';
import type { GripProxyOptions, LimitFields } from '@p-8/core';
import { eventsOrigin } from '../../../../test/support/events-origin.js';
import { eventually, settle } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { useStage } from '../../../../test/support/stage.js';
import { WsClient } from '../../../../test/support/ws-client.js';
import { OPCODES, writeFrame } from '../../../../test/support/ws-frames.js';
import { SockJsStage } from '../support/sockjs-stage.js';

const TOTAL = 1_000_000;

describe('threat 21: what clients send, all together', () => {
  const stage = useStage();

  /** `answers`: whether the origin answers messages. */
  async function webSockets(answers: boolean, options: GripProxyOptions = {}): Promise<ProxyServer> {
    const origin = await eventsOrigin(stage(), (text) => {
      if (text.startsWith('OPEN')) return 'OPEN\r\n';
      return answers || text.startsWith('DISCONNECT') ? '' : undefined;
    });
    const target = { url: origin.url, overHttp: true };
    const server = await stage().proxy({ target, totalInputBytes: TOTAL, ...options });
    server.proxy.attach(server.server);
    return server;
  }

  /** So much of a message of a megabyte. */
  const part = (bytes: number): Buffer =>
    writeFrame(OPCODES.text, Buffer.alloc(1_000_000, 'x'), { mask: true }).subarray(0, bytes);

  it('of messages that they do not finish, closes the greatest with 1013, and tells', async () => {
    const told: [string, LimitFields][] = [];
    const server = await webSockets(true);
    server.proxy.on('limit', (limit, fields) => told.push([limit, fields]));
    const modest = await WsClient.open(stage(), server);
    modest.write(part(100_000));
    const large = await WsClient.open(stage(), server);
    large.write(part(600_000));
    const next = await WsClient.open(stage(), server);
    next.write(part(500_000));
    await large.sees('close 1013');
    assert.equal(server.proxy.limits().input, 1);
    assert.equal(told[0]?.[0], 'input');
    assert.ok(Number(told[0]?.[1].bytes) > 400_000);
    await settle();
    assert.deepEqual([modest.ending, next.ending], [undefined, undefined]);
  });

  it('of messages that they finish, is none of it', async () => {
    const server = await webSockets(true, { totalInputBytes: 300_000 });
    const client = await WsClient.open(stage(), server);
    for (let i = 0; i < 300; i++) client.ping('x'.repeat(100));
    for (let i = 0; i < 20; i++) {
      client.frame(OPCODES.text, 'x'.repeat(500), { fin: false });
      client.frame(OPCODES.continuation, 'y'.repeat(500));
    }
    client.write(part(150_000));
    await settle(100);
    assert.equal(client.ending, undefined);
    assert.equal(server.proxy.limits().input, 0);
  });

  it('of messages that wait for the origin, closes the greatest', async () => {
    const server = await webSockets(false);
    const small = await WsClient.open(stage(), server);
    small.text('x'.repeat(50_000));
    const large = await WsClient.open(stage(), server);
    large.text('x'.repeat(600_000));
    const next = await WsClient.open(stage(), server);
    next.text('x'.repeat(550_000));
    await large.sees('close 1013 too many messages wait');
    await settle();
    assert.equal(small.ending, undefined);
    await server.proxy.close();
  });

  it('of requests that wait their turn, cuts the connection', async () => {
    const origin = await stage().origin(() => {});
    const server = await stage().proxy({ target: origin.url, totalInputBytes: TOTAL });
    const client = await stage().client(server);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
    await origin.request(3);
    await settle();
    assert.equal(client.ending, undefined);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
    await client.closed();
  });

  it('of bodies that are kept for a retry, forgets the greatest: the request cannot be held', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/first') return;
      res.req.on('end', () => hold(res, 'response', 'ch'));
    });
    const server = await stage().proxy({ target: origin.url, totalInputBytes: 150_000 });
    const first = await stage().client(server);
    first.request('POST /first', [], 'x'.repeat(80_000));
    await origin.completeRequest(0);
    const second = await stage().client(server);
    second.request('POST /second', [], 'x'.repeat(90_000));
    assert.equal((await second.reply()).status, 400);
    assert.equal(server.proxy.limits().input, 1);
    const third = await stage().client(server);
    third.request('POST /third', [], 'x'.repeat(50_000));
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
  });

  it('counts no more once it is gone', async () => {
    const origin = await stage().origin((res) => res.req.on('end', () => res.end('answer')));
    const server = await stage().proxy({ target: origin.url, totalInputBytes: 150_000 });
    const client = await stage().client(server);
    for (let i = 0; i < 10; i++) {
      client.request('POST /', [], 'x'.repeat(80_000));
      assert.equal((await client.reply(i)).status, 200);
    }
    assert.equal(server.proxy.limits().input, 0);
  });

  it('of sends of SockJS, refuses the greatest with 503', async () => {
    const sockjs = await new SockJsStage({ totalInputBytes: 150_000 }).listen();
    stage().onClose(() => sockjs.close());
    const stream = await sockjs.start('POST /echo/000/s/xhr_streaming', ['Content-Length: 0']);
    await stream.bodyWith('o\n');
    const body = JSON.stringify(['x'.repeat(200_000)]);
    const first = await sockjs.start('POST /echo/000/s/xhr_send', ['Content-Length: 200010']);
    first.write(body.slice(0, 100_000));
    const second = await sockjs.start('POST /echo/000/s/xhr_send', ['Content-Length: 200010']);
    second.write(body.slice(0, 120_000));
    const replies = await Promise.race([first.reply(), second.reply()]);
    assert.equal(replies.status, 503);
  });
});
