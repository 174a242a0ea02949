import assert from 'node:assert/strict';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';
import type { WebSocketBench } from './support/web-socket-bench.js';

describe('an app that is the origin of its own WebSockets', () => {
  const stage = useStage();

  type App = (req: IncomingMessage, res: ServerResponse, body: string) => void;

  async function serve(app: App): Promise<Awaited<ReturnType<typeof mount>>> {
    return await mount((req, res) => {
      let body = '';
      req.setEncoding('latin1');
      req.on('data', (chunk: string) => {
        body += chunk;
      });
      req.on('end', () => app(req, res, body));
    });
  }

  /** A proxy that is mounted in an app. */
  async function mount(
    listener: http.RequestListener,
  ): Promise<{ readonly port: number; readonly proxy: WebSocketBench['proxy'] }> {
    const inner = http.createServer();
    const { proxy, server, port } = await stage().proxy({}, inner);
    server.removeAllListeners('request');
    server.on('request', proxy.wrap(listener));
    proxy.attach(server);
    return { port, proxy };
  }

  it('asks the app what to do with each message', async () => {
    const bodies: string[] = [];
    const server = await serve((req, res, body) => {
      bodies.push(`${req.method} ${req.url} ${req.headers['content-type']} ${body}`);
      res.setHeader('Content-Type', 'application/websocket-events');
      res.end(body, 'latin1');
    });
    const client = await WsClient.open(stage(), server, '/chat?room=1');
    client.text('hello');
    assert.equal(await client.next(), 'text hello');
    client.close(1000, 'bye');
    assert.equal(await client.next(), 'close 1000 bye');
    assert.deepEqual(bodies, [
      'POST /chat?room=1 application/websocket-events OPEN\r\n',
      'POST /chat?room=1 application/websocket-events TEXT 5\r\nhello\r\n',
      'POST /chat?room=1 application/websocket-events CLOSE 5\r\n\x03\xe8bye\r\n',
    ]);
  });

  it('gives the app the client’s address and fields, and a signature', async () => {
    const seen: IncomingMessage[] = [];
    const server = await serve((req, res) => {
      seen.push(req);
      res.writeHead(200, { 'Content-Type': 'application/websocket-events' }).end('OPEN\r\n');
    });
    await WsClient.open(stage(), server, '/', ['Cookie: a=b', 'Grip-Sig: forged', 'Grip-Last: forged']);
    const [req] = seen;
    assert.equal(req?.socket.remoteAddress, '127.0.0.1');
    assert.equal(req?.headers.cookie, 'a=b');
    assert.match(String(req?.headers['grip-sig']), /^ey.*\..*\./);
    assert.equal(req?.headers['grip-last'], undefined);
    assert.equal(req?.headers['sec-websocket-extensions'], 'grip');
    assert.match(String(req?.headers['connection-id']), /^[0-9a-f-]{36}$/);
  });

  it('relays an app that does not want a WebSocket', async () => {
    const server = await serve((_req, res) => res.writeHead(404, { 'Content-Type': 'text/plain' }).end('no'));
    const reply = await (await WsClient.ask(stage(), server)).raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '404 no');
  });

  it('answers 502 when the app gives no answer', async () => {
    const server = await serve((_req, res) => res.destroy());
    assert.equal((await (await WsClient.ask(stage(), server)).raw.reply()).status, 502);
  });

  it('publishes to clients of the app', async () => {
    const server = await serve((_req, res, body) => {
      res.writeHead(200, {
        'Content-Type': 'application/websocket-events',
        'Sec-WebSocket-Extensions': 'grip',
      });
      const control = 'c:{"type":"subscribe","channel":"news"}';
      res.end(body === 'OPEN\r\n' ? `OPEN\r\nTEXT ${control.length.toString(16)}\r\n${control}\r\n` : '');
    });
    const client = await WsClient.open(stage(), server);
    await server.proxy.publish('news', { 'ws-message': 'hello' });
    assert.equal(await client.next(), 'text hello');
  });

  it('says what is missing where the server is not known', async () => {
    const { proxy } = await stage().proxy({ debug: true });
    const plain = http.createServer().on('upgrade', (req, socket, head) => {
      Object.defineProperty(req.socket, 'server', { value: undefined });
      proxy.upgrade(req, socket, head);
    });
    plain.listen(0, '127.0.0.1');
    await new Promise((resolve) => plain.once('listening', resolve));
    stage().onClose(() => plain.close());
    const { port } = plain.address() as { port: number };
    const reply = await (await WsClient.ask(stage(), { port })).raw.reply();
    assert.equal(reply.status, 502);
    assert.match(String(reply.body), /call attach\(server\)/);
  });
});
