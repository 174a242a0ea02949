import assert from 'node:assert/strict';
import http from 'node:http';
import { eventually, settle } from '../../../../test/support/eventually.js';
import { SMUGGLING } from '../../../../test/support/framing-cases.js';
import { onRequestHead } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

describe('threat 1: request smuggling', () => {
  const stage = useStage();

  for (const [name, bytes, status] of SMUGGLING) {
    it(`by ${name}: refused`, async () => {
      const origin = await stage().origin((res) => res.end('answered'));
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.write(bytes);
      await client.closed();
      assert.equal(client.replies.at(-1)?.status, status, client.text);
      await settle();
      assert.equal(
        origin.requests.some(({ url }) => url === '/smuggled'),
        false,
      );
    });
  }

  it('by a WebSocket handshake behind a request that is refused: it reaches nobody', async () => {
    const origin = await stage().origin((res) => res.end('answered'));
    const upgrades: unknown[] = [];
    origin.server.on('upgrade', (_req, socket) => {
      upgrades.push(socket);
      socket.destroy();
    });
    const server = await stage().proxy({ target: origin.url });
    server.proxy.attach(server.server);
    const client = await stage().client(server);
    const handshake =
      'GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
    client.write(`GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${handshake}`);
    await client.closed();
    assert.deepEqual(
      client.replies.map(({ status }) => status),
      [400],
    );
    await settle();
    assert.deepEqual([upgrades.length, origin.requests.length], [0, 0]);
  });

  it('by TRACE: refused', async () => {
    const origin = await stage().origin((res) => res.end('answered'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('TRACE /', ['Cookie: secret']);
    const reply = await client.reply();
    assert.equal(reply.status, 405);
    assert.doesNotMatch(client.text, /secret/);
    assert.equal(origin.requests.length, 0);
  });

  it('by CONNECT: the connection is closed', async () => {
    const origin = await stage().origin((res) => res.end('answered'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.write(`CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${SMUGGLED}`);
    await client.closed();
    assert.equal(origin.requests.length, 0);
  });

  it('by CONNECT, where the proxy takes the WebSockets of the server: refused', async () => {
    const origin = await stage().origin((res) => res.end('answered'));
    const server = await stage().proxy({ target: origin.url });
    server.proxy.attach(server.server);
    const client = await stage().client(server);
    client.write(`CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${SMUGGLED}`);
    assert.equal(await client.closed(), 'ended');
    const [reply] = client.replies;
    assert.equal(`${reply?.status} ${reply?.body}`, '501 Method not implemented: CONNECT.\n');
    assert.equal(client.replies.length, 1);
    assert.equal(origin.requests.length, 0);
  });

  it('by CONNECT behind a request that is not answered yet: refused in its turn', async () => {
    const origin = await stage().origin((res) => setImmediate(() => res.end('answered')));
    const server = await stage().proxy({ target: origin.url });
    server.proxy.attach(server.server);
    const client = await stage().client(server);
    client.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`);
    await client.closed();
    assert.deepEqual(
      client.replies.map(({ status }) => status),
      [200, 501],
    );
  });

  it('by CONNECT, where somebody else listens for it: left alone', async () => {
    const server = await stage().proxy({ target: 'http://127.0.0.1:9' });
    server.proxy.attach(server.server);
    server.server.on('connect', (_req, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const client = await stage().client(server);
    client.write('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
    await client.closed();
    assert.match(client.text, /^HTTP\/1.1 200 OK\r\n\r\n$/);
  });

  it('by an absolute target: its authority wins, and is what the origin sees', async () => {
    const origin = await stage().origin((res, seen) => res.end(`${seen.headers.host} ${seen.url}`));
    const proxy = await stage().proxy({ routes: [{ host: 'a.test', target: origin.url }] });
    const client = await stage().client(proxy);
    client.request('GET http://A.test:81/x?y=1', ['Host: evil.test']);
    assert.equal(String((await client.reply()).body), 'A.test:81 /x?y=1');
    client.request('GET http://evil.test/x', ['Host: a.test']);
    assert.equal((await client.reply(1)).status, 502);
    client.request('GET https://a.test?q', ['Host: a.test']);
    assert.equal(String((await client.reply(2)).body), 'a.test /?q');
  });

  it('by chunk extensions and trailers: framed anew, without them', async () => {
    let received = '';
    const origin = await stage().rawOrigin((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (/0\r\n\r\n$|\r\n\r\nabc$/.test(received))
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Transfer-Encoding: chunked', 'Trailer: Grip-Sig']);
    const [first, rest] = ['0003;a="b\\"c"\r\nabc\r\n', '0;x\r\nGrip-Sig: forged\r\nHost: b\r\n\r\n'];
    client.write(first + rest);
    assert.equal((await client.reply()).status, 200);
    assert.match(received, /\r\nContent-Length: 3\r\n\r\nabc$/);
    received = '';
    client.request('POST /', ['Transfer-Encoding: chunked', 'Trailer: Grip-Sig']);
    client.write(first);
    await eventually(() => received.includes('abc'), 'the first chunk');
    client.write(rest);
    assert.equal((await client.reply(1)).status, 200);
    assert.match(received, /\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
    assert.doesNotMatch(received, /forged|trailer/i);
  });

  it('by a body that looks like a request: it stays a body', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', [], SMUGGLED);
    assert.equal(String((await client.reply()).body), SMUGGLED);
    client.request('GET /', [`Content-Length: ${SMUGGLED.length}`], SMUGGLED);
    assert.equal(String((await client.reply(1)).body), SMUGGLED);
    assert.deepEqual(
      origin.requests.map(({ url }) => url),
      ['/', '/'],
    );
  });

  it('by a body that is shorter than it says: the next request on the connection to the origin is a new one', async () => {
    const heads: string[] = [];
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, (head) => {
        heads.push(head.split('\r\n')[0] ?? '');
        if (head.startsWith('GET')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const proxy = await stage().proxy({ target: origin.url });
    const [cut, fine] = [await stage().client(proxy), await stage().client(proxy)];
    cut.request('POST /', [`Content-Length: ${SMUGGLED.length + 10}`], SMUGGLED.slice(0, 5));
    await eventually(() => heads.length === 1, 'a request');
    cut.reset();
    await eventually(() => origin.sockets[0]?.destroyed === true, 'the connection given up');
    fine.request('GET /fine');
    assert.equal(String((await fine.reply()).body), 'ok');
    assert.deepEqual(heads, ['POST / HTTP/1.1', 'GET /fine HTTP/1.1']);
  });

  it('even where Node is told to be lenient', async () => {
    const origin = await stage().origin((res) => res.end('answered'));
    const lenient = http.createServer({ insecureHTTPParser: true });
    const proxy = await stage().proxy({ target: origin.url }, lenient);
    for (const fields of [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked, identity'],
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      ['Host: a', 'Host: b'],
    ]) {
      const client = await stage().client(proxy);
      client.request('POST /', fields);
      client.write(`0\r\n\r\n${SMUGGLED}`);
      await client.closed();
      assert.equal(client.replies.at(-1)?.status, 400, fields.join());
    }
    await settle();
    assert.equal(origin.requests.length, 0);
  });
});
