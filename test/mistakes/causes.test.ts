import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { GripProxyOptions, Logger, RouteOptions } from '@p-8/core';
import { P8Server } from 'p-8';
import { WebSocket } from 'ws';
import { IN_PROCESS, listen, REMOTE } from './support/ways.js';

const KEYS = new URL('../support/apps/', import.meta.url);
const PLAIN = 'Error while proxying to origin.\n';

interface Front {
  readonly port: number;
  readonly log: readonly string[];
}

type Start = (route: RouteOptions, options?: GripProxyOptions, listener?: RequestListener) => Promise<Front>;

describe('the cause of a 502', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function keep<T extends http.Server | https.Server>(server: T): T {
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return server;
  }

  function notes(): { log: string[]; logger: Logger } {
    const log: string[] = [];
    const note = (fields: object, message: string): unknown =>
      log.push(`${message} ${JSON.stringify(fields)}`);
    return { log, logger: { error: note, warn: note, info: note, debug: () => {} } };
  }

  const fronts: Record<string, Start> = {
    'p-8': async (route, options = {}) => {
      const { log, logger } = notes();
      const server = new P8Server({
        routes: [route],
        proxy: options,
        logger,
        control: false,
        listen: [{ port: 0, host: '0.0.0.0' }],
      });
      closing.push(() => server.close());
      await server.start();
      return { port: Number(new URL(server.urls[0] ?? '').port), log };
    },
  };
  for (const [name, mount] of Object.entries(REMOTE)) {
    fronts[name] = async (route, options = {}) => {
      const { log, logger } = notes();
      const { grip, listener } = mount(
        { logger, ...options, routes: [route] },
        (_req, res) => void res.end(),
      );
      closing.push(() => grip.close());
      const server = keep(http.createServer(listener).listen(0));
      await once(server, 'listening');
      grip.attach(server);
      return { port: (server.address() as AddressInfo).port, log };
    };
  }

  async function ask(
    { port }: Front,
    headers: Readonly<Record<string, string>> = {},
    hostname = '127.0.0.1',
  ): Promise<string> {
    const req = http.get({ hostname, port, headers, agent: false });
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    assert.equal(res.statusCode, 502);
    return Buffer.concat(await res.toArray()).toString();
  }

  async function knock(
    { port }: Front,
    path = '/chat',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('error', () => {});
    const [, res] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    const body = Buffer.concat(await res.toArray()).toString();
    socket.terminate();
    assert.equal(res.statusCode, 502);
    return body;
  }

  /** A port where nobody listens. */
  async function deadTarget(): Promise<string> {
    const server = await listen(() => {});
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return `127.0.0.1:${port}`;
  }

  for (const [name, start] of Object.entries(fronts)) {
    describe(`by ${name}`, () => {
      it('is told to clients on this machine, and logged: a target refuses', async () => {
        const target = await deadTarget();
        const front = await start({ target: `http://${target}` });
        assert.equal(await ask(front), `${PLAIN}${target}: refused, nothing listens there\n`);
        assert.match(front.log.join('\n'), new RegExp(`request failed .*${target}: refused`));
      });

      it('names all targets', async () => {
        const targets = [await deadTarget(), 'nowhere.invalid:80'];
        const front = await start({ target: targets.map((target) => `http://${target}`) });
        const [, text = ''] = (await ask(front)).split('\n');
        assert.ok(text.startsWith(`${targets[0]}: refused, nothing listens there; nowhere.invalid`), text);
        assert.match(text, /nowhere\.invalid.*: name not found/);
      });

      it('is a certificate', async () => {
        const [key, cert] = ['localhost.key', 'localhost.crt'].map((file) =>
          readFileSync(new URL(file, KEYS)),
        );
        const origin = keep(https.createServer({ key, cert }, (_req, res) => res.end()).listen(0));
        await once(origin, 'listening');
        const { port } = origin.address() as AddressInfo;
        const front = await start({ target: `https://localhost:${port}` });
        assert.match(await ask(front), new RegExp(`^.*\nlocalhost:${port}: certificate: .+\n$`));
        assert.match(front.log.join('\n'), /certificate/);
      });

      it('is a server without TLS', async () => {
        const origin = keep(await listen((_req, res) => void res.end()));
        const { port } = origin.address() as AddressInfo;
        const front = await start({ target: `https://127.0.0.1:${port}` });
        assert.match(await ask(front), /no TLS there/);
      });

      it('is an origin that closes the connection', async () => {
        const origin = keep(await listen((req) => void req.socket.destroy()));
        const { port } = origin.address() as AddressInfo;
        const front = await start({ target: `http://127.0.0.1:${port}` });
        assert.match(await ask(front), new RegExp(`127.0.0.1:${port}: the origin has closed the connection`));
      });

      it('is a broken instruct, with what it says', async () => {
        const origin = keep(
          await listen((_req, res) => void res.setHeader('Grip-Hold', 'streem').end('hello')),
        );
        const { port } = origin.address() as AddressInfo;
        const front = await start({ target: `http://127.0.0.1:${port}` });
        assert.match(await ask(front), /must be set to either .*\(Grip-Hold: streem\)\n$/);
        assert.match(front.log.join('\n'), /Grip-Hold: streem/);
      });

      for (const [kind, route] of Object.entries({
        'over HTTP': (url: string): RouteOptions => ({ target: { url, overHttp: true } }),
        'spoken with the origin': (url: string): RouteOptions => ({ target: { url } }),
        'passed byte by byte': (url: string): RouteOptions => ({ target: { url }, grip: false }),
      })) {
        it(`is told to clients of WebSockets, ${kind}`, async () => {
          const target = await deadTarget();
          const front = await start(route(`http://${target}`));
          assert.equal(await knock(front), `${PLAIN}${target}: refused, nothing listens there\n`);
          assert.equal(await knock(front, '/', { 'X-Forwarded-For': '10.0.0.1' }), PLAIN);
          assert.match(front.log.join('\n'), new RegExp(`failed .*${target}: refused`));
        });
      }

      it('is told to clients of SockJS by WebSocket', async () => {
        const target = await deadTarget();
        const front = await start({ target: { url: `http://${target}`, overHttp: true }, sockjs: '/sock' });
        assert.match(await knock(front, '/sock/websocket'), /refused, nothing listens there/);
        assert.equal(await knock(front, '/sock/websocket', { Via: '1.1 nginx' }), PLAIN);
      });

      for (const headers of [
        { 'X-Forwarded-For': '10.0.0.1' },
        { Forwarded: 'for=10.0.0.1' },
        { Via: '1.1 nginx' },
        { 'X-Real-IP': '10.0.0.1' },
        { 'X-Forwarded-Proto': 'https' },
        { Host: 'www.example.com' },
        { 'Sec-Fetch-Site': 'cross-site' },
      ]) {
        it(`is not told to who comes with ${JSON.stringify(headers)}`, async () => {
          const front = await start({ target: `http://${await deadTarget()}` });
          assert.equal(await ask(front, headers), PLAIN);
        });
      }

      it('is not told to clients that are elsewhere', async function () {
        const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
        const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
        if (own === undefined) this.skip();
        const front = await start({ target: `http://${await deadTarget()}` });
        assert.equal(await ask(front, { Host: 'localhost' }, own.address), PLAIN);
      });

      it('is not told where that is turned off, and as ever in debug mode', async () => {
        const target = await deadTarget();
        const route = { target: `http://${target}` };
        assert.equal(await ask(await start(route, { warnings: false })), PLAIN);
        const text = await ask(await start({ ...route, debug: true }));
        assert.equal(text, `Unable to connect to any targets. Tried: ${target}\n`);
      });

      it('is not told in production', async () => {
        const { NODE_ENV: before } = process.env;
        process.env.NODE_ENV = 'production';
        try {
          const front = await start({ target: `http://${await deadTarget()}` }, { sigKey: 'secret' });
          assert.equal(await ask(front), PLAIN);
        } finally {
          if (before === undefined) delete process.env.NODE_ENV;
          else process.env.NODE_ENV = before;
        }
      });
    });
  }

  for (const [name, mount] of Object.entries(IN_PROCESS)) {
    it(`is told of an app's broken instruct, ${name}`, async () => {
      const { grip, listener } = mount(
        {},
        (_req, res) => void res.setHeader('Grip-Hold', 'streem').end('hello'),
      );
      closing.push(() => grip.close());
      const { port } = keep(await listen(listener)).address() as AddressInfo;
      assert.match(await ask({ port, log: [] }), /\(Grip-Hold: streem\)\n$/);
      assert.equal(await ask({ port, log: [] }, { Forwarded: 'for=10.0.0.1' }), PLAIN);
    });
  }
});
