import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { memorySockets } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';

describe('the ends of a connection in memory', () => {
  let server: http.Server;
  /** The client's and the server's end of each connection. */
  let pairs: [client: Duplex, server: Duplex][];

  beforeEach(() => {
    pairs = [];
    server = http.createServer((req, res) => void echo(req, res));
  });
  afterEach(() => {
    for (const [client] of pairs) client.destroy();
  });

  /** Answers with the path and the body. */
  async function echo(req: IncomingMessage, res: http.ServerResponse): Promise<void> {
    res.end(`${req.method} ${req.url} ${await text(req)}`);
  }

  /** A connection to the server: the client's end. */
  function connect(): Duplex {
    const pair = memorySockets();
    pairs.push(pair);
    server.emit('connection', pair[1]);
    return pair[0];
  }

  const agent = (): http.Agent => {
    const one = new http.Agent({ keepAlive: true, maxSockets: 1 });
    return Object.assign(one, { createConnection: connect });
  };

  async function ask(options: http.RequestOptions, body = ''): Promise<IncomingMessage> {
    const request = http.request({ createConnection: connect, ...options });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it('carry requests of Node’s client to a server that never listens', async () => {
    const response = await ask({ method: 'POST', path: '/path' }, 'body');
    assert.equal(response.statusCode, 200);
    assert.equal(await text(response), 'POST /path body');
    assert.equal(server.listening, false);
  });

  it('carry one request after the other', async () => {
    const kept = agent();
    for (let i = 0; i < 3; i++) {
      const response = await ask({ agent: kept, createConnection: undefined, path: `/${i}` } as never);
      assert.equal(await text(response), `GET /${i} `);
    }
    assert.equal(pairs.length, 1);
    kept.destroy();
  });

  it('carry large bodies whole, and hold up whoever writes to one that does not read', async () => {
    const large = 'x'.repeat(3_000_000);
    const response = await ask({ method: 'POST', path: '/' }, large);
    assert.equal(await text(response), `POST / ${large}`);
    let written = 0;
    server = http.createServer((_req, res) => {
      while (res.write(large.slice(0, 65_536))) written++;
    });
    const unread = await ask({ path: '/' });
    await settle();
    assert(written < 20, `${written} blocks`);
    unread.destroy();
  });

  it('carry a response that ends with its connection', async () => {
    const response = await ask({ path: '/', headers: { Connection: 'close' } });
    assert.equal(await text(response), 'GET / ');
    await eventually(() => pairs[0]?.every((end) => end.destroyed) === true, 'a closed connection');
  });

  it('carry an upgrade', async () => {
    server.on('upgrade', (_req, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const request = http.request({
      createConnection: connect,
      headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    });
    request.end();
    const [, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Duplex];
    socket.write('hello');
    assert.equal(String((await once(socket, 'data'))[0]), 'hello');
  });

  for (const [name, index] of [
    ['client', 0],
    ['server', 1],
  ] as const) {
    it(`are both closed when the ${name} closes its own`, async () => {
      const ends = memorySockets();
      const other = ends[1 - index] as Duplex;
      const closed = once(other, 'close');
      ends[index].destroy();
      await closed;
      assert.equal(other.destroyed, true);
      assert.equal(other.errored, null);
    });
  }

  it('tell the client why the server closed its own', async () => {
    const [client, other] = memorySockets();
    const why = new Error('no route');
    const heard = once(client, 'error');
    other.on('error', () => undefined).destroy(why);
    assert.equal((await heard)[0], why);
    assert.equal(client.destroyed, true);
  });

  it('tell the server that its client is gone, and the client that its server is', async () => {
    server = http.createServer((req, res) => {
      if (req.url === '/gone') req.socket.destroy();
      else res.write('begun');
    });
    const response = await ask({ path: '/' });
    const [, theirs] = pairs[0] ?? [];
    response.destroy();
    await eventually(() => theirs?.destroyed === true, 'a server that knows');
    await assert.rejects(ask({ path: '/gone' }), { code: 'ECONNRESET' });
  });

  it('let what was written be read to its end, when the other side ends', async () => {
    const [client, other] = memorySockets();
    other.end('last words');
    client.end();
    assert.equal(await text(client), 'last words');
    other.resume();
    await eventually(() => client.destroyed && other.destroyed, 'closed ends');
  });
});
