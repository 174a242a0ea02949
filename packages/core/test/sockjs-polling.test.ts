import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { useSockJsStage } from './support/sockjs-stage.js';

describe('SockJS by xhr polling', () => {
  const stage = useSockJsStage();

  it('opens a session, takes messages, and brings them back', async () => {
    assert.equal(await stage().post('/echo/000/s/xhr'), '200 o\n');
    assert.equal(await stage().post('/echo/000/s/xhr_send', '["a"]'), '204 ');
    assert.equal(await stage().post('/echo/000/s/xhr'), '200 a["a"]\n');
    assert.deepEqual((await stage().origin()).heard.slice(0, 1), ['text a']);
  });

  it('knows a session by its second segment alone', async () => {
    assert.equal(await stage().post('/echo/000/s/xhr'), '200 o\n');
    assert.equal(await stage().post('/echo/111/s/xhr_send', '["a"]'), '204 ');
    assert.equal(await stage().post('/echo/999/s/xhr'), '200 a["a"]\n');
    assert.equal(stage().origins.length, 1);
  });

  for (const path of ['/a/a', '/_/_', '/1/2', '/abcdefgh_i-j%20/abcdefg_i-j%20']) {
    it(`lets a client name its session ${path}`, async () => {
      assert.equal(await stage().post(`/echo${path}/xhr`), '200 o\n');
    });
  }

  it('answers with fields by which any page may read it, and nobody keeps it', async () => {
    const poll = await stage().ask('POST /echo/0/s/xhr', ['Origin: test']);
    const send = await stage().ask('POST /echo/0/s/xhr_send', ['Origin: test'], '["x"]');
    assert.equal(field(poll, 'content-type'), 'application/javascript; charset=UTF-8');
    assert.equal(field(send, 'content-type'), 'text/plain; charset=UTF-8');
    for (const reply of [poll, send]) {
      assert.equal(field(reply, 'access-control-allow-origin'), 'test');
      assert.equal(field(reply, 'access-control-allow-credentials'), 'true');
      assert.equal(
        field(reply, 'cache-control'),
        'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      );
      assert.equal(field(reply, 'x-content-type-options'), 'nosniff');
    }
  });

  it('sets no cookie, whatever the client has', async () => {
    const reply = await stage().ask('POST /echo/0/s/xhr', ['Cookie: JSESSIONID=abcdef; other=1']);
    assert.equal(field(reply, 'set-cookie'), undefined);
  });

  it('opens a session by a request that says that its body is empty', async () => {
    assert.equal(await stage().post('/echo/0/s/xhr', '', ['Content-Length: 0']), '200 o\n');
  });

  it('does not care for the body of a poll', async () => {
    const client = await stage().start('POST /echo/0/s/xhr', [], 'x'.repeat(100_000));
    assert.equal((await client.reply()).body.toString(), 'o\n');
    client.request('POST /echo/0/s/xhr_send', [], '["a"]');
    assert.equal((await client.reply(1)).status, 204);
  });

  it('refuses what is sent to a session that is not there', async () => {
    assert.equal(await stage().post('/echo/0/unknown/xhr_send', '["a"]'), '404 Session not found\n');
  });

  it('refuses what holds no messages, and the session goes on', async () => {
    await stage().post('/echo/0/s/xhr');
    const wrong: readonly (readonly [body: string, message: string])[] = [
      ['["x', 'Broken JSON encoding.'],
      ['x', 'Broken JSON encoding.'],
      ['', 'Payload expected.'],
      ['"a"', 'Payload expected.'],
      ['{}', 'Payload expected.'],
      ['null', 'Payload expected.'],
      ['{"length":1,"0":"a"}', 'Payload expected.'],
      ['[1]', 'Payload expected.'],
      ['["a",null]', 'Payload expected.'],
      ['["a",["b"]]', 'Payload expected.'],
    ];
    for (const [body, message] of wrong) {
      assert.equal(await stage().post('/echo/0/s/xhr_send', body), `500 ${message}\n`, body);
    }
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '204 ');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a"]\n');
  });

  it('takes messages whatever their type is said to be', async () => {
    await stage().post('/echo/0/s/xhr');
    const types = [
      'text/plain',
      'T',
      'application/json',
      'application/xml',
      '',
      'application/json; charset=utf-8',
    ];
    for (const type of [...types, 'text/xml', 'application/x-www-form-urlencoded']) {
      assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]', [`Content-Type: ${type}`]), '204 ');
    }
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a","a","a","a","a","a","a","a"]\n');
  });

  it('takes a send without messages', async () => {
    await stage().post('/echo/0/s/xhr');
    assert.equal(await stage().post('/echo/0/s/xhr_send', '[]'), '204 ');
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '204 ');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a"]\n');
  });

  it('passes messages on one by one, in their order', async () => {
    await stage().post('/echo/0/s/xhr');
    await stage().post('/echo/0/s/xhr_send', '["a","b",""]');
    await stage().post('/echo/0/s/xhr_send', '["c"]');
    assert.deepEqual((await stage().origin()).heard, ['text a', 'text b', 'text ', 'text c']);
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a","b","","c"]\n');
  });

  it('holds a poll until there is something', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    await settle();
    assert.equal(poll.receivedBytes, 0);
    origin.send('now');
    assert.equal((await poll.reply()).body.toString(), 'a["now"]\n');
  });

  it('brings in one answer what came in one turn', async () => {
    await stage().post('/echo/0/s/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    const origin = await stage().origin();
    origin.send('1');
    origin.send('2');
    assert.equal((await poll.reply()).body.toString(), 'a["1","2"]\n');
  });

  it('sends a heartbeat after 25 seconds without a message', async () => {
    await stage().post('/echo/0/s/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    stage().clock.advance(24_999);
    await settle();
    assert.equal(poll.receivedBytes, 0);
    stage().clock.advance(1);
    assert.equal((await poll.reply()).body.toString(), 'h\n');
  });

  it('lets only one poll wait', async () => {
    await stage().post('/echo/0/s/xhr');
    const first = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[2010,"Another connection still open"]\n');
    (await stage().origin()).send('still here');
    assert.equal((await first.reply()).body.toString(), 'a["still here"]\n');
  });

  it('drops pings and pongs, which have no frame', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.send('x', 'ping');
    origin.send('x', 'pong');
    origin.send('text');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["text"]\n');
  });

  it('works with HTTP/1.0', async () => {
    const poll = await stage().ask('POST /echo/0/s/xhr HTTP/1.0', ['Content-Length: 0']);
    assert.equal(poll.body.toString(), 'o\n');
    assert.equal(field(poll, 'transfer-encoding'), undefined);
  });

  it('gives up a session without a poll after 5 seconds', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    stage().clock.advance(4999);
    assert.deepEqual(origin.heard, []);
    stage().clock.advance(1);
    assert.deepEqual(origin.heard, ['gone the client did not come back for messages']);
    assert.equal(origin.client.gone, true);
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '404 Session not found\n');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 o\n');
    assert.equal(stage().origins.length, 2);
  });

  it('does not give up a session while a poll waits', async () => {
    await stage().post('/echo/0/s/xhr');
    stage().clock.advance(4000);
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    stage().clock.advance(20_000);
    assert.deepEqual((await stage().origin()).heard, []);
    poll.destroy();
    await (await stage().origin()).hears('close');
  });

  it('takes a poll that goes away as the close of the client', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    poll.destroy();
    await origin.hears('close undefined');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[1002,"Connection interrupted"]\n');
    stage().clock.advance(5000);
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
    assert.deepEqual(origin.heard, ['close undefined ']);
  });

  it('keeps sessions apart', async () => {
    await Promise.all([1, 2, 3].map((n) => stage().post(`/echo/0/s${n}/xhr`)));
    await Promise.all([1, 2, 3].map((n) => stage().post(`/echo/0/s${n}/xhr_send`, `["${n}"]`)));
    const answers = await Promise.all([1, 2, 3].map((n) => stage().post(`/echo/0/s${n}/xhr`)));
    assert.deepEqual(answers, ['200 a["1"]\n', '200 a["2"]\n', '200 a["3"]\n']);
  });

  it('serves several polls of one connection in turn', async () => {
    const client = await stage().start('POST /echo/0/s/xhr');
    for (let i = 0; i < 3; i++) {
      client.request('POST /echo/0/s/xhr_send', [], `["${i}"]`);
      client.request('POST /echo/0/s/xhr');
    }
    for (let i = 0; i < 3; i++) assert.equal((await client.reply(2 + 2 * i)).body.toString(), `a["${i}"]\n`);
  });
});

describe('the origin of a SockJS session', () => {
  const stage = useSockJsStage();

  it('sees a WebSocket handshake with what the first request brought', async () => {
    const fields = [
      'Origin: https://page.example',
      'Cookie: a=1',
      'Content-Type: text/plain',
      'Connection: X-Hop',
    ];
    await stage().post('/echo/0/s/xhr?t=1', 'ignored', [...fields, 'X-Hop: 1']);
    const { request } = await stage().origin();
    assert.equal(request.method, 'GET');
    assert.equal(request.path, '/echo?t=1');
    const headers = new Map<string, string>();
    for (let i = 0; i < request.headers.length; i += 2) {
      headers.set(request.headers[i]?.toLowerCase() ?? '', request.headers[i + 1] ?? '');
    }
    assert.equal(Buffer.from(headers.get('sec-websocket-key') ?? '', 'base64').length, 16);
    headers.delete('sec-websocket-key');
    assert.deepEqual(Object.fromEntries(headers), {
      host: 'example.com',
      origin: 'https://page.example',
      cookie: 'a=1',
      'sec-websocket-version': '13',
    });
  });

  it('is asked before the client is told that the session is open', async () => {
    stage().behaviour = 'wait';
    const poll = await stage().start('POST /echo/0/s/xhr');
    const origin = await stage().origin();
    await settle();
    assert.equal(poll.receivedBytes, 0);
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[2010,"Another connection still open"]\n');
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '404 Session not found\n');
    origin.client.accept(['Set-Cookie', 'not=seen']);
    const reply = await poll.reply();
    assert.equal(reply.body.toString(), 'o\n');
    assert.equal(field(reply, 'set-cookie'), undefined);
  });

  it('may refuse the client, who sees its answer', async () => {
    stage().behaviour = ({ client }) =>
      client.reject(
        403,
        'No Way',
        ['X-Why', 'so', 'Cache-Control', 'public', 'Content-Length', '99'],
        Buffer.from('no'),
      );
    const reply = await stage().ask('POST /echo/0/s/xhr', ['Origin: test']);
    assert.equal(`${reply.status} ${reply.reason} ${reply.body}`, '403 No Way no');
    assert.equal(field(reply, 'x-why'), 'so');
    assert.equal(field(reply, 'access-control-allow-origin'), 'test');
    assert.match(field(reply, 'cache-control') ?? '', /^no-store/);
    assert.equal(field(reply, 'content-length'), '2');
    assert.equal(stage().endpoint.size, 0);
    stage().behaviour = 'echo';
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 o\n');
  });

  it('is taken to have refused when it gives another answer than to a WebSocket', async () => {
    // The client would take this for the open frame.
    stage().behaviour = ({ client }) => client.reject(200, 'OK', [], Buffer.from('ok\n'));
    assert.equal(await stage().post('/echo/0/s/xhr'), '502 The origin did not answer as a WebSocket.\n');
  });

  it('is told when the client leaves before it was let in', async () => {
    stage().behaviour = 'wait';
    const poll = await stage().start('POST /echo/0/s/xhr');
    const origin = await stage().origin();
    poll.destroy();
    await origin.hears('gone');
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
    origin.client.accept([]);
    assert.equal(stage().endpoint.size, 0);
  });

  it('may close, with messages before that; the client is told for 5 seconds', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.send('last');
    origin.close(3000, 'Go away!');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["last"]\n');
    for (let i = 0; i < 3; i++) assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[3000,"Go away!"]\n');
    assert.deepEqual(origin.heard.at(-1), 'close 3000 Go away!');
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["too late"]'), '204 ');
    assert.ok(!origin.heard.includes('text too late'));
    stage().clock.advance(5000);
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
  });

  it('may close while a poll waits', async () => {
    await stage().post('/echo/0/s/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    (await stage().origin()).close(1001, '');
    assert.equal((await poll.reply()).body.toString(), 'c[1001,"Connection closed"]\n');
  });

  it('may close while the client is letting it in', async () => {
    stage().behaviour = (origin) => {
      origin.client.accept([]);
      origin.close(3000, 'Go away!');
    };
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 o\n');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[3000,"Go away!"]\n');
  });

  it('hears that the client is lost when nobody comes for its close', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.close(3000, 'Go away!');
    await settle();
    assert.deepEqual(origin.heard, []);
    stage().clock.advance(5000);
    assert.deepEqual(origin.heard, ['gone the client did not come back for messages']);
    assert.equal(stage().endpoint.size, 0);
  });

  it('may break off: whoever waits, or comes for a while, learns that the session is gone', async () => {
    await stage().post('/echo/0/s/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    const origin = await stage().origin();
    origin.client.abort();
    assert.equal((await poll.reply()).status, 410);
    assert.equal(await stage().post('/echo/0/s/xhr'), '410 Session terminated\n');
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '410 Session terminated\n');
    assert.deepEqual(origin.heard, []);
    stage().clock.advance(5000);
    assert.equal(stage().endpoint.size, 0);
  });

  it('is told when the proxy ends, and so is the client that waits', async () => {
    await stage().post('/echo/0/s/xhr');
    await stage().post('/echo/0/idle/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    stage().behaviour = 'wait';
    const opening = await stage().start('POST /echo/0/opening/xhr');
    await stage().origin(2);
    stage().endpoint.close();
    assert.equal((await poll.reply()).body.toString(), 'c[1012,"Service restart"]\n');
    assert.equal((await opening.reply()).status, 503);
    for (const origin of stage().origins) assert.deepEqual(origin.heard, ['gone the proxy is closing']);
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
  });

  it('that throws takes nobody down', async () => {
    const boom = new Error('boom');
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.onClientMessage = () => {
      throw boom;
    };
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["a"]'), '204 ');
    await eventually(() => stage().errors.length === 1, 'an error');
    assert.deepEqual(stage().errors.splice(0), [boom]);
    stage().behaviour = () => {
      throw boom;
    };
    const client = await stage().start('POST /echo/0/other/xhr');
    await client.closed();
    assert.deepEqual(stage().errors.splice(0), [boom]);
    assert.equal(stage().endpoint.size, 1);
  });
});

describe('the path that the origin of a SockJS session sees', () => {
  const stage = useSockJsStage({ asPath: '/ws' });

  it('is the one that the route names', async () => {
    await stage().post('/echo/0/s/xhr?a=1');
    assert.equal((await stage().origin()).request.path, '/ws?a=1');
  });
});
