import assert from 'node:assert/strict';
import http from 'node:http';
import { eventually, stalls } from '../../../test/support/eventually.js';
import { notePieces } from '../../../test/support/note-pieces.js';
import { onRequestHead } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

const MB = 1_000_000;

describe('relay of bodies', () => {
  const stage = useStage();

  it('starts the request at the origin before the client has finished it', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Content-Length: 10'], 'hello');
    const seen = await origin.bodyWith('hello');
    assert.equal(seen.complete, false);
    client.write('world');
    assert.equal(String((await client.reply()).body), 'helloworld');
    assert.equal(seen.headers['content-length'], '10');
  });

  it('relays a chunked request body, chunk by chunk', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Transfer-Encoding: chunked']);
    client.write('5\r\nhello\r\n');
    await origin.bodyWith('hello');
    client.write('6;ext=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n');
    assert.equal(String((await client.reply()).body), 'hello world');
    assert.equal(origin.requests[0]?.headers['transfer-encoding'], 'chunked');
  });

  it('relays the body of a GET, and tells an empty body from none', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end(seen.body));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /', [], 'with body');
    assert.equal(String((await client.reply()).body), 'with body');
    client.request('POST /', ['Content-Length: 0']);
    assert.equal((await client.reply(1)).body.length, 0);
    assert.equal(origin.requests[1]?.headers['content-length'], '0');
    client.request('DELETE /');
    await client.reply(2);
    assert.equal(origin.requests[2]?.headers['transfer-encoding'], undefined);
  });

  it('sends each part of a response as it comes', async () => {
    const origin = await stage().origin((res) => {
      res.writeHead(200);
      res.write('one');
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.bodyWith('one');
    origin.requests[0]?.res.write('two');
    await client.bodyWith('onetwo');
    origin.requests[0]?.res.end('three');
    assert.equal(String((await client.reply()).body), 'onetwothree');
  });

  it('sends the head of a response before there is any body', async () => {
    const origin = await stage().origin((res) => res.flushHeaders());
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    assert.equal((await client.head()).status, 200);
  });

  it('relays 20 MB both ways without loss', async () => {
    const payload = Buffer.alloc(20 * MB);
    for (let i = 0; i < payload.length; i += 4) payload.writeUInt32LE((i * 2654435761) >>> 0, i);
    const origin = await stage().rawOrigin((socket) => {
      // Everything after the head goes back.
      socket.once('data', (chunk) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${payload.length}\r\n\r\n`);
        socket.write(chunk.subarray(chunk.indexOf('\r\n\r\n') + 4));
        socket.on('data', (more) => socket.write(more));
      });
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', [], payload);
    await client.bytes(payload.length);
    assert((await client.reply()).body.equals(payload));
  });

  it('reads no more of a response than a slow client takes', async () => {
    let sent = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const origin = await stage().rawOrigin((socket) => {
      const pump = (): void => {
        while (sent < 200 * MB) {
          sent += block.length;
          if (!socket.write(block)) return;
        }
        socket.end();
      };
      onRequestHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.on('drain', pump);
        pump();
      });
    });
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.socket.pause();
    client.request('GET /');
    await stalls(() => sent);
    const before = sent;
    // What the kernel buffers on two connections, and a little of our own.
    assert(before < 30 * MB, `${before} bytes sent to a client that reads nothing`);
    client.socket.resume();
    await client.bytes(before + MB);
    assert(sent > before);
    client.destroy();
    await eventually(() => origin.sockets[0]?.destroyed === true, 'the end of the connection to the origin');
  });

  it('reads no more of a request than a slow origin takes', async () => {
    const origin = await stage().rawOrigin((socket) => socket.pause());
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.request('POST /', [`Content-Length: ${200 * MB}`]);
    const block = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    const pump = (): void => {
      do sent += block.length;
      while (client.socket.write(block) && sent < 150 * MB);
    };
    client.socket.on('drain', pump);
    pump();
    await stalls(() => sent);
    assert(sent < 30 * MB, `${sent} bytes taken from the client`);
    (await origin.connection()).destroy();
    assert.equal((await client.reply()).status, 502);
  });

  it('passes on bodies of any bytes and all sizes, whole or in parts, in the order of the requests', async () => {
    const sizes = [0, 1, 256, 8191, 8192, 8193, 70_000];
    const bodies = sizes.map((size) => Buffer.from(Array.from({ length: size }, (_, i) => i * 7)));
    const origin = await stage().origin((res, { url }) => {
      const [, framing, index] = url.split('/');
      const body = bodies[Number(index)] ?? Buffer.alloc(0);
      if (framing === 'length') res.setHeader('Content-Length', body.length);
      res.write(body.subarray(0, 100));
      res.end(body.subarray(100));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    const paths = bodies.flatMap((_, i) => [`/length/${i}`, `/chunked/${i}`]);
    for (const path of paths) client.request(`GET ${path}`);
    for (const [i, path] of paths.entries()) {
      const { body } = await client.reply(i);
      assert(body.equals(bodies[Math.floor(i / 2)] ?? Buffer.alloc(0)), path);
    }
  });

  it('gives a small response to the system in one piece', async () => {
    const origin = await stage().origin((res) => res.setHeader('Content-Length', 4).end('body'));
    const server = http.createServer();
    const connections: string[][][] = [];
    server.on('connection', (socket) => connections.push(notePieces(socket)));
    const client = await stage().client(await stage().proxy({ target: origin.url }, server));
    for (const i of [0, 1]) {
      client.request('GET /');
      await client.reply(i);
    }
    const [calls = []] = connections;
    assert.deepEqual(
      calls.map((pieces) => pieces.length),
      [1, 1],
    );
    for (const [piece = ''] of calls) assert.match(piece, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nbody$/s);
  });

  it('passes on what came of a response before it broke off', async () => {
    const origin = await stage().rawOrigin((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.bodyWith('half');
    await client.closed();
  });

  it('answers a request whose body the origin did not want to read, and serves the next one', async () => {
    const origin = await stage().origin((res, _seen, count) => {
      if (count === 0) res.writeHead(413, { Connection: 'close' });
      res.end('no');
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', ['Content-Length: 1000000'], 'x');
    assert.equal((await client.reply()).status, 413);
    client.write(Buffer.alloc(999_999, 'x'));
    client.request('GET /');
    assert.equal((await client.reply(1)).status, 200);
  });
});
