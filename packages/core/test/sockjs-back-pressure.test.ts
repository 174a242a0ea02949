import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const KB = 1024;

/** More than a connection keeps before it calls itself full: 16 KB, or 64 from Node 22 on. */
const TOO_MUCH = 'x'.repeat(80 * KB);

describe('a SockJS session whose origin takes no more', () => {
  const stage = useSockJsStage({ maxMessageBytes: 64 * KB });

  it('answers a send when its messages have been passed on, in their order', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.client.pause();
    const first = await stage().start('POST /echo/0/s/xhr_send', [], '["1","2"]');
    await once(stage().server, 'request');
    const second = await stage().start('POST /echo/0/s/xhr_send', [], '["3"]');
    await once(stage().server, 'request');
    await settle();
    assert.equal(first.receivedBytes + second.receivedBytes, 0);
    assert.deepEqual(origin.heard, []);
    origin.client.resume();
    assert.equal((await first.reply()).status, 204);
    assert.equal((await second.reply()).status, 204);
    assert.deepEqual(origin.heard.slice(0, 3), ['text 1', 'text 2', 'text 3']);
  });

  it('passes on no more when it stops again', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.client.pause();
    const sends = await Promise.all(
      [1, 2, 3].map((n) => stage().start('POST /echo/0/s/xhr_send', [], `["${n}"]`)),
    );
    await settle();
    const { onClientMessage } = origin;
    origin.onClientMessage = (type, content) => {
      onClientMessage.call(origin, type, content);
      origin.client.pause();
    };
    for (let taken = 1; taken <= 3; taken++) {
      origin.client.resume();
      await eventually(() => origin.heard.length === taken, `${taken} messages`);
      await settle();
      assert.equal(origin.heard.length, taken);
    }
    for (const send of sends) assert.equal((await send.reply()).status, 204);
  });

  it('holds no more than a message may have', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.client.pause();
    const large = JSON.stringify(['x'.repeat(60 * KB)]);
    const waits = await stage().start('POST /echo/0/s/xhr_send', [], large);
    await once(stage().server, 'request');
    await settle();
    assert.equal(await stage().post('/echo/0/s/xhr_send', large), '400 Already sending\n');
    origin.client.resume();
    assert.equal((await waits.reply()).status, 204);
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["more"]'), '204 ');
  });

  it('answers what still waits when it closes', async () => {
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    origin.client.pause();
    const send = await stage().start('POST /echo/0/s/xhr_send', [], '["1"]');
    await once(stage().server, 'request');
    await settle();
    origin.close(3000, 'Go away!');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 c[3000,"Go away!"]\n');
    assert.equal((await send.reply()).status, 204);
    assert.deepEqual(origin.heard, ['close 3000 Go away!']);
  });

  it('refuses a body that is larger than a message may be, whole or in chunks', async () => {
    await stage().post('/echo/0/s/xhr');
    const body = JSON.stringify(['x'.repeat(64 * KB)]);
    assert.equal(await stage().post('/echo/0/s/xhr_send', body), '413 Request too large.\n');
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const chunked = await stage().start('POST /echo/0/s/xhr_send', ['Transfer-Encoding: chunked'], chunks);
    assert.equal((await chunked.reply()).status, 413);
    chunked.request('POST /echo/0/s/xhr_send', [], '["a"]');
    assert.equal((await chunked.reply(1)).status, 204);
    assert.deepEqual((await stage().origin()).heard.slice(0, 1), ['text a']);
  });

  it('answers 408 when a client stops in the midst of a send', async () => {
    await stage().post('/echo/0/s/xhr');
    const client = await stage().start('POST /echo/0/s/xhr_send', ['Content-Length: 100']);
    await once(stage().server, 'request');
    client.write('["a"');
    await settle();
    stage().clock.advance(75_000);
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.body}`, '408 Request took too long.\n');
    assert.equal(stage().limits.counts.stalledUpload, 1);
  });

  it('does not mind a client that leaves while it sends', async () => {
    await stage().post('/echo/0/s/xhr');
    const client = await stage().start('POST /echo/0/s/xhr_send', ['Content-Length: 100']);
    await once(stage().server, 'request');
    client.write('["a"');
    client.destroy();
    assert.equal(await stage().post('/echo/0/s/xhr_send', '["b"]'), '204 ');
    assert.deepEqual((await stage().origin()).heard.slice(0, 1), ['text b']);
  });
});

describe('a SockJS client that takes no more', () => {
  const stage = useSockJsStage();

  it('is told from one that does between its polls', async () => {
    stage().behaviour = 'accept';
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    const { client } = origin;
    assert.equal(client.blocked, false);
    assert.equal(client.pendingBytes, 0);
    origin.send('x'.repeat(1000));
    assert.equal(client.blocked, true);
    assert.ok(client.pendingBytes >= 1000);
    assert.deepEqual(origin.heard, []);
    assert.match(await stage().post('/echo/0/s/xhr'), /^200 a\["x{1000}"\]\n$/);
    assert.equal(client.blocked, false);
    assert.equal(client.pendingBytes, 0);
    assert.deepEqual(origin.heard, ['drained']);
  });

  it('that waits is not one', async () => {
    stage().behaviour = 'accept';
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    origin.send('x');
    assert.equal(origin.client.blocked, false);
    await poll.reply();
    assert.deepEqual(origin.heard, []);
  });

  it('gets much in parts, so that its poll does not grow without end', async () => {
    stage().behaviour = 'accept';
    await stage().post('/echo/0/s/xhr');
    const origin = await stage().origin();
    const poll = await stage().start('POST /echo/0/s/xhr');
    await once(stage().server, 'request');
    for (let i = 0; i < 3; i++) origin.send('x'.repeat(40 * KB));
    assert.equal(origin.client.blocked, true);
    assert.ok((await poll.reply()).body.length < 90 * KB);
    assert.ok((await stage().post('/echo/0/s/xhr')).length > 40 * KB);
  });

  for (const line of ['POST /echo/0/s/xhr_streaming', 'GET /echo/0/s/eventsource']) {
    it(`holds back its stream until it goes on: ${line}`, async () => {
      stage().behaviour = 'accept';
      const connected = once(stage().server, 'connection');
      const client = await stage().start(line);
      const [connection] = await connected;
      await client.bodyWith('o');
      const origin = await stage().origin();
      // What is written stays in the process, as it does when the client reads nothing.
      connection.cork();
      origin.send(TOO_MUCH);
      await eventually(() => origin.client.blocked, 'a client that is slow');
      assert.equal(origin.client.pendingBytes, 0);
      origin.send('second');
      origin.send('third');
      await settle();
      assert.equal(origin.client.pendingBytes, 'second'.length + 'third'.length + 2 * '"",'.length);
      // It gets no heartbeats on top.
      stage().clock.advance(25_000);
      assert.deepEqual(origin.heard, []);
      connection.uncork();
      const reply = await client.bodyWith('a["second","third"]');
      assert.doesNotMatch(reply.body.toString(), /\nh\n|data: h/);
      assert.deepEqual(origin.heard, ['drained']);
      assert.equal(origin.client.blocked, false);
      assert.equal(origin.client.pendingBytes, 0);
    });

    it(`is cut when it takes nothing for too long, though nothing waits besides: ${line}`, async () => {
      stage().behaviour = 'accept';
      const connected = once(stage().server, 'connection');
      const client = await stage().start(line);
      const [connection] = await connected;
      await client.bodyWith('o');
      const origin = await stage().origin();
      connection.cork();
      origin.send(TOO_MUCH);
      await eventually(() => origin.client.blocked, 'a client that is slow');
      stage().clock.advance(75_000);
      await client.closed();
      await origin.hears('close');
      assert.equal(stage().limits.counts.stalledRelay, 1);
    });

    it(`gets its whole stream, however slow it is, when the origin closes: ${line}`, async () => {
      stage().behaviour = 'accept';
      const connected = once(stage().server, 'connection');
      const client = await stage().start(line);
      const [connection] = await connected;
      await client.bodyWith('o');
      const origin = await stage().origin();
      connection.cork();
      origin.send(TOO_MUCH);
      await eventually(() => origin.client.blocked, 'a client that is slow');
      origin.send('second');
      origin.close(3000, 'Go away!');
      await origin.hears('close 3000');
      connection.uncork();
      assert.match((await client.reply()).body.toString(), /xxx"\].*a\["second"\].*c\[3000,"Go away!"\]/s);
    });
  }
});
