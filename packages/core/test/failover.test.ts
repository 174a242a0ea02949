import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually, settle } from '../../../test/support/eventually.js';
import { onRequestHead } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

/** A port at which nobody ever listens: one that was given back could be somebody else's by now. */
const DEAD_TARGET = 'http://127.0.0.1:1';

describe('targets of a route', () => {
  const stage = useStage();

  it('that are all dead: 502', async () => {
    const proxy = await stage().proxy({ target: [DEAD_TARGET, DEAD_TARGET] });
    const client = await stage().client(proxy);
    client.request('POST /', [], 'body');
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.reason}`, '502 Bad Gateway');
    assert.equal(String(reply.body), 'Error while proxying to origin.\n');
    client.request('GET /');
    assert.equal((await client.reply(1)).status, 502);
  });

  it('that are all dead are named in debug mode', async () => {
    const targets = [DEAD_TARGET, DEAD_TARGET];
    const client = await stage().client(await stage().proxy({ target: targets, debug: true }));
    client.request('GET /');
    const names = targets.map((url) => new URL(url).host).join(', ');
    assert.equal(String((await client.reply()).body), `Unable to connect to any targets. Tried: ${names}\n`);
  });

  it('are tried in order; a body that streams reaches the one that lives in whole', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const proxy = await stage().proxy({ target: [DEAD_TARGET, DEAD_TARGET, origin.url] });
    const client = await stage().client(proxy);
    client.request('POST /', ['Transfer-Encoding: chunked']);
    client.write('3\r\none\r\n');
    await origin.bodyWith('one');
    client.write('3\r\ntwo\r\n0\r\n\r\n');
    assert.equal(String((await client.reply()).body), 'onetwo');
    const large = Buffer.alloc(2_000_000, 'x');
    client.request('PUT /', [], large);
    assert((await client.reply(1)).body.equals(large));
  });

  it('that answer, whatever it is, end the search', async () => {
    const first = await stage().origin((res) => res.writeHead(503).end('busy'));
    const second = await stage().origin((res) => res.end('second'));
    const client = await stage().client(await stage().proxy({ target: [first.url, second.url] }));
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'busy');
    assert.equal(second.requests.length, 0);
  });

  it('that break off after they were asked are not replaced: the request may have been carried out', async () => {
    const first = await stage().rawOrigin((socket) => onRequestHead(socket, () => socket.destroy()));
    const second = await stage().origin((res) => res.end('second'));
    const client = await stage().client(await stage().proxy({ target: [first.url, second.url] }));
    client.request('POST /', [], 'x');
    assert.equal((await client.reply()).status, 502);
    assert.equal(second.requests.length, 0);
  });

  it('that let us wait for a connection are given up after the time-out', async () => {
    // The connection is only made when TLS stands; this one never says a word.
    const silent = await stage().rawOrigin((socket) => socket.resume());
    const second = await stage().origin((res) => res.end('second'));
    const proxy = await stage().proxy({
      target: [silent.url.replace('http:', 'https:'), second.url],
      connectTimeout: 100,
    });
    const client = await stage().client(proxy);
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'second');
    await eventually(() => silent.sockets[0]?.destroyed === true, 'the connection given up');
  });

  it('have their own Host where they are told to', async () => {
    const origin = await stage().origin((res, seen) => res.end(seen.headers.host));
    const target = [
      { url: DEAD_TARGET, host: 'first.test' },
      { url: origin.url, host: 'second.test:81' },
    ];
    const client = await stage().client(await stage().proxy({ target }));
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'second.test:81');
  });

  it('are not asked any more when the client leaves in between', async () => {
    const silent = await stage().rawOrigin((socket) => socket.resume());
    const second = await stage().origin((res) => res.end('second'));
    const proxy = await stage().proxy({
      target: [silent.url.replace('http:', 'https:'), second.url],
      connectTimeout: 300,
    });
    const client = await stage().client(proxy);
    client.request('GET /');
    await silent.connection();
    client.destroy();
    await eventually(() => silent.sockets[0]?.destroyed === true, 'the connection given up');
    await settle();
    assert.equal(second.requests.length, 0);
  });

  it('work again as soon as they are back', async () => {
    const origin = await stage().origin((res) => res.end('back'));
    const { port } = origin;
    await origin.close();
    const proxy = await stage().proxy({ target: `http://127.0.0.1:${port}` });
    const client = await stage().client(proxy);
    client.request('GET /');
    assert.equal((await client.reply()).status, 502);
    origin.server.listen(port, '127.0.0.1');
    await once(origin.server, 'listening');
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'back');
  });
});
