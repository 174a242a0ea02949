import assert from 'node:assert/strict';
import { once } from 'node:events';
import { settle } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const KB = 1024;
const XHR_PRELUDE = `${'h'.repeat(2 * KB)}\n`;

const PAGE = `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent._jp.abc;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`;

/** How the streams differ. */
const STREAMS = [
  {
    name: 'xhr streaming',
    line: 'POST /echo/0/s/xhr_streaming',
    type: 'application/javascript; charset=UTF-8',
    prelude: XHR_PRELUDE,
    frame: (text: string) => `${text}\n`,
  },
  {
    name: 'eventsource',
    line: 'GET /echo/0/s/eventsource',
    type: 'text/event-stream',
    prelude: '\r\n',
    frame: (text: string) => `data: ${text}\r\n\r\n`,
  },
  {
    name: 'htmlfile',
    line: 'GET /echo/0/s/htmlfile?c=_jp.abc',
    type: 'text/html; charset=UTF-8',
    prelude: `${PAGE.padEnd(KB)}\r\n\r\n`,
    frame: (text: string) => `<script>\np(${JSON.stringify(text)});\n</script>\r\n`,
  },
];

for (const { name, line, type, prelude, frame } of STREAMS) {
  describe(`SockJS by ${name}`, () => {
    const stage = useSockJsStage();

    async function body(client: RawClient, ...frames: readonly string[]): Promise<void> {
      const expected = prelude + frames.map(frame).join('');
      const reply = await client.bodyWith(expected);
      assert.equal(reply.body.toString(), expected);
    }

    it('brings the open frame, and messages as they come', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      assert.equal(await stage().post('/echo/0/s/xhr_send', '["x"]'), '204 ');
      await body(client, 'o', 'a["x"]');
      assert.equal(await stage().post('/echo/0/s/xhr_send', '["  \\u0000\\n\\r "]'), '204 ');
      await body(client, 'o', 'a["x"]', 'a["  \\u0000\\n\\r "]');
    });

    it('sends fields by which no one keeps it, holds it back or takes it for something else', async () => {
      const client = await stage().start(line, ['Origin: test', 'Cookie: JSESSIONID=1']);
      const reply = await client.head();
      assert.equal(reply.status, 200);
      assert.equal(field(reply, 'content-type'), type);
      assert.equal(
        field(reply, 'cache-control'),
        'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      );
      assert.equal(field(reply, 'x-content-type-options'), 'nosniff');
      assert.equal(field(reply, 'access-control-allow-origin'), 'test');
      assert.equal(field(reply, 'transfer-encoding'), 'chunked');
      assert.equal(field(reply, 'content-length'), undefined);
      assert.equal(field(reply, 'set-cookie'), undefined);
    });

    it('shows the beginning at once when the session is open already', async () => {
      await stage().post('/echo/0/s/xhr');
      const client = await stage().start(line);
      assert.equal((await client.bodyWith(prelude)).body.toString(), prelude);
    });

    it('is ended after 128 KiB, and the session goes on in another', async () => {
      const first = await stage().start(line);
      await body(first, 'o');
      const origin = await stage().origin();
      const message = 'x'.repeat(64 * KB);
      origin.send(message);
      await body(first, 'o', `a["${message}"]`);
      origin.send(message);
      assert.equal(
        (await first.reply()).body.toString(),
        prelude + ['o', `a["${message}"]`, `a["${message}"]`].map(frame).join(''),
      );
      origin.send('between');
      const second = await stage().start(line);
      await body(second, 'a["between"]');
    });

    it('sends a heartbeat every 25 seconds', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      stage().clock.advance(25_000);
      await body(client, 'o', 'h');
      stage().clock.advance(25_000);
      await body(client, 'o', 'h', 'h');
    });

    it('lets only one request wait', async () => {
      const first = await stage().start(line);
      await body(first, 'o');
      const second = await stage().ask(line);
      assert.equal(second.body.toString(), prelude + frame('c[2010,"Another connection still open"]'));
      (await stage().origin()).send('still here');
      await body(first, 'o', 'a["still here"]');
    });

    it('ends with the close of the origin, which is told for 5 seconds', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      const origin = await stage().origin();
      origin.send('last');
      origin.close(3000, 'Go away!');
      const frames = ['o', 'a["last"]', 'c[3000,"Go away!"]'];
      assert.equal((await client.reply()).body.toString(), prelude + frames.map(frame).join(''));
      assert.deepEqual(origin.heard, ['close 3000 Go away!']);
      const late = await stage().ask(line);
      assert.equal(late.body.toString(), prelude + frame('c[3000,"Go away!"]'));
      stage().clock.advance(5000);
      assert.equal(stage().endpoint.size, 0);
      assert.equal(stage().timers.size, 0);
    });

    it('is taken for the close of the client when it goes away', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      client.destroy();
      await (await stage().origin()).hears('close undefined');
      const late = await stage().ask(line);
      assert.equal(late.body.toString(), prelude + frame('c[1002,"Connection interrupted"]'));
    });

    it('ends without a close when the origin breaks off, and no new session takes its place', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      (await stage().origin()).client.abort();
      assert.equal((await client.reply()).body.toString(), prelude + frame('o'));
      assert.equal((await stage().ask(line)).status, 410);
      assert.equal(stage().origins.length, 1);
    });

    it('is refused when the origin breaks off before it has let the client in', async () => {
      stage().behaviour = 'wait';
      const client = await stage().start(line);
      (await stage().origin()).client.abort();
      assert.equal((await client.reply()).status, 410);
      assert.equal((await stage().ask(line)).status, 410);
    });

    it('ends with a close when the proxy ends', async () => {
      const client = await stage().start(line);
      await body(client, 'o');
      stage().endpoint.close();
      const reply = await client.reply();
      assert.equal(reply.body.toString(), prelude + frame('o') + frame('c[1012,"Service restart"]'));
      assert.equal(stage().timers.size, 0);
    });

    it('is refused with the answer of the origin', async () => {
      stage().behaviour = ({ client }) =>
        client.reject(401, '', ['Content-Type', 'text/plain'], Buffer.from('who?'));
      const reply = await stage().ask(line);
      assert.equal(`${reply.status} ${reply.reason} ${reply.body}`, '401 Unauthorized who?');
    });

    it('is refused too when the origin gives another answer than to a WebSocket', async () => {
      stage().behaviour = ({ client }) => client.reject(200, 'OK', [], Buffer.from('open\n'));
      const reply = await stage().ask(line);
      assert.equal(`${reply.status} ${reply.body}`, '502 The origin did not answer as a WebSocket.\n');
      assert.equal(stage().endpoint.size, 0);
    });

    it('works with HTTP/1.0, until the connection ends', async () => {
      const client = await stage().start(`${line} HTTP/1.0`);
      await client.bodyWith(frame('o'));
      assert.equal(field(await client.head(), 'transfer-encoding'), undefined);
      (await stage().origin()).close(3000, 'Go away!');
      await client.closed();
      const expected = prelude + frame('o') + frame('c[3000,"Go away!"]');
      assert.equal(client.replies[0]?.body.toString(), expected);
    });

    it('waits its turn behind other requests of its connection', async () => {
      await stage().post('/echo/0/other/xhr');
      const client = await stage().start('POST /echo/0/other/xhr');
      await once(stage().server, 'request');
      client.request(line);
      const origin = await stage().origin(1);
      await settle();
      origin.send('x');
      assert.equal(client.receivedBytes, 0);
      (await stage().origin()).send('first');
      await client.reply();
      const reply = await client.bodyWith(frame('a["x"]'), 1);
      assert.equal(reply.body.toString(), prelude + frame('o') + frame('a["x"]'));
    });
  });
}

describe('a SockJS event stream', () => {
  const stage = useSockJsStage();

  it('encodes percent signs, since clients decode its events as URIs', async () => {
    const client = await stage().start('GET /echo/0/s/eventsource');
    await client.bodyWith('data: o');
    (await stage().origin()).send('100% %41 %zz');
    await client.bodyWith('data: a["100%25 %2541 %25zz"]\r\n\r\n');
  });
});

describe('a SockJS session', () => {
  const stage = useSockJsStage();

  it('may be fetched by one transport after the other', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.send('1');
    assert.equal(await stage().get('/echo/0/s/jsonp?c=f'), '200 /**/f("a[\\"1\\"]");\r\n');
    origin.send('2');
    const client = await stage().start('GET /echo/0/s/eventsource');
    await client.bodyWith('data: a["2"]');
  });
});
