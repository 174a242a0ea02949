import assert from 'node:assert/strict';
import type net from 'node:net';
import { eventually, settle } from '../../../test/support/eventually.js';
import { onRequestHead } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

const FINE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine';

describe('an origin that speaks garbage', () => {
  const stage = useStage();

  /** Answers; the client gets 502, and nothing of what stands in `leaks`. */
  const garbage: [name: string, bytes: string][] = [
    ['no HTTP at all', 'SECRET garbage\r\n\r\n'],
    ['SSH', 'SSH-2.0-SECRET_9.0\r\n'],
    ['zero bytes', '\0SECRET\0\0\0'],
    ['a version that does not exist', 'HTTP/9.9 200 SECRET\r\n\r\n'],
    ['a status without digits', 'HTTP/1.1 abc SECRET\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 SECRET\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 SECRET\r\nContent-Length: 0\r\n\r\n'],
    ['a field without colon', 'HTTP/1.1 200 OK\r\nSECRET\r\n\r\n'],
    ['a field with a space in its name', 'HTTP/1.1 200 OK\r\nX SECRET: 1\r\n\r\n'],
    ['a field with a zero byte', 'HTTP/1.1 200 OK\r\nX: SECRET\0\r\nContent-Length: 0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\nSECRET'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: six\r\n\r\nSECRET'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nSECRET'],
    ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\nSECRET'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X-SECRET: 0123456789\r\n'.repeat(20_000)}`],
  ];
  for (const [name, bytes] of garbage) {
    it(`(${name}) is answered 502, and asked the next time on a new connection`, async () => {
      const origin = await stage().rawOrigin((socket, count) => {
        onRequestHead(socket, () => socket.write(count === 0 ? bytes : FINE, 'latin1'));
      });
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('POST /', [], 'x');
      assert.equal((await client.reply()).status, 502);
      assert.doesNotMatch(client.text, /ECRET/);
      client.request('POST /', [], 'x');
      assert.equal(String((await client.reply(1)).body), 'fine');
      assert.equal(origin.sockets.length, 2);
      await eventually(() => origin.sockets[0]?.destroyed === true, 'the first connection gone');
    });
  }

  const chunks: [name: string, bytes: string][] = [
    ['a chunk size that is none', 'SECRET\r\n'],
    ['a chunk without end', '3\r\nabcSECRET'],
    ['a chunk size beyond all bounds', `${'f'.repeat(20)}\r\nSECRET`],
  ];
  for (const [name, bytes] of chunks) {
    it(`(${name}) in a body cuts the client`, async () => {
      const origin = await stage().rawOrigin((socket) => {
        onRequestHead(socket, () => {
          socket.write(
            `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n${bytes}`,
            'latin1',
          );
        });
      });
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('POST /', [], 'x');
      await client.closed();
      assert.doesNotMatch(client.text, /SECRET|\r\n0\r\n/);
    });
  }

  it('does not answer the next request with what it sent too much', async () => {
    const poisoned = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET';
    const origin = await stage().rawOrigin((socket) => {
      onRequestHead(socket, () => socket.write(FINE + poisoned));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    for (const index of [0, 1, 2]) {
      client.request('GET /');
      assert.equal(String((await client.reply(index)).body), 'fine');
    }
    assert.doesNotMatch(client.text, /SECRET/);
  });

  it('does not answer a request with what it sent before it was asked', async () => {
    let socket: net.Socket | undefined;
    const origin = await stage().rawOrigin((connection) => {
      socket = connection;
      onRequestHead(connection, () => connection.write(FINE));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.reply();
    socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET');
    await settle(50);
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'fine');
  });
});

describe('an origin that does not answer', () => {
  const stage = useStage();

  it('is given up after the time-out: 502', async () => {
    const origin = await stage().origin(() => {});
    const client = await stage().client(await stage().proxy({ target: origin.url, responseTimeout: 50 }));
    client.request('GET /');
    assert.equal((await client.reply()).status, 502);
    await origin.abandonedRequest();
  });

  it('with the rest of its body may take its time', async () => {
    const origin = await stage().origin((res) => res.write('part'));
    const client = await stage().client(await stage().proxy({ target: origin.url, responseTimeout: 20 }));
    client.request('GET /');
    await client.bodyWith('part');
    const started = Date.now();
    await eventually(() => Date.now() - started > 100, 'some time');
    origin.requests[0]?.res.end(' rest');
    assert.equal(String((await client.reply()).body), 'part rest');
  });
});

describe('a kept-alive connection that the origin has closed', () => {
  const stage = useStage();

  /** Answers the first request of a connection, and closes the connection at the second. */
  function closesAtSecond(socket: net.Socket): void {
    onRequestHead(socket, (_head, count) => {
      if (count === 0) socket.write(FINE);
      else socket.destroy();
    });
  }

  it('is replaced: a GET is asked again', async () => {
    const origin = await stage().rawOrigin(closesAtSecond);
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    for (const index of [0, 1, 2]) {
      client.request('GET /');
      assert.equal(String((await client.reply(index)).body), 'fine');
    }
  });

  it('is not replaced for a POST, which might be carried out twice', async () => {
    const origin = await stage().rawOrigin(closesAtSecond);
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.reply();
    client.request('POST /', [], 'x');
    assert.equal((await client.reply(1)).status, 502);
    assert.equal(origin.sockets.length, 1);
  });

  it('is not tried for ever', async () => {
    const origin = await stage().rawOrigin((socket) => onRequestHead(socket, () => socket.destroy()));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    assert.equal((await client.reply()).status, 502);
    assert(origin.sockets.length <= 2);
  });

  it('is not used when it was closed while nobody used it', async () => {
    const origin = await stage().rawOrigin((socket) => onRequestHead(socket, () => socket.end(FINE)));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    for (const index of [0, 1, 2]) {
      client.request('POST /', [], 'x');
      assert.equal(String((await client.reply(index)).body), 'fine');
      await settle();
    }
  });
});
