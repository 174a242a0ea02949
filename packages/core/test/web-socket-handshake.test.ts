import assert from 'node:assert/strict';
import { answerEvents, events } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field, fieldValues, type HttpReply } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { ACCEPT, HANDSHAKE } from '../../../test/support/ws-client.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

describe('a WebSocket handshake', () => {
  const stage = useStage();

  it('is answered with 101 and the key that belongs to the client’s', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const reply = await (await bench.open()).opened();
    assert.equal(reply.reason, 'Switching Protocols');
    assert.deepEqual(reply.fields.slice(0, 3), [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', ACCEPT],
    ]);
  });

  it('need not have a key that is one', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const raw = await stage().client(bench.server);
    const fields = HANDSHAKE.map((line) => line.replace(/^(Sec-WebSocket-Key): .*/, '$1: abcde'));
    raw.request('GET /ws', fields);
    const head = '\r\nSec-WebSocket-Accept: 8m4i+0BpIKblsbf+VgYANfQKX4w=\r\n';
    await eventually(
      () => raw.text.includes(head),
      () => raw.text,
    );
  });

  it('gives the client the fields of the origin, and none that are for the proxy', async () => {
    const bench = await WebSocketBench.overHttp(stage(), () => ({
      fields: [
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        'Sec-WebSocket-Protocol: chat',
        'X-Own: yes',
        'X-Hop: no',
        'Connection: X-Hop',
        'Set-Meta-User: alice',
        'Keep-Alive-Interval: 30',
        'Content-Bytes-Accepted: 0',
        'Sec-WebSocket-Extensions: grip',
        'Sec-WebSocket-Extensions: permessage-deflate',
        'Sec-WebSocket-Accept: wrong',
        'Upgrade: h2c',
      ],
      body: 'OPEN\r\n',
    }));
    const reply = await (await bench.open()).opened();
    const date = field(reply, 'date') ?? '';
    assert.deepEqual(reply.fields.slice(3), [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Sec-WebSocket-Protocol', 'chat'],
      ['X-Own', 'yes'],
      ...(date === '' ? [] : [['Date', date]]),
    ]);
    assert.deepEqual(fieldValues(reply, 'sec-websocket-accept'), [ACCEPT]);
  });

  it('chooses no subprotocol by itself', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open('/ws', ['Sec-WebSocket-Protocol: chat, superchat']);
    assert.equal(field(await client.opened(), 'sec-websocket-protocol'), undefined);
    assert.equal(bench.origin.requests[0]?.headers['sec-websocket-protocol'], 'chat, superchat');
  });

  it('is accepted where the type of the events has a charset', async () => {
    const type = 'Application/WebSocket-Events; charset=utf-8';
    const bench = await WebSocketBench.overHttp(stage(), () => ({ type, body: 'OPEN\r\n' }));
    await bench.open();
  });

  describe('whose client leaves', () => {
    it('before the origin has accepted is followed by DISCONNECT', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? undefined : ''));
      const client = await bench.ask();
      const { res } = await bench.origin.completeRequest();
      client.destroy();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      assert.deepEqual(asked(bench), ['OPEN\r\n']);
      answerEvents(res, 'OPEN\r\n');
      await bench.origin.completeRequest(1);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'DISCONNECT\r\n']);
    });

    it('half, before the origin has accepted, is followed by DISCONNECT', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? undefined : ''));
      const client = await bench.ask();
      const { res } = await bench.origin.completeRequest();
      client.socket.end();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      answerEvents(res, 'OPEN\r\n');
      await bench.origin.completeRequest(1);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'DISCONNECT\r\n']);
    });

    it('before the origin has refused ends there', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => undefined);
      const client = await bench.ask();
      const { res } = await bench.origin.completeRequest();
      client.destroy();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      answerEvents(res, { status: 403, type: null });
      await eventually(() => bench.server.held === 0, 'nothing held');
      assert.deepEqual(asked(bench), ['OPEN\r\n']);
    });

    it('before an origin that fails is followed by DISCONNECT: the origin may have let it in', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? undefined : ''));
      const client = await bench.ask();
      const { res } = await bench.origin.completeRequest();
      client.destroy();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      res.destroy();
      await bench.origin.completeRequest(1);
      await eventually(() => bench.server.held === 0, 'nothing held');
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'DISCONNECT\r\n']);
    });
  });

  it('lets a client send before it is accepted', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? undefined : ''));
    const client = await bench.ask();
    client.text('early');
    client.text('bird');
    const { res } = await bench.origin.completeRequest();
    await settle();
    answerEvents(res, 'OPEN\r\n');
    await client.opened();
    client.text('later');
    await eventually(() => asked(bench).join('').includes('later'), 'all messages');
    assert.equal(
      asked(bench).join(''),
      `OPEN\r\n${events(['TEXT', 'early'], ['TEXT', 'bird'], ['TEXT', 'later'])}`,
    );
  });

  it('lets a client send along with its handshake, in one piece', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const raw = await stage().client(bench.server);
    const head = ['GET /ws HTTP/1.1', 'Host: a', ...HANDSHAKE].join('\r\n');
    raw.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from('8182000000006869', 'hex')]));
    await bench.origin.completeRequest(1);
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 2\r\nhi\r\n']);
  });

  it('gives the client messages that come with the acceptance, after the 101', async () => {
    const bench = await WebSocketBench.overHttp(stage(), () =>
      events(['OPEN'], ['TEXT', 'hello'], ['BINARY', '\x01'], ['PING', 'p'], ['CLOSE']),
    );
    const client = await bench.open();
    assert.equal(await client.next(), 'text hello');
    assert.equal(await client.next(), 'binary 01');
    assert.equal(await client.next(), 'ping p');
    assert.equal(await client.next(), 'close 1000');
  });

  it('can come over a connection that has carried requests', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (_text, { method }) =>
      method === 'GET' ? { type: 'text/plain', body: 'plain' } : 'OPEN\r\n',
    );
    const raw = await stage().client(bench.server);
    raw.request('GET /plain');
    await raw.reply();
    raw.request('GET /ws', HANDSHAKE);
    await eventually(
      () => raw.text.includes('HTTP/1.1 101 '),
      () => raw.text,
    );
  });

  it('does not disturb others that come at the same time', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (_text, { url }) =>
      url.endsWith('/bad') ? { status: 403, type: null } : 'OPEN\r\n',
    );
    const asking = Array.from({ length: 20 }, (_, i) => bench.ask(i % 2 === 0 ? `/${i}` : `/${i}/bad`));
    const clients = await Promise.all(asking);
    const replies: HttpReply[] = await Promise.all(
      clients.map((client, i) => (i % 2 === 0 ? client.opened() : client.raw.reply())),
    );
    assert.deepEqual(
      replies.map(({ status }) => status),
      replies.map((_, i) => (i % 2 === 0 ? 101 : 403)),
    );
  });
});
