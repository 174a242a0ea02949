import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { useStage } from '../../../test/support/stage.js';
import { StallWatch } from '../src/http/stall-watch.js';
import { Timers } from '../src/timers.js';
import { RemoteUpstream } from '../src/upstream/remote.js';
import type { UpstreamCall, UpstreamRequest } from '../src/upstream/upstream.js';
import type { UpstreamServices } from '../src/upstream/upstream-services.js';
import { gather, REMOTE, upstreamServices } from './support/upstream-services.js';

const PEAK = 50;
const FINE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine';

describe('the connections to an origin', () => {
  const stage = useStage();

  function upstreamTo(
    url: string,
    given: Partial<UpstreamServices> = {},
    clock?: ManualClock,
  ): RemoteUpstream {
    const upstream = new RemoteUpstream({ ...REMOTE, url }, upstreamServices(given, clock));
    stage().onClose(() => upstream.close());
    return upstream;
  }

  function ask(upstream: RemoteUpstream, request: Partial<UpstreamRequest> = {}): Promise<string> {
    const whole = { method: 'GET', path: '/', headers: ['Host', 'h'], body: null, ...request };
    return gather((handler) => upstream.send(whole, handler));
  }

  it('are forgotten with the origin’s own, and new ones are made', async () => {
    const waiting: (() => void)[] = [];
    const origin = await stage().origin((res, _seen, count) => {
      if (count >= PEAK) res.end('later');
      else waiting.push(() => res.end('at once'));
      if (count === PEAK - 1) for (const answer of waiting) answer();
    });
    const upstream = upstreamTo(origin.url);
    const answers = await Promise.all(Array.from({ length: PEAK }, () => ask(upstream)));
    assert.deepEqual(new Set(answers), new Set(['at once']));
    assert.equal(origin.connections, PEAK);
    origin.server.closeIdleConnections();
    await eventually(() => upstream.connections === 0, 'no connections');
    assert.deepEqual([await ask(upstream), origin.connections], ['later', PEAK + 1]);
  });

  it('carry one request after the other, the last one used first', async () => {
    const origin = await stage().origin((res) => res.end('answer'));
    const upstream = upstreamTo(origin.url);
    for (let i = 0; i < 5; i++) assert.equal(await ask(upstream), 'answer');
    assert.equal(origin.connections, 1);
  });

  it('are not more than there may be, and those who wait get the next free one, the proxy’s own first', async () => {
    const origin = await stage().origin(() => {});
    const upstream = upstreamTo(origin.url, { connectionsPerOrigin: 2 });
    const paths = ['/a', '/b', '/client-1', '/client-2', '/own'];
    const answers = paths.map((path) => ask(upstream, { path, isClients: path.includes('client') }));
    for (let i = 0; i < paths.length; i++)
      (await origin.request(i)).res.end(`to ${(await origin.request(i)).url}`);
    assert.deepEqual(
      await Promise.all(answers),
      paths.map((path) => `to ${path}`),
    );
    assert.deepEqual(
      origin.requests.slice(2).map(({ url }) => url),
      ['/own', '/client-1', '/client-2'],
    );
    assert.equal(origin.connections, 2);
  });

  it('refuse who finds too many waiting, and who waits too long', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin(() => {});
    const upstream = upstreamTo(origin.url, { connectionsPerOrigin: 1, queuedPerOrigin: 1 }, clock);
    const first = ask(upstream);
    await origin.request(0);
    const late = assert.rejects(ask(upstream), /busy: .*no connection became free/);
    await assert.rejects(ask(upstream), /busy: .*too many requests wait/);
    clock.advance(1000);
    await late;
    (await origin.request(0)).res.end('answer');
    assert.equal(await first, 'answer');
    assert.equal(clock.pending, 0);
  });

  it('let go of who waits and is given up', async () => {
    const origin = await stage().origin(() => {});
    const upstream = upstreamTo(origin.url, { connectionsPerOrigin: 1 });
    const first = ask(upstream);
    let call: UpstreamCall | undefined;
    void gather((handler) => {
      call = upstream.send({ method: 'GET', path: '/given-up', headers: [], body: null }, handler);
    });
    const last = ask(upstream, { path: '/last' });
    call?.abort();
    call?.abort();
    for (const index of [0, 1]) (await origin.request(index)).res.end('answer');
    assert.deepEqual([await first, await last], ['answer', 'answer']);
    assert.deepEqual(
      origin.requests.map(({ url }) => url),
      ['/', '/last'],
    );
  });

  it('are cut with what they carry, and what waits for them, when the proxy closes', async () => {
    const origin = await stage().origin(() => {});
    const upstream = upstreamTo(origin.url, { connectionsPerOrigin: 1 });
    const both = Promise.allSettled([ask(upstream), ask(upstream)]);
    await origin.request(0);
    await upstream.close();
    for (const one of await both) assert.equal(one.status, 'rejected');
    await eventually(() => upstream.connections === 0, 'no connections');
    await origin.abandonedRequest();
  });

  it('carry on after a handler that throws, whatever it hears', async () => {
    const errors: unknown[] = [];
    const origin = await stage().origin((res) => res.end('answer'));
    const upstream = upstreamTo(origin.url, { onError: (error) => errors.push(error) });
    for (const bad of ['onHead', 'onData', 'onEnd', 'onError']) {
      const heard: string[] = [];
      const handler = Object.fromEntries(
        ['onHead', 'onData', 'onEnd', 'onError'].map((name) => [
          name,
          () => {
            heard.push(name);
            if (name === bad) throw new Error(bad);
            return true;
          },
        ]),
      );
      const headers = bad === 'onError' ? ['A B', 'cannot be sent'] : ['Host', 'h'];
      upstream.send({ method: 'GET', path: '/', headers, body: null }, handler as never);
      await eventually(() => errors.length > 0, bad);
      assert.equal(String(errors.shift()), `Error: ${bad}`);
      assert.equal(heard.at(-1), bad === 'onEnd' ? 'onEnd' : 'onError');
      assert.equal(await ask(upstream), 'answer');
    }
    assert.deepEqual(errors, []);
  });

  it('are looked at before a request that could not be repeated is sent on one that was used before', async () => {
    const sockets: Socket[] = [];
    const origin = await stage().rawOrigin((socket) => {
      sockets.push(socket);
      socket.on('data', () => socket.write(FINE));
    });
    const upstream = upstreamTo(origin.url);
    for (let i = 0; i < 20; i++) {
      assert.equal(await ask(upstream, { method: 'POST', body: Buffer.from('x') }), 'fine');
      // The proxy has not read that by the time it is asked again.
      sockets.at(-1)?.end();
    }
    assert.equal(sockets.length, 20);
  });

  it('are not used while they come to their end', async () => {
    const origin = await stage().rawOrigin((socket) => socket.on('data', () => socket.end(FINE)));
    const upstream = upstreamTo(origin.url);
    // Asked in each turn in which the connection may be on its way out.
    for (let turns = 0; turns < 20; turns++) {
      assert.equal(await ask(upstream), 'fine');
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      assert.equal(await ask(upstream, { method: 'POST', body: Buffer.from('x') }), 'fine');
    }
  });

  it('do not send what cannot be sent, and are used for the next request', async () => {
    const origin = await stage().origin((res) => res.end('answer'));
    const upstream = upstreamTo(origin.url);
    assert.equal(await ask(upstream), 'answer');
    await assert.rejects(ask(upstream, { headers: ['A', '\r\nB: 1'] }), /broken: the field A/);
    assert.equal(await ask(upstream), 'answer');
    assert.equal(origin.connections, 1);
  });
});

describe('a body on its way to an origin', () => {
  const stage = useStage();

  interface Site {
    /** What the origin has read. */
    readonly text: () => string;
    readonly sockets: Socket[];
    readonly upstream: RemoteUpstream;
  }

  async function site(given: Partial<UpstreamServices> = {}): Promise<Site> {
    const sockets: Socket[] = [];
    let text = '';
    const origin = await stage().rawOrigin((socket) => {
      sockets.push(socket);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
    });
    const upstream = new RemoteUpstream({ ...REMOTE, url: origin.url }, upstreamServices(given));
    stage().onClose(() => upstream.close());
    return { text: () => text, sockets, upstream };
  }

  function post(
    upstream: RemoteUpstream,
    body: Readable | Uint8Array,
    headers: string[] = [],
  ): Promise<string> {
    const request = { method: 'POST', path: '/', headers: ['Host', 'h', ...headers], body };
    return gather((handler) => upstream.send(request, handler));
  }

  const silent = (): Readable => new Readable({ read() {} });

  it('is not waited for: the head goes out at once, and the origin may answer it', async () => {
    for (const headers of [['Content-Length', '5'], []]) {
      const { text, sockets, upstream } = await site();
      const body = silent();
      const answer = post(upstream, body, headers);
      await eventually(() => text().includes('\r\n\r\n'), 'the head');
      sockets[0]?.write(FINE);
      assert.equal(await answer, 'fine');
      await eventually(() => body.destroyed, 'a body that nobody wants any more');
      await eventually(() => upstream.connections === 0, 'the connection gone: its request is not whole');
    }
  });

  it('has its length said where it is complete from the start', async () => {
    const { text, sockets, upstream } = await site();
    const body = silent();
    body.push('he');
    body.push('llo');
    body.push(null);
    const answer = post(upstream, body);
    await eventually(() => text().endsWith('hello'), 'the body');
    assert.match(text(), /\r\nContent-Length: 5\r\n\r\nhello$/);
    assert.doesNotMatch(text(), /chunked/i);
    sockets[0]?.write(FINE);
    assert.equal(await answer, 'fine');
    assert.equal(upstream.connections, 1);
  });

  it('goes out in chunks where it is not', async () => {
    const { text, sockets, upstream } = await site();
    const body = silent();
    const answer = post(upstream, body);
    body.push('first');
    await eventually(() => text().includes('first'), 'the first part');
    body.push('');
    body.push('x'.repeat(20));
    body.push(null);
    await eventually(() => text().endsWith('0\r\n\r\n'), 'the last chunk');
    assert.match(text(), /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n14\r\nx{20}\r\n0\r\n\r\n$/);
    sockets[0]?.write(FINE);
    assert.equal(await answer, 'fine');
  });

  for (const [name, text] of Object.entries({ shorter: 'abc', longer: 'abcdef' })) {
    it(`that is ${name} than was said ends its connection, and nothing else`, async () => {
      const { sockets, upstream } = await site();
      const body = silent();
      const answer = post(upstream, body, ['Content-Length', '5']);
      body.push(text);
      body.push(null);
      await assert.rejects(answer, new RegExp(`broken: the body is ${name}`));
      await eventually(() => upstream.connections === 0, 'no connection');
      const next = gather((handler) =>
        upstream.send({ method: 'GET', path: '/', headers: [], body: null }, handler),
      );
      await eventually(() => sockets.length === 2, 'another connection');
      sockets[1]?.write(FINE);
      assert.equal(await next, 'fine');
    });
  }

  it('that breaks off is not taken for a whole one by the origin', async () => {
    const { text, sockets, upstream } = await site();
    const body = silent();
    const answer = post(upstream, body);
    body.push('part');
    await eventually(() => text().includes('part'), 'the part');
    body.destroy();
    await assert.rejects(answer, /broken: the body broke off/);
    await once(sockets[0] as Socket, 'close');
    assert.doesNotMatch(text(), /\r\n0\r\n/);
  });

  it('waits for an origin that does not read, and fails when that takes too long', async () => {
    const clock = new ManualClock();
    const timers = new Timers(clock, (error) => assert.fail(String(error)));
    const { sockets, upstream } = await site({ stalls: new StallWatch(1000, timers, () => {}) });
    for (const body of [Buffer.alloc(30_000_000), Readable.from(endless())]) {
      const answer = post(upstream, body);
      await eventually(() => sockets.length > 0, 'a connection');
      const socket = sockets.shift();
      socket?.pause();
      await eventually(() => timers.size === 1, 'the watch');
      let outcome = '';
      answer.catch((error: Error) => {
        outcome = error.message;
      });
      await eventually(
        () => {
          clock.advance(250);
          return outcome !== '';
        },
        () => 'the end',
      );
      assert.match(outcome, /timeout: the origin does not take/);
      socket?.destroy();
    }
    await settle();
    assert.equal(timers.size, 0);
  });
});

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(100_000);
}
