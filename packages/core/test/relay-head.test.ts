import assert from 'node:assert/strict';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { onRequestHead } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('relay of heads', () => {
  const stage = useStage();

  /** A client of a proxy whose origin answers each request with these bytes. */
  async function clientOf(...answers: string[]): Promise<RawClient> {
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, (_head, count) => socket.write(answers[count % answers.length] ?? '', 'latin1'));
    });
    return await stage().client(await stage().proxy({ target: origin.url }));
  }

  it('keeps order, letter case and duplicates of the fields of a request', async () => {
    let head = '';
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, (text) => {
        head = text;
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const client = await stage().client(await stage().proxy({ target: origin.url, sigKey: '' }));
    const sent = ['host: Example.COM:80', 'X-b: 1', 'x-A: 2', 'X-B: 3', 'x-utf: \xc3\xa4'];
    client.request('GET /a%20b/../?q=%2F&q=a+b', sent);
    await client.reply();
    const [line, ...fields] = head.split('\r\n');
    assert.equal(line, 'GET /a%20b/../?q=%2F&q=a+b HTTP/1.1');
    const own = fields.filter((one) => !/^(grip-feature|connection|cdn-loop):/i.test(one));
    assert.deepEqual(own, sent);
  });

  it('keeps order and duplicates of the fields of a response, its status and reason', async () => {
    const client = await clientOf(
      'HTTP/1.1 299 Made Up\r\nx-b: 1\r\nX-A: 2\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-B: 3\r\nX-Raw: \xe4\xf6\r\n' +
        'Date: today\r\nContent-Length: 2\r\nETag: W/"1"\r\n\r\nok',
    );
    client.request('GET /');
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.reason}`, '299 Made Up');
    const own = reply.fields.filter(([name]) => !/^(connection|keep-alive)$/i.test(name));
    assert.deepEqual(own, [
      // Those of one name stand together.
      ['x-b', '1'],
      ['x-b', '3'],
      ['X-A', '2'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-Raw', '\xe4\xf6'],
      ['Date', 'today'],
      ['Content-Length', '2'],
      ['ETag', 'W/"1"'],
    ]);
    assert.equal(String(reply.body), 'ok');
  });

  it('keeps what is for one connection only to that connection', async () => {
    const client = await clientOf(
      'HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=99\r\nUpgrade: h2c\r\n' +
        'Proxy-Connection: x\r\nTrailer: X\r\nContent-Length: 0\r\n\r\n',
    );
    client.request('GET /');
    const reply = await client.reply();
    for (const name of ['x-hop', 'upgrade', 'proxy-connection', 'trailer'])
      assert.equal(field(reply, name), undefined);
    assert.notEqual(field(reply, 'keep-alive'), 'timeout=99');
  });

  it('passes trailers on', async () => {
    const client = await clientOf(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nx-Other: 2\r\n\r\n',
    );
    client.request('GET /');
    const reply = await client.reply();
    assert.equal(String(reply.body), 'ok');
    assert.deepEqual(reply.trailers, [
      ['X-Sum', '1'],
      ['x-Other', '2'],
    ]);
  });

  it('lets no trailer change what the response is', async () => {
    const client = await clientOf(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nConnection: close\r\nX-Sum: 1\r\nHost: x\r\n\r\n',
    );
    client.request('GET /');
    assert.deepEqual((await client.reply()).trailers, [['X-Sum', '1']]);
  });

  it('passes interim responses on, with all their fields', async () => {
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const client = await clientOf(
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\nX-Y: 1\r\nConnection: x\r\n\r\n${final}`,
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 104\r\nUpload-Offset: 5\r\n\r\n${final}`,
    );
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'ok');
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'ok');
    assert.deepEqual(
      client.replies.map(({ status }) => status),
      [103, 200, 102, 104, 200],
    );
    const [hints, , , upload] = client.replies;
    assert(hints !== undefined && upload !== undefined);
    assert.equal(field(hints, 'link'), '</a.css>; rel=preload; as=style');
    assert.deepEqual([field(hints, 'x-y'), field(hints, 'connection')], ['1', undefined]);
    assert.equal(field(upload, 'upload-offset'), '5');
  });

  it('keeps an unasked 100 Continue to itself, and asks once', async () => {
    const fine = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`;
    const client = await clientOf(`HTTP/1.1 100 Continue\r\n\r\n${fine('ok')}`, fine('no'));
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'ok');
    client.request('POST /', [], 'x');
    assert.equal(String((await client.reply(1)).body), 'no');
    assert.equal(client.replies.length, 2);
  });

  it('keeps the bytes of a reason beyond ASCII, and leaves out one with control characters', async () => {
    const rest = '\r\nContent-Length: 2\r\n\r\nok';
    const client = await clientOf(
      `HTTP/1.1 200 d\xe9j\xe0${rest}`,
      `HTTP/1.1 200 \xc3\xa9${rest}`,
      `HTTP/1.1 200 a\x01${rest}`,
    );
    for (const index of [0, 1, 2]) {
      client.request('GET /');
      await client.reply(index);
    }
    assert.deepEqual(client.text.match(/HTTP.*/g), [
      'HTTP/1.1 200 d\xe9j\xe0',
      'HTTP/1.1 200 \xc3\xa9',
      'HTTP/1.1 200 OK',
    ]);
  });

  for (const status of [204, 304]) {
    it(`does not wait for the body that the length of a ${status} is about`, async () => {
      const client = await clientOf(
        `HTTP/1.1 ${status} x\r\nContent-Length: 5\r\nX: 1\r\n\r\n`,
        'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext',
      );
      client.request('GET /');
      assert.equal((await client.reply()).status, status);
      client.request('GET /');
      assert.equal(String((await client.reply(1)).body), 'next');
    });
  }

  it('sends no interim response to an HTTP/1.0 client', async () => {
    const client = await clientOf(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    client.request('GET / HTTP/1.0');
    await client.closed();
    assert.deepEqual(
      client.replies.map(({ status }) => status),
      [200],
    );
  });

  it('relays the head of a HEAD with its Content-Length, and serves the next request', async () => {
    const client = await clientOf('HTTP/1.1 200 OK\r\nContent-Length: 500\r\nETag: "x"\r\n\r\n');
    for (const index of [0, 1]) {
      client.request('HEAD /');
      const reply = await client.reply(index);
      assert.equal(field(reply, 'content-length'), '500');
      assert.equal(field(reply, 'transfer-encoding'), undefined);
    }
  });

  for (const status of ['204 No Content', '304 Not Modified']) {
    it(`relays ${status} without a body, and serves the next request`, async () => {
      const client = await clientOf(
        `HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`,
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      );
      client.request('GET /');
      const reply = await client.reply();
      assert.equal(`${reply.status} ${reply.reason}`, status);
      assert.equal(field(reply, 'content-length'), undefined);
      assert.equal(field(reply, 'transfer-encoding'), undefined);
      assert.equal(field(reply, 'etag'), '"x"');
      client.request('GET /');
      assert.equal(String((await client.reply(1)).body), 'ok');
    });
  }

  it('answers an HTTP/1.0 client without chunks, and closes', async () => {
    const client = await clientOf(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    );
    client.request('GET / HTTP/1.0');
    await client.closed();
    const reply = await client.reply();
    assert.equal(String(reply.body), 'ok');
    assert.equal(field(reply, 'transfer-encoding'), undefined);
  });

  it('keeps the connection of an HTTP/1.0 client that asks for it', async () => {
    const client = await clientOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    for (const index of [0, 1]) {
      client.request('GET / HTTP/1.0', ['Connection: keep-alive']);
      assert.equal(String((await client.reply(index)).body), 'ok');
    }
  });

  it('relays from an HTTP/1.0 origin, whose body ends with its connection', async () => {
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, () => socket.end('HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nuntil the end'));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    const reply = await client.reply();
    assert.equal(String(reply.body), 'until the end');
    assert.deepEqual(fieldValues(reply, 'transfer-encoding'), ['chunked']);
  });

  it('passes redirects on, and follows none', async () => {
    const client = await clientOf(
      'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    );
    client.request('GET /');
    const reply = await client.reply();
    assert.equal(reply.status, 302);
    assert.equal(field(reply, 'location'), 'http://127.0.0.1:1/');
  });

  it('tells a client that waits for 100 Continue to go on, and the origin nothing of it', async () => {
    const origin = await stage().origin((res, seen) => {
      res.end(String(seen.headers.expect));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Content-Length: 5', 'Expect: 100-continue']);
    await client.bytes(10);
    assert.equal(client.replies[0]?.status, 100);
    client.write('hello');
    assert.equal(String((await client.reply()).body), 'undefined');
    assert.equal(String((await origin.completeRequest()).body), 'hello');
  });

  it('passes a request to upgrade on as an ordinary one', async () => {
    const origin = await stage().origin((res, seen) => res.end(JSON.stringify(seen.headers)));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x']);
    const headers = JSON.parse(String((await client.reply()).body)) as Record<string, string>;
    assert.equal(headers.upgrade, undefined);
    assert.equal(headers['sec-websocket-key'], 'x');
  });

  it('answers 502 where the origin switches protocols unasked', async () => {
    const client = await clientOf(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    );
    client.request('GET /');
    assert.equal((await client.reply()).status, 502);
  });

  it('relays the methods that there are, and those that nobody knows', async () => {
    const origin = await stage().origin((res, seen) => res.end(seen.method));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE', 'QUERY'];
    for (const [index, method] of methods.entries()) {
      client.request(`${method} /`);
      assert.equal(String((await client.reply(index)).body), method);
    }
  });
});
