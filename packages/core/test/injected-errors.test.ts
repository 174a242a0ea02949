import assert from 'node:assert/strict';
import type { Logger } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type OriginHandler, onRequestHead, respond } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

function fail(): never {
  throw new Error('injected');
}

const throwing: Logger = { error: fail, warn: fail, info: fail, debug: fail };

/** Notes what would end a process, for the time of a test. */
function watchProcess(onClose: (close: () => void) => void): unknown[] {
  const escaped: unknown[] = [];
  const note = (error: unknown): unknown => escaped.push(error);
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note).on('unhandledRejection', note);
  onClose(() => {
    process.off('uncaughtException', note).off('unhandledRejection', note);
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return escaped;
}

describe('injected errors', () => {
  const stage = useStage();
  let escaped: unknown[];
  beforeEach(() => {
    escaped = watchProcess((close) => stage().onClose(close));
  });
  afterEach(() => assert.deepEqual(escaped, []));

  const handlers: Record<string, OriginHandler> = {
    '/plain': (res) => res.end('plain'),
    '/poll': (res) => hold(res, 'response', 'poll'),
    '/stream': (res) =>
      hold(res, 'stream', 'stream; filter=var-subst', {
        body: '[',
        fields: ['Grip-Keep-Alive: p; timeout=1'],
      }),
    '/broken': (res) => respond(res, { fields: ['Grip-Hold: maybe'] }),
    '/link': (res) =>
      hold(res, 'stream', 'link', { body: '[', fields: ['Grip-Link: </gone>; rel=next; timeout=1'] }),
    '/elsewhere': (res) => respond(res, { body: '[', fields: ['Grip-Link: <http://evil.test/>; rel=next'] }),
    '/cut': (res) => res.destroy(),
  };

  it('of a logger disturb nobody', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin((res, seen, count) =>
      (handlers[seen.url] ?? ((one) => one.writeHead(500).end()))(res, seen, count),
    );
    const server = await stage().proxy({ target: origin.url, logger: throwing, clock, debug: true });
    const { proxy } = server;
    proxy.controlApi();
    const ask = async (path: string): Promise<RawClient> => {
      const client = await stage().client(server);
      client.request(`GET ${path}`);
      return client;
    };
    assert.equal((await (await ask('/broken')).reply()).status, 502);
    assert.equal((await (await ask('/cut')).reply()).status, 502);
    assert.match(String((await (await ask('/elsewhere')).reply()).body), /leads to/);
    const [poll, stream, link] = [await ask('/poll'), await ask('/stream'), await ask('/link')];
    await Promise.all([stream.bodyWith('['), link.bodyWith('[')]);
    await eventually(() => proxy.stats().sessions === 3, 'three holds');
    await proxy.publish('poll', { 'http-response': { 'body-patch': [{ op: 'remove', path: '/x' }] } });
    await poll.reply();
    for (let i = 0; i < 60; i++) {
      clock.advance(1000);
      await settle(5);
    }
    await stream.bodyWith('p');
    await proxy.publish('stream', { 'http-stream': '50%' });
    await stream.reply();
    assert.equal(String((await (await ask('/plain')).reply()).body), 'plain');
  });

  it('of those who listen to events disturb nobody', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const server = await stage().proxy({ target: origin.url });
    let calls = 0;
    const listener = (): never => {
      calls++;
      return fail();
    };
    server.proxy.on('subscribe', listener).on('unsubscribe', listener);
    const [one, two] = [await stage().client(server), await stage().client(server)];
    for (const client of [one, two]) {
      client.request('GET /');
      await client.bodyWith('[');
    }
    assert.equal((await server.proxy.publish('ch', { 'http-stream': 'x' })).delivered, 2);
    await Promise.all([one.bodyWith('x'), two.bodyWith('x')]);
    one.destroy();
    two.destroy();
    await eventually(() => server.held === 0, 'nothing held');
    assert.equal(calls, 2);
  });

  it('of a listener that publishes, closes or subscribes in turn disturb nobody', async () => {
    const origin = await stage().origin((res, seen) => hold(res, 'response', seen.url.slice(1)));
    const server = await stage().proxy({ target: origin.url });
    const { proxy } = server;
    proxy.on('unsubscribe', (channel) => {
      if (channel === 'a') void proxy.publish('b', { 'http-response': 'from the listener' });
    });
    const [a, b] = [await stage().client(server), await stage().client(server)];
    a.request('GET /a');
    b.request('GET /b');
    await eventually(() => proxy.stats().sessions === 2, 'two holds');
    await proxy.publish('a', { 'http-response': 'x' });
    assert.equal(String((await a.reply()).body), 'x');
    assert.equal(String((await b.reply()).body), 'from the listener');
  });

  it('of a session reach no other that gets the same item', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const server = await stage().proxy({ target: origin.url });
    const clients: RawClient[] = [];
    server.server.on('request', (_req, res) => {
      // The second client's connection is broken in a way that nobody foresees.
      if (clients.length === 1) queueMicrotask(() => Object.defineProperty(res, 'socket', { get: fail }));
    });
    for (let i = 0; i < 3; i++) {
      const client = await stage().client(server);
      clients.push(client);
      client.request('GET /');
      await settle(50);
    }
    await server.proxy.publish('ch', { 'http-stream': 'x' });
    await clients[2]?.bodyWith('x');
  });

  const stages: [name: string, bytes: string][] = [
    ['before its head', ''],
    ['in its head', 'HTTP/1.1 200 OK\r\nGrip-Hold: str'],
    ['after the head of an instruct', 'HTTP/1.1 200 OK\r\nGrip-Hold: stream\r\nContent-Length: 5\r\n\r\n'],
    ['in the body of an instruct', 'HTTP/1.1 200 OK\r\nGrip-Hold: response\r\nContent-Length: 5\r\n\r\nabc'],
    [
      'in the chunks of an instruct',
      'HTTP/1.1 200 OK\r\nGrip-Hold: stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc',
    ],
  ];
  for (const [name, bytes] of stages) {
    it(`of an origin that dies ${name} are answered 502`, async () => {
      const origin = await stage().rawOrigin((socket) => {
        onRequestHead(socket, () => socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy())));
      });
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('POST /', [], 'x');
      assert.equal((await client.reply()).status, 502);
    });
  }
});
