import assert from 'node:assert/strict';
import http from 'node:http';
import type { Socket } from 'node:net';
import type { GripProxyOptions } from '@p-8/core';
import { answerEvents, bodyOf, obliging } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { HANDSHAKE, WsClient } from '../../../test/support/ws-client.js';
import { WsOrigin } from '../../../test/support/ws-origin.js';

describe('a connection that is held', () => {
  const stage = useStage();

  /** What each connection of a server is told about probes. */
  function watch(server: http.Server): unknown[][] {
    const calls: unknown[][] = [];
    server.on('connection', (socket: Socket) => {
      const { setKeepAlive } = socket;
      socket.setKeepAlive = (...args) => {
        calls.push(args);
        return setKeepAlive.apply(socket, args);
      };
    });
    return calls;
  }

  const handler: OriginHandler = (res, request) => {
    const { url = '' } = res.req;
    if (url.startsWith('/stream')) hold(res, 'stream', 'ch', { body: '[' });
    else if (url.startsWith('/poll')) hold(res, 'response', 'ch');
    else if (res.req.method !== 'POST') respond(res, { body: 'plain' });
    else if (request.complete) answerEvents(res, obliging(bodyOf(request)));
    else res.req.on('end', () => answerEvents(res, obliging(bodyOf(request))));
  };

  async function open(
    where: 'target' | 'app',
    options: http.ServerOptions = {},
  ): Promise<{ client: RawClient; calls: unknown[][]; held: () => Promise<void> }> {
    const inner = http.createServer(options);
    const calls = watch(inner);
    const { url } = await stage().origin(handler);
    const settings: GripProxyOptions = where === 'app' ? {} : { target: { url, overHttp: true } };
    const server = await stage().proxy({ sockjs: '/sockjs', ...settings }, inner);
    const { proxy } = server;
    if (where === 'app') {
      inner.removeAllListeners('request');
      inner.on('request', proxy.wrap(relay(url)));
    }
    proxy.attach(inner);
    const client = await stage().client(server);
    const held = (): Promise<void> => eventually(() => proxy.holds().length === 1, 'it is held');
    return { client, calls, held };
  }

  function relay(url: string): http.RequestListener {
    return (req, res) => {
      const { method, headers } = req;
      const request = http.request(new URL(req.url ?? '', url), { method, headers }, (response) => {
        res.writeHead(response.statusCode ?? 0, response.rawHeaders);
        response.pipe(res);
      });
      req.pipe(request);
    };
  }

  const holds: [what: string, ask: (client: RawClient) => void][] = [
    ['for a stream', (client) => client.request('GET /stream')],
    ['for a long-poll', (client) => client.request('GET /poll')],
    ['for a WebSocket', (client) => client.request('GET /ws', HANDSHAKE)],
    ['for SockJS streaming', (client) => client.request('POST /sockjs/000/s/xhr_streaming')],
    ['for SockJS in a WebSocket', (client) => client.request('GET /sockjs/000/s/websocket', HANDSHAKE)],
  ];
  for (const where of ['target', 'app'] as const) {
    for (const [what, ask] of holds) {
      it(`${what} is probed after a minute of silence (${where})`, async () => {
        const { client, calls, held } = await open(where);
        ask(client);
        await held();
        assert.deepEqual(calls, [[true, 60_000]]);
      });
    }
  }

  it('for a tunnel is probed after a minute of silence', async () => {
    const origin = await WsOrigin.listen();
    stage().onClose(() => origin.close());
    const inner = http.createServer();
    const calls = watch(inner);
    const server = await stage().proxy({ routes: [{ grip: false, target: origin.url }] }, inner);
    server.proxy.attach(inner);
    await WsClient.open(stage(), server);
    assert.deepEqual(calls, [[true, 60_000]]);
  });

  it('is probed as the server has said, where it has', async () => {
    const { client, calls, held } = await open('app', { keepAlive: true, keepAliveInitialDelay: 5000 });
    client.request('GET /stream');
    await held();
    assert.deepEqual(calls, []);
  });

  it('is probed as the proxy has it, where the server leaves it to the system, which waits for hours', async () => {
    const { client, calls, held } = await open('app', { keepAlive: true });
    client.request('GET /stream');
    await held();
    assert.deepEqual(calls, [[true, 60_000]]);
  });

  it('is the only kind that is probed', async () => {
    const { client, calls } = await open('target');
    client.request('GET /plain');
    await client.reply();
    assert.deepEqual(calls, []);
  });
});
