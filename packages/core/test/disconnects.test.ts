import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually } from '../../../test/support/eventually.js';
import { onRequestHead } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('a client that leaves', () => {
  const stage = useStage();

  it('while the origin thinks: its request is given up', async () => {
    const origin = await stage().origin(() => {});
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await origin.request();
    client.destroy();
    await origin.abandonedRequest();
  });

  it('while it sends its body: the origin sees that the request is not whole', async () => {
    const origin = await stage().origin(() => {});
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Content-Length: 10'], 'hello');
    await origin.bodyWith('hello');
    client.destroy();
    const seen = await origin.abandonedRequest();
    assert.equal(seen.complete, false);
  });

  it('while it sends chunks: the origin sees no last one', async () => {
    const origin = await stage().origin(() => {});
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Transfer-Encoding: chunked']);
    client.write('5\r\nhello\r\n');
    await origin.bodyWith('hello');
    client.destroy();
    assert.equal((await origin.abandonedRequest()).complete, false);
  });

  it('while the response comes: the origin is stopped', async () => {
    const origin = await stage().origin((res) => res.write('part'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.bodyWith('part');
    client.reset();
    await origin.abandonedRequest();
  });

  it('while a connection to the origin is made: none is kept', async () => {
    const origin = await stage().origin(() => {});
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(proxy.server, 'request');
    client.reset();
    await eventually(() => proxy.held === 0, 'nothing held');
  });

  it('before its request is whole: nobody is asked', async () => {
    const origin = await stage().origin(() => {});
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.write('GET / HTTP/1.1\r\nHo');
    client.socket.end();
    await client.closed();
    assert.equal(origin.requests.length, 0);
  });

  it('and others that stay do not notice', async () => {
    const origin = await stage().origin((res) => res.write('part'));
    const proxy = await stage().proxy({ target: origin.url });
    const [leaves, stays] = [await stage().client(proxy), await stage().client(proxy)];
    for (const client of [leaves, stays]) client.request('GET /');
    await Promise.all([leaves.bodyWith('part'), stays.bodyWith('part')]);
    leaves.reset();
    await eventually(() => origin.requests.some(({ abandoned }) => abandoned), 'one request given up');
    const other = origin.requests.find(({ abandoned }) => !abandoned);
    other?.res.end(' and more');
    assert.equal(String((await stays.reply()).body), 'part and more');
  });
});

describe('an origin that leaves', () => {
  const stage = useStage();

  /** A client that has asked an origin which sends these bytes and then cuts the connection. */
  async function askCutter(bytes: string, cut: 'end' | 'reset'): Promise<RawClient> {
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, () => {
        socket.write(bytes, () =>
          cut === 'end' ? socket.end() : setImmediate(() => socket.resetAndDestroy()),
        );
      });
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', [], 'x');
    return client;
  }

  for (const cut of ['end', 'reset'] as const) {
    it(`without a word (${cut}): 502`, async () => {
      const client = await askCutter('', cut);
      const reply = await client.reply();
      assert.equal(reply.status, 502);
      assert.equal(String(reply.body), 'Error while proxying to origin.\n');
    });

    it(`in the middle of its head (${cut}): 502, and none of it for the client`, async () => {
      const client = await askCutter('HTTP/1.1 200 OK\r\nX-Secret: 1\r\n', cut);
      assert.equal((await client.reply()).status, 502);
      assert.doesNotMatch(client.text, /X-Secret/);
    });

    it(`in the middle of a body with Content-Length (${cut}): the client is cut too`, async () => {
      const client = await askCutter('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', cut);
      await client.closed();
      const [reply] = client.replies;
      assert.equal(reply?.complete ?? false, false);
    });

    it(`in the middle of a chunked body (${cut}): the client gets no last chunk`, async () => {
      const client = await askCutter(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
        cut,
      );
      await client.closed();
      assert.doesNotMatch(client.text, /\r\n0\r\n/);
    });
  }

  it('before the client has sent its whole body: 502, and the next request is served', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.method === 'POST') res.destroy();
      else res.end('fine');
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Content-Length: 100000'], 'part');
    assert.equal((await client.reply()).status, 502);
    client.write(Buffer.alloc(100_000 - 4));
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'fine');
  });
});
