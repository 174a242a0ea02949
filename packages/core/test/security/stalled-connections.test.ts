import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { eventually, settle, stalls } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';
import type { WsClient } from '../../../../test/support/ws-client.js';
import type { WsOrigin } from '../../../../test/support/ws-origin.js';
import { WebSocketBench } from '../support/web-socket-bench.js';

const KB = 1024;
const MB = 1_000_000;
/** The default of `stallTimeout`, and how much later a stall is found at most. */
const STALL = 60_000;
const FOUND = STALL * 1.25;
const HOUR = 3_600_000;

/** Writes to an origin's client for as long as it takes anything. */
const flood: OriginHandler = (res) => {
  const block = Buffer.alloc(64 * KB, 'x');
  const pump = (): void => {
    while (!res.destroyed && res.write(block));
  };
  res.on('drain', pump);
  pump();
};

/** Sends blocks for as long as they are taken; gives how many bytes there were. */
function pour(client: RawClient, bytes: number): () => number {
  const block = Buffer.alloc(64 * KB, 'x');
  let sent = 0;
  const pump = (): void => {
    do sent += block.length;
    while (client.socket.write(block) && sent < bytes);
  };
  client.socket.on('drain', pump);
  pump();
  return () => sent;
}

describe('a client that reads nothing of', () => {
  const stage = useStage();
  let clock: ManualClock;
  let server: ProxyServer;
  let origin: Origin;

  async function start(handler: OriginHandler, options: GripProxyOptions = {}): Promise<RawClient> {
    clock = new ManualClock();
    origin = await stage().origin(handler);
    server = await stage().proxy({ target: origin.url, clock, ...options });
    const client = await stage().client(server);
    client.socket.pause();
    return client;
  }

  async function isCut(client: RawClient): Promise<void> {
    client.socket.resume();
    await client.closed();
    assert.equal(client.replies[0]?.complete ?? false, false);
  }

  it('a relayed response is cut, and the origin is asked no longer', async () => {
    const client = await start(flood);
    client.request('GET /');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(FOUND);
    await origin.abandonedRequest();
    await eventually(() => server.held === 0, 'nothing held');
    assert.equal(server.proxy.limits().stalledRelay, 1);
    await isCut(client);
  });

  it('the end of a relayed response is cut too', async () => {
    const body = Buffer.alloc(12 * MB, 'x');
    const client = await start((res) => res.setHeader('Content-Length', body.length).end(body));
    client.request('GET /');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(FOUND);
    await isCut(client);
  });

  it('what answers a long-poll is cut', async () => {
    const client = await start((res) => hold(res, 'response', 'ch'));
    client.request('GET /');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    await server.proxy.publish('ch', { 'http-response': 'x'.repeat(12 * MB) });
    await settle();
    clock.advance(FOUND);
    await isCut(client);
    assert.equal(server.proxy.limits().stalledRelay, 1);
  });

  it('the rest of a stream that has ended is cut', async () => {
    const client = await start((res) => hold(res, 'stream', 'ch'), { sessionQueueBytes: 100 * MB });
    client.request('GET /');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    await settle();
    for (let i = 0; i < 12; i++) await server.proxy.publish('ch', { 'http-stream': 'x'.repeat(MB) });
    await server.proxy.publish('ch', { 'http-stream': { action: 'close' } });
    await settle();
    assert.equal(server.proxy.stats().sessions, 0);
    clock.advance(FOUND);
    await isCut(client);
    assert.equal(server.proxy.backlog().overflows.stall, 1);
  });

  it('a JSON-P response is cut', async () => {
    const client = await start(flood, { autoCrossOrigin: true });
    client.request('GET /?callback=go');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(FOUND);
    await origin.abandonedRequest();
    await isCut(client);
  });

  it('a response is cut with all that wait behind it', async () => {
    const client = await start((res, seen, count) =>
      count === 0 ? flood(res, seen, count) : res.end('x'.repeat(MB)),
    );
    client.request('GET /');
    for (let i = 0; i < 3; i++) client.request('GET /more');
    await origin.request(3);
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(FOUND);
    await isCut(client);
  });

  it('a response is left alone where stallTimeout is 0', async () => {
    const client = await start(flood, { stallTimeout: 0 });
    client.request('GET /');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(HOUR);
    await settle();
    assert.equal(client.ending, undefined);
    assert.equal(server.proxy.limits().stalledRelay, 0);
  });

  it('a response for a while, and goes on, is not cut', async () => {
    const client = await start(flood);
    client.request('GET /');
    let seen = 0;
    for (let i = 0; i < 5; i++) {
      await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
      clock.advance(STALL * 0.7);
      client.socket.resume();
      await client.bytes(seen + 4 * MB);
      client.socket.pause();
      seen = client.receivedBytes;
    }
    assert.equal(client.ending, undefined);
  });
});

describe('a connection on which nothing waits', () => {
  const stage = useStage();
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  it('is not cut however long the origin is silent in its response', async () => {
    const origin = await stage().origin((res) => res.write('one'));
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.request('GET /');
    await client.bodyWith('one');
    for (let i = 0; i < 100; i++) clock.advance(STALL);
    await settle();
    origin.requests[0]?.res.end('two');
    assert.equal(String((await client.reply()).body), 'onetwo');
  });

  it('is not cut in the midst of a response that once had to wait', async () => {
    const large = 'x'.repeat(8 * MB);
    const origin = await stage().origin((res) => res.write(large));
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.socket.pause();
    client.request('GET /');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    client.socket.resume();
    await client.bytes(large.length);
    for (let i = 0; i < 100; i++) clock.advance(STALL);
    await settle();
    origin.requests[0]?.res.end('END');
    await client.tail('END');
  });

  it('is not cut while the origin thinks about an upload', async () => {
    const origin = await stage().origin(() => {});
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.request('POST /', [], 'x'.repeat(MB));
    const seen = await origin.completeRequest();
    for (let i = 0; i < 20; i++) clock.advance(STALL);
    await settle();
    seen.res.end('done');
    assert.equal(String((await client.reply()).body), 'done');
  });

  it('is not cut where a response waits for the one before it', async () => {
    const origin = await stage().origin((res, { url }) =>
      url === '/stream' ? hold(res, 'stream', 'ch', { body: '[' }) : res.end('x'.repeat(MB)),
    );
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request('GET /stream');
    client.request('GET /large');
    await client.bodyWith('[');
    await origin.request(1);
    await settle();
    for (let i = 0; i < 20; i++) clock.advance(STALL);
    await settle();
    await server.proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal((await client.reply(1)).body.length, MB);
  });

  it('is not cut where both sides talk, and one of them is silent', async () => {
    const origin = await stage().origin((res) => res.write('hello'));
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.request('POST /', ['Transfer-Encoding: chunked']);
    client.write('5\r\nhello\r\n');
    await client.bodyWith('hello');
    for (let i = 0; i < 20; i++) clock.advance(STALL);
    await settle();
    client.write('5\r\nagain\r\n0\r\n\r\n');
    const seen = await origin.completeRequest();
    assert.equal(String(seen.body), 'helloagain');
    seen.res.end();
    await client.reply();
  });
});

describe('a WebSocket whose origin takes nothing', () => {
  const stage = useStage();

  /** A client that sends more than the origin has read, and its proxy. */
  async function flooding(): Promise<{ bench: WebSocketBench<WsOrigin>; client: WsClient }> {
    const bench = await WebSocketBench.direct(stage());
    const client = await bench.open();
    bench.origin.handshakes[0]?.socket.pause();
    for (let i = 0; i < 60; i++) client.binary(Buffer.alloc(MB));
    await client.stalled();
    return { bench, client };
  }

  it('is closed with 1011', async () => {
    const { bench, client } = await flooding();
    bench.clock.advance(FOUND);
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
    assert.equal(bench.proxy.limits().stalledUpload, 1);
    await eventually(() => bench.server.held === 0, 'nothing left');
  });

  it('is gone, though its client has left meanwhile', async () => {
    const { bench, client } = await flooding();
    client.destroy();
    bench.clock.advance(FOUND);
    await eventually(() => bench.server.held === 0, 'nothing left');
  });
});

describe('an upload', () => {
  const stage = useStage();
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  it('that the origin does not read is answered 502, and its connection is closed', async () => {
    const origin = await stage().rawOrigin((socket) => socket.pause());
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request('POST /', [`Content-Length: ${200 * MB}`]);
    await stalls(pour(client, 150 * MB));
    clock.advance(FOUND);
    assert.equal((await client.reply()).status, 502);
    await eventually(() => origin.sockets[0]?.resume().destroyed === true, 'a closed connection');
    assert.equal(server.proxy.limits().stalledUpload, 1);
    client.destroy();
  });

  it('that the origin reads slowly goes on', async () => {
    const origin = await stage().rawOrigin((socket) => socket.pause());
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request('POST /', [`Content-Length: ${200 * MB}`]);
    const sent = pour(client, 150 * MB);
    const socket = await origin.connection();
    for (let i = 0; i < 5; i++) {
      await stalls(sent);
      const before = sent();
      clock.advance(STALL * 0.7);
      socket.resume();
      await eventually(() => sent() > before + 4 * MB, 'more');
      socket.pause();
    }
    assert.equal(server.proxy.limits().stalledUpload, 0);
    assert.equal(client.receivedBytes, 0);
    client.reset();
    // Where the client is not read at the moment, it is looked for once a second.
    await eventually(() => {
      clock.advance(1000);
      return server.proxy.stats().upstreamRequests === 0;
    }, 'the end of the request');
  });

  for (const framing of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    it(`that stops in its midst is answered 408, and the origin hears of it: ${framing}`, async () => {
      const origin = await stage().origin(() => {});
      const server = await stage().proxy({ target: origin.url, clock });
      const client = await stage().client(server);
      client.request('POST /', [framing], framing.startsWith('Content') ? 'hello' : '5\r\nhello\r\n');
      await origin.bodyWith('hello');
      await settle();
      clock.advance(FOUND);
      const reply = await client.reply();
      assert.equal(`${reply.status} ${reply.body}`, '408 Request took too long.\n');
      assert.equal((await origin.abandonedRequest()).complete, false);
      assert.equal(server.proxy.limits().stalledUpload, 1);
      await client.closed();
    });
  }

  it('that comes a little at a time is not cut', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.request('POST /', ['Content-Length: 10'], 'h');
    for (let i = 1; i < 10; i++) {
      await origin.bodyWith('h'.repeat(i));
      await settle();
      clock.advance(STALL - 1);
      client.write('h');
    }
    assert.equal((await client.reply()).body.length, 10);
  });

  it('leaves no timer behind', async () => {
    const origin = await stage().origin((res) => res.end());
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    for (let i = 0; i < 5; i++) {
      client.request('POST /', [`Content-Length: ${MB}`]);
      client.write(Buffer.alloc(MB));
      await client.reply(i);
    }
    await eventually(() => server.held === 0, 'nothing held');
    assert.equal(clock.pending, 0);
  });

  it('whose client is gone is given up at once, also while the origin does not read it', async () => {
    const origin = await stage().rawOrigin((socket) => socket.pause());
    const server = await stage().proxy({ target: origin.url, clock, stallTimeout: 0 });
    const client = await stage().client(server);
    client.request('POST /', [`Content-Length: ${200 * MB}`]);
    await stalls(pour(client, 150 * MB));
    client.reset();
    await eventually(() => {
      clock.advance(1000);
      return server.held === 0;
    }, 'nothing held');
    const socket = await origin.connection();
    await eventually(() => socket.resume().destroyed, 'a closed connection');
  });
});
