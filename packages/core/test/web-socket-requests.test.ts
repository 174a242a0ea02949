import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { answerEvents, closeEvent, event } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { SeenRequest } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { KEY } from '../../../test/support/ws-client.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

/** The fields of a request, `[name, value]`. */
function fieldsOf({ rawHeaders }: SeenRequest): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return fields;
}

/** What the signature says. */
function claimsOf({ headers }: SeenRequest): { readonly iss: string; readonly exp: number } {
  const [, claims = ''] = String(headers['grip-sig']).split('.');
  return JSON.parse(String(Buffer.from(claims, 'base64url')));
}

describe('the requests of a WebSocket over HTTP', () => {
  const stage = useStage();

  it('carry the fields of the handshake, and those of the proxy', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    await bench.open('/a/b?c=d', [
      'Cookie: a=b',
      'Authorization: Basic eA==',
      'Origin: http://page.test',
      'Sec-WebSocket-Protocol: chat',
      'X-Own: \xe9',
    ]);
    const request = await bench.origin.completeRequest();
    assert.equal(`${request.method} ${request.url}`, 'POST /a/b?c=d');
    const id = request.headers['connection-id'] ?? '';
    assert.match(String(id), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const fields = fieldsOf(request).filter(
      ([name]) => !/^(host|connection|content-length|cdn-loop)$/i.test(name),
    );
    assert.deepEqual(fields, [
      ['Sec-WebSocket-Key', KEY],
      ['Sec-WebSocket-Version', '13'],
      ['Cookie', 'a=b'],
      ['Authorization', 'Basic eA=='],
      ['Origin', 'http://page.test'],
      ['Sec-WebSocket-Protocol', 'chat'],
      ['X-Own', '\xe9'],
      ['Sec-WebSocket-Extensions', 'grip'],
      ['Grip-Sig', String(request.headers['grip-sig'])],
      ['Grip-Feature', String(request.headers['grip-feature'])],
      ['Accept', 'application/websocket-events'],
      ['Connection-Id', String(id)],
      ['Content-Type', 'application/websocket-events'],
    ]);
    assert.equal(request.headers.host, 'example.com');
    assert.equal(request.headers['content-length'], '6');
    assert.equal(String(request.body), 'OPEN\r\n');
  });

  it('do not carry what the client must not say, nor what is for one hop only', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    await bench.open('/ws', [
      'Accept: text/html',
      'Accept-Encoding: gzip',
      'Content-Type: text/plain',
      'Content-Length: 0',
      'Expect: 100-continue',
      'TE: trailers',
      'Keep-Alive: 1',
      'Connection: X-Hop',
      'X-Hop: x',
      'Meta-User: forged',
      'META-User: forged',
      'Meta_User: forged',
      'Connection-Id: forged',
      'Connection_Id: forged',
      'Content-Bytes-Replayed: 5',
      'Grip-Sig: forged',
      'Grip_Sig: forged',
      'Grip-Feature: forged',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'Sec-WebSocket-Extensions: grip; message-prefix=x',
    ]);
    const request = await bench.origin.completeRequest();
    const names = fieldsOf(request).map(([name]) => name.toLowerCase());
    assert.deepEqual(
      names.filter((name) => name !== 'connection' && name !== 'cdn-loop'),
      [
        'host',
        'sec-websocket-key',
        'sec-websocket-version',
        'sec-websocket-extensions',
        'grip-sig',
        'grip-feature',
        'accept',
        'connection-id',
        'content-type',
        'content-length',
      ],
    );
    assert.doesNotMatch(fieldsOf(request).join('\n'), /forged|deflate|prefix|text\//);
  });

  it('go where the route says', async () => {
    const bench = await WebSocketBench.overHttp(stage(), undefined, {
      route: {
        pathPrefix: '/a',
        pathRemove: 2,
        pathPrepend: '/new',
        asHost: 'origin.test',
        headers: [
          ['X-Route', 'yes'],
          ['Cookie', ''],
        ],
      },
    });
    await bench.open('/a/b?/a/', ['Cookie: a=b']);
    const request = await bench.origin.completeRequest();
    assert.equal(request.url, '/new/b?/a/');
    assert.equal(request.headers.host, 'origin.test');
    assert.equal(request.headers['x-route'], 'yes');
    assert.equal(request.headers.cookie, undefined);
  });

  it('of one client have one Connection-Id, and a fresh signature each', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open();
    const second = await bench.open();
    await bench.pass(100_000);
    client.text('a');
    await bench.origin.completeRequest(2);
    const [first, other, later] = bench.origin.requests;
    assert(first && other && later);
    assert.equal(later.headers['connection-id'], first.headers['connection-id']);
    assert.notEqual(other.headers['connection-id'], first.headers['connection-id']);
    assert.equal(claimsOf(first).iss, 'pushpin');
    assert.equal(claimsOf(later).exp - claimsOf(first).exp, 100);
    second.destroy();
  });

  it('are not signed where there is no key, nor where the route takes no part in GRIP', async () => {
    for (const options of [{ proxy: { sigKey: '' } }, { route: { grip: false } }]) {
      const bench = await WebSocketBench.overHttp(stage(), undefined, options);
      await bench.open();
      const { headers } = await bench.origin.completeRequest();
      assert.equal(headers['grip-sig'], undefined);
      assert.equal(headers['sec-websocket-extensions'], 'route' in options ? undefined : 'grip');
    }
  });

  it('carry the events as they should be written', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open();
    const long = 'x'.repeat(26);
    const messages: [send: () => void, body: string][] = [
      [() => client.text(''), 'TEXT\r\n'],
      [() => client.binary(''), 'BINARY\r\n'],
      [() => client.binary('\x00\x01'), 'BINARY 2\r\n\x00\x01\r\n'],
      [() => client.text(long), `TEXT 1a\r\n${long}\r\n`],
      [() => client.text('\r\n'), 'TEXT 2\r\n\r\n\r\n'],
      [() => client.text('é'), 'TEXT 2\r\n\xc3\xa9\r\n'],
      [() => client.ping(''), 'PING\r\n'],
      [() => client.ping('ab'), 'PING 2\r\nab\r\n'],
      [() => client.pong(''), 'PONG\r\n'],
      [() => client.pong('ab'), 'PONG 2\r\nab\r\n'],
    ];
    for (const [index, [send, body]] of messages.entries()) {
      send();
      const request = await bench.origin.completeRequest(index + 1);
      assert.equal(request.body.toString('latin1'), body);
      assert.equal(request.headers['content-length'], String(body.length));
      // Its answer has to be in before the next one is sent.
      await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    }
  });

  const closes: [what: string, close: [code?: number, reason?: string], body: string][] = [
    ['with a code', [1000], 'CLOSE 2\r\n\x03\xe8\r\n'],
    ['with a code and a reason', [1001, 'bye'], 'CLOSE 5\r\n\x03\xe9bye\r\n'],
    ['without a code', [], 'CLOSE\r\n'],
    ['with a code of its own', [4999, 'é'], 'CLOSE 4\r\n\x13\x87\xc3\xa9\r\n'],
  ];
  for (const [what, [code, reason], body] of closes) {
    it(`carry the client’s Close ${what}`, async () => {
      const bench = await WebSocketBench.overHttp(stage());
      const client = await bench.open();
      client.close(code, reason);
      await client.closed();
      assert.deepEqual(asked(bench), ['OPEN\r\n', body]);
      assert.equal(
        await client.next(),
        code === undefined ? 'close 1000' : `close ${code} ${reason ?? ''}`.trim(),
      );
    });
  }

  it('carry fragments as one message, whatever comes between them', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open();
    client.frame(OPCODES.text, 'hello', { fin: false });
    client.frame(OPCODES.ping, 'p');
    await bench.origin.completeRequest(1);
    client.frame(OPCODES.continuation, '', { fin: false });
    client.frame(OPCODES.continuation, ' wor', { fin: false });
    client.frame(OPCODES.continuation, 'ld');
    await bench.origin.completeRequest(2);
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'PING 1\r\np\r\n', 'TEXT b\r\nhello world\r\n']);
  });

  it('go one at a time; what comes meanwhile goes together in the next', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : undefined));
    const client = await bench.open();
    client.text('1');
    const { res } = await bench.origin.completeRequest(1);
    client.text('2');
    client.binary('3');
    client.ping('4');
    client.close(1000);
    await settle(40);
    assert.equal(bench.origin.requests.length, 2);
    answerEvents(res, '');
    const { body, res: last } = await bench.origin.completeRequest(2);
    assert.equal(
      body.toString('latin1'),
      'TEXT 1\r\n2\r\nBINARY 1\r\n3\r\nPING 1\r\n4\r\nCLOSE 2\r\n\x03\xe8\r\n',
    );
    answerEvents(last, closeEvent(1000));
    await client.closed();
    assert.equal(bench.origin.requests.length, 3);
  });

  it('carry one event each where the target wants that', async () => {
    const bench = await WebSocketBench.overHttp(stage(), undefined, { target: { oneEvent: true } });
    const client = await bench.open();
    client.text('1');
    client.text('');
    client.text('3');
    client.close(1001);
    await client.closed();
    assert.deepEqual(asked(bench), [
      'OPEN\r\n',
      'TEXT 1\r\n1\r\n',
      'TEXT\r\n',
      'TEXT 1\r\n3\r\n',
      'CLOSE 2\r\n\x03\xe9\r\n',
    ]);
  });

  it('carry no message once there are 200 kB in one', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : undefined));
    const client = await bench.open();
    client.text('first');
    const { res } = await bench.origin.completeRequest(1);
    const message = 'x'.repeat(70_000);
    for (let i = 0; i < 4; i++) client.text(message);
    await settle(200);
    answerEvents(res, '');
    const { body, res: next } = await bench.origin.completeRequest(2);
    const { length } = event('TEXT', message);
    assert.equal(body.length, 3 * length);
    answerEvents(next, '');
    const last = await bench.origin.completeRequest(3);
    assert.equal(last.body.length, length);
    answerEvents(last.res, '');
  });

  it('carry a message of 1 MB, and bring one', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => Buffer.from(text, 'latin1'));
    const client = await bench.open();
    const content = randomBytes(1_048_576);
    client.binary(content);
    const [message] = await client.count(1);
    assert.equal(message?.type, 'binary');
    assert(message?.content.equals(content));
    const sizes = client.frames.map(({ payload }) => payload.length);
    assert.deepEqual(new Set(sizes), new Set([16_384]));
  });

  it('keep the order of many messages', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => Buffer.from(text, 'latin1'));
    const client = await bench.open();
    const sent = Array.from({ length: 2000 }, (_, i) => `text ${i}`);
    for (const message of sent) client.text(message.slice(5));
    await client.count(sent.length);
    assert.deepEqual(client.received, sent);
    assert(bench.origin.requests.length < 100, `${bench.origin.requests.length} requests`);
  });
});
