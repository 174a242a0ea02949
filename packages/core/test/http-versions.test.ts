import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { GripProxy, type GripProxyOptions, type Logger, silentLogger } from '@p-8/core';
import { useStage } from '../../../test/support/stage.js';
import { HANDSHAKE } from '../../../test/support/ws-client.js';

/** The ways of mounting, each as a listener of requests. */
const MOUNTS: [name: string, isRemote: boolean, mount: (proxy: GripProxy) => RequestListener][] = [
  ['a proxy of a target', true, (proxy) => (req, res) => proxy.handle(req, res)],
  ['a proxy of a target before an app', true, (proxy) => proxy.wrap(app)],
  ['a proxy of the app itself', false, (proxy) => proxy.wrap(app)],
  ['a proxy that an app mounts', false, (proxy) => (req, res) => proxy.handle(req, res, () => app(req, res))],
];

function app(_req: http.IncomingMessage, res: http.ServerResponse): void {
  res.end('app');
}

describe('a request of another version than HTTP/1', () => {
  const stage = useStage();

  for (const [name, isRemote, mount] of MOUNTS) {
    describe(`to ${name}`, () => {
      let warnings: string[];
      let asked: () => number;
      let proxy: GripProxy;

      beforeEach(async () => {
        warnings = [];
        const warn: Logger['warn'] = (_fields, message) => warnings.push(message);
        const options: GripProxyOptions = { logger: { ...silentLogger, warn } };
        const origin = await stage().origin((res) => res.end('origin'));
        asked = () => origin.requests.length;
        proxy = new GripProxy(isRemote ? { ...options, target: origin.url } : options);
        stage().onClose(() => proxy.close());
      });

      async function listen(server: http.Server | http2.Http2Server): Promise<{ port: number }> {
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        stage().onClose(() => server.close());
        return server.address() as AddressInfo;
      }

      for (const version of ['2.0', '0.9']) {
        it(`that says HTTP/${version} is answered 505, and the connection closed`, async () => {
          const server = http.createServer(mount(proxy));
          proxy.attach(server);
          const client = await stage().client(await listen(server));
          client.request(`GET / HTTP/${version}`);
          assert.equal(await client.closed(), 'ended');
          const [reply] = client.replies;
          assert.equal(
            `${reply?.status} ${reply?.body}`,
            `505 HTTP version not supported: ${version}. Use HTTP/1.1.\n`,
          );
          assert.equal(asked(), 0);
        });
      }

      for (const [version, status] of [
        ['2.0', 505],
        ['1.0', 400],
      ] as const) {
        it(`for a WebSocket in HTTP/${version} is answered ${status}`, async () => {
          const server = http.createServer(mount(proxy));
          proxy.attach(server);
          const client = await stage().client(await listen(server));
          client.request(`GET /ws HTTP/${version}`, HANDSHAKE);
          assert.equal((await client.reply()).status, status);
          await client.closed();
          assert.equal(asked(), 0);
        });
      }

      it('for a connection in HTTP/2 is answered 505', async () => {
        const server = http2.createServer(mount(proxy) as never);
        proxy.attach(server as never);
        const { port } = await listen(server);
        const session = http2.connect(`http://127.0.0.1:${port}`);
        stage().onClose(() => session.close());
        const stream = session.request({ ':method': 'CONNECT', ':authority': 'a:443' });
        const [headers] = await once(stream, 'response');
        assert.equal(headers[':status'], 505);
        stream.close();
      });

      it('in HTTP/2 is answered 505, and the log says so once', async () => {
        const server = http2.createServer(mount(proxy) as never);
        const { port } = await listen(server);
        const session = http2.connect(`http://127.0.0.1:${port}`);
        stage().onClose(() => session.close());
        for (const method of ['GET', 'POST']) {
          const stream = session.request({ ':method': method, ':path': '/' });
          stream.end(method === 'POST' ? 'body' : undefined);
          const [headers] = await once(stream, 'response');
          let body = '';
          for await (const chunk of stream) body += chunk;
          assert.equal(headers[':status'], 505);
          assert.equal(headers['content-type'], 'text/plain');
          assert.equal(body, 'HTTP version not supported: 2.0. Use HTTP/1.1.\n');
        }
        assert.deepEqual(warnings, ['HTTP/2 is not supported yet: its requests are refused']);
        assert.equal(asked(), 0);
      });
    });
  }
});
