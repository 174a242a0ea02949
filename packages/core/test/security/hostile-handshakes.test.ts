import assert from 'node:assert/strict';
import http from 'node:http';
import type { RouteOptions } from '@p-8/core';
import { eventsOrigin } from '../../../../test/support/events-origin.js';
import type { HttpReply } from '../../../../test/support/http-reply.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { type Stage, useStage } from '../../../../test/support/stage.js';
import { HANDSHAKE } from '../../../../test/support/ws-client.js';
import { WsOrigin } from '../../../../test/support/ws-origin.js';
import { TlsGate } from '../support/tls-gate.js';

/** What an origin got of a handshake. */
interface Seen {
  readonly headers: http.IncomingHttpHeaders;
}

/** One way of a WebSocket to its origin. */
interface Way {
  readonly name: string;
  readonly route: Omit<RouteOptions, 'target'>;
  readonly overHttp: boolean;
  readonly path: string;
}

const SOCKJS = '/sockjs/000/session/websocket';

const WAYS: readonly Way[] = [
  { name: 'through a tunnel', route: { grip: false }, overHttp: false, path: '/ws' },
  { name: 'to an origin that speaks WebSocket', route: {}, overHttp: false, path: '/ws' },
  { name: 'over HTTP', route: {}, overHttp: true, path: '/ws' },
  { name: 'of SockJS', route: { sockjs: '/sockjs' }, overHttp: false, path: SOCKJS },
  { name: 'of SockJS over HTTP', route: { sockjs: '/sockjs' }, overHttp: true, path: SOCKJS },
];

/** Fields that mean something to who makes a request, or that cannot be sent. */
const FIELDS: readonly string[] = [
  'Expect: anything',
  'Expect: 100-continue',
  'Expect:',
  'Trailer: X-A',
  'TE: trailers',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Content-Length: 0',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Connection: Sec-WebSocket-Key',
  'Connection: host, upgrade, expect',
  'Upgrade: h2c',
  'Upgrade: ',
  'HTTP2-Settings: AAMAAABkAAQAAP__',
  'Host: b',
  ': no name',
  'X-Bytes: \x80\xff',
  'X-Control: \x01',
  'X-Return: a\rb',
  'Sec-WebSocket-Protocol: \x7f',
  'Sec-WebSocket-Extensions: ;;,"',
  'Cookie: \x80=\xff',
  '__proto__: a',
  'constructor: a',
  'hasOwnProperty: a',
];

const TARGETS: readonly string[] = [
  '/ws#fragment',
  '/ws?\x80\xff',
  '/ws?%00%zz',
  '/ws?{|}"<>^`\\',
  '/ws?\x7f',
  '//evil.test/ws',
  'http://a/ws',
  'http://a',
  'ws://a/ws',
  'http://[::1/ws',
  '*',
  'ws',
];

const LINES: readonly string[] = [
  'POST /ws HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'CONNECT a:80 HTTP/1.1',
  'PRI * HTTP/2.0',
  'GET /ws HTTP/2.0',
  'GET /ws HTTP/1.0',
  'M-SEARCH /ws HTTP/1.1',
];

describe('threat 21: a handshake that cannot be passed on', () => {
  const stage = useStage();

  /** The first target cannot be reached, so that what is sent must be fit to be sent twice. */
  async function start(way: Way, isLenient: boolean): Promise<{ server: ProxyServer; seen: Seen[] }> {
    const { url, seen } = await origin(way, stage());
    const gate = await TlsGate.start(stage());
    gate.shut();
    const target = [
      { url: gate.url, insecure: true, overHttp: way.overHttp },
      { url, overHttp: way.overHttp, host: 'second.test' },
    ];
    const listening = http.createServer({ insecureHTTPParser: isLenient });
    const server = await stage().proxy({ routes: [{ ...way.route, target }] }, listening);
    server.proxy.attach(server.server);
    return { server, seen };
  }

  for (const way of WAYS) {
    for (const isLenient of [false, true]) {
      it(`${way.name}${isLenient ? ', where Node is told to be lenient,' : ''} is answered, and harms no other`, async () => {
        const { server, seen } = await start(way, isLenient);
        for (const head of heads(way.path)) {
          const client = await stage().client(server);
          client.write(head);
          await answered(client, head);
          client.destroy();
        }
        for (const { headers } of seen) {
          assert.equal(headers.expect, undefined);
          assert.equal(headers.trailer, undefined);
          assert.equal(headers.host, 'second.test');
        }
        const before = seen.length;
        const fine = await stage().client(server);
        fine.write(`GET ${way.path} HTTP/1.1\r\nHost: a\r\n${HANDSHAKE.join('\r\n')}\r\n\r\n`);
        await answered(fine, 'a handshake as it should be');
        assert.equal(fine.replies[0]?.status, 101, fine.text);
        assert.equal(seen.length > before, true);
      });
    }
  }
});

async function origin(way: Way, stage: Stage): Promise<{ url: string; seen: Seen[] }> {
  if (way.overHttp) {
    const events = await eventsOrigin(stage);
    return { url: events.url, seen: events.requests as Seen[] };
  }
  const seen: Seen[] = [];
  const direct = await WsOrigin.listen((handshake) => {
    seen.push(handshake.request);
    handshake.accept();
  });
  stage.onClose(() => direct.close());
  return { url: direct.url, seen };
}

function heads(path: string): string[] {
  const head = (line: string, fields: readonly string[] = []): string =>
    `${[line, 'Host: a', ...HANDSHAKE, ...fields].join('\r\n')}\r\n\r\n`;
  return [
    ...FIELDS.map((field) => head(`GET ${path} HTTP/1.1`, [field])),
    ...TARGETS.map((target) => head(`GET ${target} HTTP/1.1`)),
    ...LINES.map((line) => head(line.replace('/ws', path))),
  ];
}

/** A response has come whole, or the connection was closed without one. */
async function answered(client: RawClient, what: string): Promise<void> {
  const isDone = (): boolean =>
    client.replies.some((reply: HttpReply) => reply.status === 101 || reply.complete);
  while (!isDone() && client.ending === undefined) {
    await new Promise((resolve) => client.socket.once('data', resolve).once('close', resolve));
  }
  assert(isDone(), `an answer to ${JSON.stringify(what)}`);
}
