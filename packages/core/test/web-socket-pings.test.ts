import assert from 'node:assert/strict';
import http, { type ServerResponse } from 'node:http';
import type { GripProxy, GripProxyOptions, HoldInfo } from '@p-8/core';
import {
  answerEvents,
  bodiesOf,
  type EventsHandler,
  eventsOrigin,
  obliging,
} from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Origin } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import { WsOrigin } from '../../../test/support/ws-origin.js';

const MINUTE = 60_000;
const KINDS = ['over HTTP', 'direct', 'in an app', 'SockJS', 'raw SockJS'] as const;
type Kind = (typeof KINDS)[number];

/** Paths that clients of each kind use. */
const PATHS: Partial<Record<Kind, string>> = {
  SockJS: '/sockjs/000/s/websocket',
  'raw SockJS': '/sockjs/websocket',
};

describe('the client of a WebSocket', () => {
  const stage = useStage();

  interface Scene {
    readonly proxy: GripProxy;
    readonly clock: ManualClock;
    readonly client: WsClient;
    /** What the origin was sent, in words or as events. */
    readonly heard: () => readonly string[];
    readonly origin: Origin | WsOrigin;
    readonly port: number;
    pass(ms: number): Promise<void>;
  }

  async function start(
    kind: Kind,
    options: GripProxyOptions = {},
    handler: EventsHandler = obliging,
  ): Promise<Scene> {
    const clock = new ManualClock();
    const [origin, route] = await originOf(kind, handler);
    const settings = { clock, ...options };
    const inner = http.createServer();
    const { proxy, server, port } = await stage().proxy(
      kind === 'in an app' ? settings : { routes: [route], ...settings },
      inner,
    );
    if (kind === 'in an app') {
      server.removeAllListeners('request');
      server.on('request', proxy.wrap(forward((origin as Origin).url)));
    }
    proxy.attach(server);
    const client = await WsClient.open(stage(), { port }, PATHS[kind]);
    const end = origin instanceof WsOrigin ? await origin.connection() : undefined;
    if (end !== undefined) end.answersClose = true;
    const heard = (): readonly string[] => end?.received ?? bodiesOf(origin as Origin);
    if (kind === 'SockJS') await client.sees('text o');
    const pass = async (ms: number): Promise<void> => {
      await settle(30);
      clock.advance(ms);
      await settle(30);
    };
    return { proxy, clock, client, heard, origin, port, pass };
  }

  async function originOf(
    kind: Kind,
    handler: EventsHandler,
  ): Promise<[Origin | WsOrigin, { target: object }]> {
    if (kind === 'direct') {
      const origin = await WsOrigin.listen();
      stage().onClose(() => origin.close());
      return [origin, { target: { url: origin.url } }];
    }
    const origin = await eventsOrigin(stage(), handler);
    const target = { url: origin.url, overHttp: true, subscribe: ['ch'] };
    return [origin, { target, ...(kind.endsWith('SockJS') && { sockjs: '/sockjs' }) }];
  }

  /** An app that has another server answer. */
  function forward(url: string): http.RequestListener {
    return (req, res) => {
      const request = http.request(url, { method: req.method, headers: req.headers }, (response) => {
        res.writeHead(response.statusCode ?? 0, response.rawHeaders);
        response.pipe(res);
      });
      req.pipe(request);
    };
  }

  const isPing = (word: string): boolean => word.startsWith('ping ');
  const pings = (client: WsClient): string[] => client.received.filter(isPing);
  /** Answers the last ping. */
  const answer = (client: WsClient): void => {
    const ping = client.frames.findLast(({ opcode }) => opcode === OPCODES.ping);
    client.pong(ping?.payload ?? '');
  };

  for (const kind of KINDS) {
    describe(kind, () => {
      it('is pinged after a minute of silence, and lost after another without an answer', async () => {
        const { proxy, client, heard, pass } = await start(kind);
        const ends: string[] = [];
        proxy.on('release', (hold: HoldInfo, why) => ends.push(`${hold.mode} ${why}`));
        await pass(MINUTE - 1);
        assert.deepEqual(pings(client), []);
        await pass(1);
        await eventually(() => pings(client).length === 1, 'a ping');
        await pass(MINUTE - 1);
        assert.equal(proxy.stats().sessions, 1);
        await pass(1);
        await client.sees('close 1011');
        assert.equal(await client.closed(), 'ended');
        assert.deepEqual(ends, ['websocket client']);
        assert.equal(proxy.limits().ping, 1);
        if (kind === 'direct') await eventually(() => proxy.stats().sessions === 0, 'no session');
        else await eventually(() => heard().at(-1) === 'DISCONNECT\r\n', 'a DISCONNECT');
      });

      it('that answers stays, and the origin does not hear of it', async () => {
        const { proxy, client, heard, pass } = await start(kind);
        const before = heard().length;
        for (let i = 1; i <= 5; i++) {
          await pass(MINUTE);
          await eventually(() => pings(client).length === i, `ping ${i}`);
          answer(client);
        }
        await settle(30);
        assert.equal(proxy.stats().sessions, 1);
        assert.equal(heard().length, before);
        assert.equal(proxy.limits().ping, 0);
      });

      it('that sends anything by itself is not pinged', async () => {
        const { client, pass } = await start(kind);
        for (let i = 0; i < 4; i++) {
          if (kind === 'SockJS' || i % 2 === 1) client.text('["x"]');
          else client.frame(OPCODES.pong, 'unasked');
          await pass(MINUTE);
        }
        assert.deepEqual(pings(client), []);
      });

      it('is not pinged where pingInterval is 0', async () => {
        const { proxy, client, pass } = await start(kind, { pingInterval: 0 });
        await pass(100 * MINUTE);
        assert.deepEqual(pings(client), []);
        assert.equal(proxy.stats().sessions, 1);
      });
    });
  }

  for (const kind of ['over HTTP', 'direct'] as const) {
    it(`is passed on with its answers to pings of others, ${kind}`, async () => {
      const { client, heard, pass } = await start(kind);
      await pass(MINUTE);
      await eventually(() => pings(client).length === 1, 'a ping');
      answer(client);
      client.pong('of another');
      client.pong('');
      const wanted = kind === 'direct' ? 'pong of another' : 'PONG a\r\nof another\r\n';
      await eventually(() => heard().join('').includes(wanted), 'the pong');
      await eventually(
        () => heard().join('').match(/pong/gi)?.length === 2,
        () => heard().join('|'),
      );
    });
  }

  describe('that reads slowly', () => {
    it('may take its time for what was sent before the ping', async () => {
      const { proxy, client, pass } = await start('over HTTP');
      client.pause();
      await proxy.publish('ch', { 'ws-message': 'x'.repeat(300_000) });
      // A minute until it is pinged, one for its answer, and four more for 300 kB.
      for (let i = 0; i < 5; i++) await pass(MINUTE);
      assert.equal(proxy.stats().sessions, 1);
      client.resume();
      await eventually(() => pings(client).length === 1, 'the ping');
      answer(client);
      await pass(MINUTE);
      await pass(MINUTE - 1);
      assert.equal(proxy.stats().sessions, 1);
      await pass(1);
      assert.equal(proxy.stats().sessions, 0);
    });

    it('is not lost while more waits for it than its connection holds', async () => {
      const options = { stallTimeout: 0, sessionQueueBytes: 100_000_000 };
      const { proxy, client, pass } = await start('over HTTP', options);
      client.pause();
      const item = 'x'.repeat(1_000_000);
      let count = 0;
      for (let queued = 0; queued === 0; count++) {
        ({ queued } = await proxy.publish('ch', { 'ws-message': item }));
        await settle(2);
      }
      for (let i = 0; i < 10; i++) await pass(10 * MINUTE);
      assert.equal(proxy.stats().sessions, 1);
      client.resume();
      await client.count(count);
      // To have taken something is a sign of life.
      await pass(MINUTE);
      assert.equal(proxy.stats().sessions, 1);
    });
  });

  it('is not lost while it is not read, since its origin is slow', async () => {
    let slow: ServerResponse | undefined;
    const { proxy, clock, client, origin, pass } = await start(
      'over HTTP',
      { responseTimeout: 0, eventsTimeout: 0 },
      (text) => {
        if (text === 'OPEN\r\n' || slow !== undefined) return obliging(text);
        return undefined;
      },
    );
    client.text('first');
    ({ res: slow } = await (origin as Origin).completeRequest(1));
    for (let i = 0; i < 100; i++) client.text('.'.repeat(65_536));
    await client.stalled();
    for (let i = 0; i < 10; i++) await pass(MINUTE);
    assert.equal(proxy.stats().sessions, 1);
    answerEvents(slow, '');
    clock.advance(MINUTE);
    await eventually(() => client.socket.writableLength === 0, 'all is read');
    assert.equal(proxy.stats().sessions, 1);
  });

  it('is not asked for more when it has sent a Close', async () => {
    const { client, origin, pass } = await start('over HTTP', { pingInterval: 1000 }, (text) =>
      text === 'OPEN\r\n' ? text : undefined,
    );
    client.close(1000, 'bye');
    const { res } = await (origin as Origin).completeRequest(1);
    for (let i = 0; i < 29; i++) await pass(1000);
    assert.deepEqual(client.received, []);
    await pass(1000);
    await client.sees('close 1000');
    answerEvents(res, '');
  });

  it('answers two proxies in a row, each its own', async () => {
    const inner = await start('over HTTP');
    const clock = new ManualClock();
    const outer = await stage().proxy({ clock, target: `http://127.0.0.1:${inner.port}` });
    outer.proxy.attach(outer.server);
    const client = await WsClient.open(stage(), outer);
    for (let i = 1; i <= 3; i++) {
      clock.advance(MINUTE);
      await eventually(() => pings(client).length === 2 * i - 1, 'the ping of the outer one');
      answer(client);
      await inner.pass(MINUTE);
      await eventually(() => pings(client).length === 2 * i, 'the ping of the inner one');
      answer(client);
      answer(inner.client);
    }
    assert.equal(inner.proxy.stats().sessions, 2);
    assert.equal(outer.proxy.stats().sessions, 1);
    assert.deepEqual(inner.heard(), ['OPEN\r\n', 'OPEN\r\n']);
  });
});
