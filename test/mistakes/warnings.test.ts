import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GripProxyOptions, type Logger, requestGrip } from '@p-8/core';
import { WebSocket } from 'ws';
import { NotedWarnings } from './support/noted-warnings.js';
import { IN_PROCESS, listen, type Mounted, REMOTE } from './support/ways.js';

describe('a mistake', () => {
  const closing: (() => unknown)[] = [];
  let warnings: NotedWarnings;

  beforeEach(() => {
    warnings = new NotedWarnings();
  });
  afterEach(async () => {
    warnings.stop();
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function serve(listener: RequestListener): Promise<Server> {
    const server = await listen(listener);
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return server;
  }

  function keep(mounted: Mounted): Mounted {
    closing.push(() => mounted.grip.close());
    return mounted;
  }

  function urlOf(server: Server): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Asks, and leaves as soon as the head of the response is there. */
  async function ask(server: Server, path = '/', init: RequestInit = {}): Promise<Response> {
    const leaving = new AbortController();
    closing.push(() => leaving.abort());
    return fetch(urlOf(server) + path, { ...init, signal: leaving.signal });
  }

  /** The status that a WebSocket is refused with; 101: it is let in. */
  async function knock(server: Server, path = '/chat'): Promise<number> {
    const socket = new WebSocket(urlOf(server).replace('http', 'ws') + path);
    closing.push(() => socket.terminate());
    socket.on('error', () => {});
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => (response as IncomingMessage).statusCode ?? 0,
    );
    return Promise.race([refused, once(socket, 'open').then(() => 101)]);
  }

  function answering(fields: Readonly<Record<string, string>>, body = '[open]\n'): RequestListener {
    return (_req, res) => void res.writeHead(200, fields).end(body);
  }

  /** Every way, with an app or an origin that answers by `handler`. */
  const ways: readonly (readonly [
    name: string,
    mount: (options: GripProxyOptions, handler: RequestListener) => Promise<Mounted>,
  ])[] = [
    ...Object.entries(IN_PROCESS).map(
      ([name, mount]) =>
        [
          name,
          async (options: GripProxyOptions, handler: RequestListener) => mount(options, handler),
        ] as const,
    ),
    ...Object.entries(REMOTE).map(
      ([name, mount]) =>
        [
          name,
          async (options: GripProxyOptions, handler: RequestListener) => {
            const url = urlOf(await serve(handler));
            return mount({ target: { url, overHttp: true }, ...options }, (_req, res) => void res.end());
          },
        ] as const,
    ),
  ];

  for (const [name, mountWay] of ways) {
    describe(`of an app that is mounted by ${name}`, () => {
      async function start(
        handler: RequestListener,
        { attached = false, options = {} }: { attached?: boolean; options?: GripProxyOptions } = {},
      ): Promise<{ mounted: Mounted; server: Server }> {
        const mounted = keep(await mountWay(options, handler));
        const server = await serve(mounted.listener);
        if (attached) mounted.grip.attach(server);
        return { mounted, server };
      }

      it('is told when a WebSocket comes and the proxy is not attached, once', async () => {
        const { server, mounted } = await start((_req, res) => void res.writeHead(404).end());
        await knock(server);
        await knock(server);
        const [text = '', ...others] = await warnings.all();
        assert.match(text, /^P8_NO_ATTACH .*\/chat.*grip\.attach\(server\)/);
        assert.deepEqual(others, []);
        mounted.grip.attach(server);
        await knock(server);
        assert.deepEqual((await warnings.codes()).slice(1), ['P8_NO_HANDLER']);
      });

      it('is told when a hold has no channel', async () => {
        const { server } = await start(answering({ 'Grip-Hold': 'stream' }));
        await ask(server);
        await ask(server);
        assert.deepEqual(await warnings.codes(), ['P8_NO_CHANNEL']);
        assert.match((await warnings.all())[0] ?? '', /Grip-Channel/);
      });

      it('is told when a filter does not exist, each once', async () => {
        const channel = 'a; filter=skip-slef, b; filter=skip-self; filter=nope, c; filter=nope';
        const { server } = await start(answering({ 'Grip-Hold': 'stream', 'Grip-Channel': channel }));
        await ask(server);
        assert.deepEqual(await warnings.codes(), ['P8_UNKNOWN_FILTER', 'P8_UNKNOWN_FILTER']);
        assert.match((await warnings.all()).join(), /'skip-slef'.*skip-self.*'nope'/);
      });

      it('is told when a hold has more channels than are allowed', async () => {
        const channels = Array.from({ length: 25 }, (_, i) => `ch-${i}`).join(', ');
        const { server, mounted } = await start(
          answering({ 'Grip-Hold': 'stream', 'Grip-Channel': channels }),
        );
        await ask(server);
        assert.equal(mounted.grip.holds()[0]?.channels.length, 20);
        const [text = '', ...others] = await warnings.all();
        assert.match(text, /^P8_TOO_MANY_CHANNELS .*'ch-20'.*first 20: set subscriptionsPerConnection/);
        assert.deepEqual(others, []);
      });

      it('is told when a WebSocket has more channels than are allowed', async () => {
        const opening: RequestListener = (_req, res) => {
          const events = Array.from({ length: 25 }, (_, i) => {
            const text = `c:{"type":"subscribe","channel":"ch-${i}"}`;
            return `TEXT ${text.length.toString(16)}\r\n${text}\r\n`;
          });
          res.setHeader('Content-Type', 'application/websocket-events');
          res.setHeader('Sec-WebSocket-Extensions', 'grip');
          res.end(`OPEN\r\n${events.join('')}`);
        };
        const { server } = await start(opening, { attached: true });
        assert.equal(await knock(server), 101);
        assert.match((await warnings.all()).join(), /^P8_TOO_MANY_CHANNELS .*'ch-20'/);
      });

      it('is told when an item has no format for the clients that there are', async () => {
        const { server, mounted } = await start(answering({ 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' }));
        await ask(server);
        await mounted.grip.publish('elsewhere', { 'ws-message': 'hello' });
        await mounted.grip.publish('ch', { 'ws-message': 'hello', 'http-stream': 'hello\n' });
        assert.deepEqual(await warnings.codes(), []);
        await mounted.grip.publish('ch', { 'ws-message': 'hello', 'http-response': 'hello' });
        assert.deepEqual(await warnings.codes(), ['P8_NO_CLIENTS_OF_FORMAT']);
        assert.match((await warnings.all())[0] ?? '', /'ch'.*streams.*http-stream/);
      });

      for (const [what, handler] of Object.entries<RequestListener>({
        'answers with other content': (_req, res) => void res.end('hello'),
        'answers with no events': (_req, res) =>
          void res.setHeader('Content-Type', 'application/websocket-events').end(),
        'sends before it accepts': (_req, res) =>
          void res.setHeader('Content-Type', 'application/websocket-events').end('TEXT 5\r\nhello\r\n'),
      })) {
        it(`is told when accept() has been forgotten: the handler ${what}`, async () => {
          const { server } = await start(handler, { attached: true });
          assert.notEqual(await knock(server), 101);
          assert.deepEqual(await warnings.codes(), ['P8_NOT_ACCEPTED']);
          assert.match((await warnings.all())[0] ?? '', /accept\(\)/);
        });
      }

      it('is told when nobody handles the requests of WebSockets', async () => {
        const { server } = await start((_req, res) => void res.writeHead(405).end(), { attached: true });
        assert.equal(await knock(server), 405);
        assert.match((await warnings.all())[0] ?? '', /^P8_NO_HANDLER .*POST \/chat/);
      });

      it('is no refusal of a WebSocket on purpose', async () => {
        const { server } = await start((_req, res) => void res.writeHead(403).end(), { attached: true });
        assert.equal(await knock(server), 403);
        assert.deepEqual(await warnings.all(), []);
      });

      it('is told when another GRIP proxy is in front that is not trusted', async () => {
        const { server } = await start(answering({}));
        await ask(server, '/', { headers: { 'Grip-Sig': 'of another' } });
        assert.deepEqual(await warnings.codes(), ['P8_TWO_PROXIES']);
        assert.match((await warnings.all())[0] ?? '', /upstreamKey/);
      });

      it('is told when another GRIP proxy is in front that has another key', async () => {
        const { server } = await start(answering({}), { options: { upstreamKey: 'secret' } });
        await ask(server, '/', { headers: { 'Grip-Sig': 'of another' } });
        assert.match((await warnings.all()).join(), /^P8_TWO_PROXIES .*not signed with upstreamKey/);
      });

      it('is told to the logger where there is one, also in production, and not by the process', async () => {
        const log: string[] = [];
        const note = (fields: object, message: string): unknown =>
          log.push(`${(fields as { code?: string }).code} ${message}`);
        const logger: Logger = { error: note, warn: note, info: () => {}, debug: () => {} };
        const { server } = await inProduction(() =>
          start(answering({ 'Grip-Hold': 'stream' }), { options: { logger } }),
        );
        await ask(server);
        await ask(server);
        assert.equal(log.length, 1);
        assert.match(log[0] ?? '', /^P8_NO_CHANNEL /);
        assert.deepEqual(await warnings.all(), []);
      });

      it('is not told in production, unless asked for, nor where that is turned off', async () => {
        const handler = answering({ 'Grip-Hold': 'stream' });
        const { server } = await inProduction(() => start(handler));
        await ask(server);
        await ask((await start(handler, { options: { warnings: false } })).server);
        assert.deepEqual(await warnings.all(), []);
        const asked = await inProduction(() => start(handler, { options: { warnings: true } }));
        await ask(asked.server);
        assert.deepEqual(await warnings.codes(), ['P8_NO_CHANNEL']);
      });
    });
  }

  for (const [name, mount] of Object.entries(IN_PROCESS)) {
    it(`is told when a handler before the proxy wants to hold, ${name}`, async () => {
      const held = answering({ 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      const { listener } = keep(mount({}, held));
      const server = await serve((req, res) => (req.url === '/early' ? held(req, res) : listener(req, res)));
      await ask(server, '/in-time');
      assert.deepEqual(await warnings.all(), []);
      await ask(server, '/early');
      await ask(server, '/early');
      const [text = '', ...others] = await warnings.all();
      assert.match(text, /^P8_MOUNTED_LATE GET \/early: .*before the handler/);
      assert.deepEqual(others, []);
    });

    it(`is no early handler whose client comes by another GRIP proxy, ${name}`, async () => {
      const held: RequestListener = (_req, res) => {
        res.setHeader('Grip-Hold', 'stream');
        res.end();
      };
      keep(mount({}, held));
      await ask(await serve(held), '/', { headers: { 'Grip-Sig': 'of another' } });
      assert.deepEqual(await warnings.all(), []);
    });

    it(`is told when two proxies are mounted in one app, ${name}`, async () => {
      const inner = keep(mount({}, answering({ 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' })));
      const outer = keep(mount({}, inner.listener));
      await ask(await serve(outer.listener));
      assert.equal(outer.grip.holds().length, 1);
      assert.deepEqual(await warnings.codes(), ['P8_TWO_PROXIES']);
    });

    it(`is no proxy that is mounted and wrapped, ${name}`, async () => {
      const { grip, listener } = keep(
        mount({}, (req, res) => void res.end(String(requestGrip(req)?.isProxied))),
      );
      const reply = await ask(await serve(grip.proxy.wrap(listener)));
      assert.equal(await reply.text(), 'true');
      assert.deepEqual(await warnings.all(), []);
    });

    it(`is no proxy for other servers behind or before one for the app, ${name}`, async () => {
      const target = urlOf(await serve(answering({})));
      const other = { routes: [{ pathPrefix: '/there', target }] };
      const app = answering({ 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      const before = keep(mount(other, keep(mount({}, app)).listener));
      const behind = keep(mount({}, keep(mount(other, app)).listener));
      for (const { listener } of [before, behind]) {
        const server = await serve(listener);
        await ask(server, '/here');
        await ask(server, '/there');
      }
      assert.deepEqual(await warnings.all(), []);
    });
  }

  for (const [name, mount] of Object.entries(REMOTE)) {
    it(`is told when an app behind a proxy for others wants to hold, ${name}`, async () => {
      const routes = [
        {
          pathPrefix: '/there',
          target: urlOf(await serve(answering({ 'Grip-Hold': 'stream' }))),
          grip: false,
        },
      ];
      const { listener } = keep(
        mount({ routes }, answering({ 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' })),
      );
      const server = await serve(listener);
      await ask(server, '/there');
      assert.deepEqual(await warnings.all(), []);
      await ask(server, '/here');
      assert.match((await warnings.all()).join(), /^P8_NO_PROXY GET \/here: /);
    });

    it(`is told when a WebSocket is refused since its target lacks overHttp, ${name}`, async () => {
      const target = urlOf(await serve((_req, res) => void res.writeHead(404).end()));
      const { grip, listener } = keep(mount({ target }, (_req, res) => void res.end()));
      const server = await serve(listener);
      grip.attach(server);
      assert.equal(await knock(server), 404);
      assert.match((await warnings.all()).join(), /^P8_NO_OVER_HTTP .*127\.0\.0\.1:\d+.*overHttp.*over_http/);
    });
  }

  /** Runs `run` as in production. */
  async function inProduction<T>(run: () => Promise<T>): Promise<T> {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      return await run();
    } finally {
      if (before === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = before;
    }
  }
});
