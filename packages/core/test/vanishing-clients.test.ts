import assert from 'node:assert/strict';
import type { GripProxy } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

describe('a client that vanishes', () => {
  const stage = useStage();
  const LARGE = Buffer.alloc(150_000, 'x');
  const hint = (proxy: GripProxy): Promise<unknown> =>
    proxy.publish('ch', { 'http-stream': { action: 'hint' }, 'http-response': { action: 'hint' } });

  /** What happens until the client vanishes. `ready` says when it is time. */
  const stages: [name: string, handler: OriginHandler, act?: (proxy: GripProxy) => Promise<unknown>][] = [
    [
      'while the body of an instruct comes',
      (res) => res.writeHead(200, { 'Grip-Hold': 'response', 'Content-Length': 5 }).write('abc'),
    ],
    [
      'while a large one streams',
      (res) => res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' }).write(LARGE),
    ],
    ['in a response hold', (res) => hold(res, 'response', 'ch')],
    ['in a stream hold', (res) => hold(res, 'stream', 'ch', { body: '[' })],
    [
      'while it is asked for again',
      (res, _seen, count) => {
        if (count === 0) hold(res, 'response', 'ch');
      },
      hint,
    ],
    [
      'while its link is asked',
      (res, _seen, count) => {
        if (count === 0) hold(res, 'stream', 'ch', { fields: ['Grip-Link: </next>; rel=next'] });
      },
      hint,
    ],
    [
      'while the content of its link comes',
      (res, _seen, count) => {
        if (count === 0) hold(res, 'stream', 'ch', { fields: ['Grip-Link: </next>; rel=next'] });
        else res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' }).write('content');
      },
      hint,
    ],
    [
      'while it waits to be asked for again',
      (res) => hold(res, 'response', 'ch; prev-id=1'),
      (proxy) => proxy.publish('ch', { 'http-response': 'x' }, { 'prev-id': '9' }),
    ],
    [
      'while its link waits to be tried again',
      (res, _seen, count) => {
        if (count === 0) respond(res, { fields: ['Grip-Link: </next>; rel=next'] });
        else res.writeHead(500).end();
      },
    ],
    [
      'while items wait for earlier ones',
      (res) => hold(res, 'stream', 'ch', { body: '[' }),
      async (proxy) => {
        await proxy.publish('ch', { 'http-stream': 'a' }, { id: '1' });
        await proxy.publish('ch', { 'http-stream': 'c' }, { id: '3', 'prev-id': '2' });
      },
    ],
  ];
  for (const [name, handler, act] of stages) {
    for (const how of ['destroy', 'reset'] as const) {
      it(`${name} (${how}) leaves nothing behind`, async () => {
        const clock = new ManualClock();
        const origin = await stage().origin(handler);
        const server = await stage().proxy({ target: origin.url, clock });
        const client = await stage().client(server);
        client.request('GET /');
        await origin.request();
        await settle(50);
        await act?.(server.proxy);
        await settle(50);
        client[how]();
        await eventually(
          () => server.held === 0,
          () => JSON.stringify(server.proxy.stats()),
        );
        assert.equal(clock.pending, 0);
      });
    }
  }
});
