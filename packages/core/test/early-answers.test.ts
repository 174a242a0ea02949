import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const MB = 1_000_000;
const BODY = Buffer.alloc(10 * MB, 'x');
const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nX-Limit: 5\r\n';

/** Ways in which an origin that does not want an upload answers it, and what becomes of its connection. */
const ORIGINS: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes its connection, which resets it': (socket) => {
    socket.pause();
    socket.end(`${TOO_LARGE}Connection: close\r\nContent-Length: 4\r\n\r\nlong`, () => socket.destroy());
  },
  'closes its connection, and does not say so': (socket) => {
    socket.pause();
    socket.end(`${TOO_LARGE}Content-Length: 4\r\n\r\nlong`, () => socket.destroy());
  },
  'ends its body by closing its connection': (socket) => {
    socket.pause();
    socket.end(`${TOO_LARGE}Connection: close\r\n\r\nlong`, () => socket.destroy());
  },
  'sends chunks': (socket) => {
    socket.pause();
    socket.end(`${TOO_LARGE}Transfer-Encoding: chunked\r\n\r\n4\r\nlong\r\n0\r\n\r\n`, () =>
      socket.destroy(),
    );
  },
  'closes one half, and reads nothing more': (socket) => {
    socket.pause();
    socket.end(`${TOO_LARGE}Connection: close\r\nContent-Length: 4\r\n\r\nlong`);
  },
  'closes one half, and reads on': (socket) => {
    socket.resume();
    socket.end(`${TOO_LARGE}Connection: close\r\nContent-Length: 4\r\n\r\nlong`);
  },
  'keeps its connection, and reads nothing more': (socket) => {
    socket.pause();
    socket.write(`${TOO_LARGE}Content-Length: 4\r\n\r\nlong`);
  },
  'keeps its connection, and reads on': (socket) => {
    socket.resume();
    socket.write(`${TOO_LARGE}Content-Length: 4\r\n\r\nlong`);
  },
  'resets its connection at once': (socket) => {
    socket.pause();
    socket.write(`${TOO_LARGE}Connection: close\r\nContent-Length: 4\r\n\r\nlong`, () =>
      setImmediate(() => socket.resetAndDestroy()),
    );
  },
};

describe('an origin that answers an upload before it has read it', () => {
  const stage = useStage();

  interface Site {
    readonly server: ProxyServer;
    readonly client: RawClient;
    /** Lines of the requests that came by connections that had had one before. */
    readonly reused: string[];
    connections: number;
  }

  /** An origin that answers uploads so, and other requests as usual. `after`: bytes of the body that it reads first. */
  async function site(answer: (socket: Socket) => void, after: number): Promise<Site> {
    const reused: string[] = [];
    const origin = await stage().rawOrigin((socket) => {
      site.connections++;
      let count = 0;
      const read = (chunk: Buffer): void => {
        const [line = ''] = chunk.toString('latin1', 0, 100).split('\r\n');
        if (count++ > 0) reused.push(line);
        if (!line.startsWith('POST')) {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
          return;
        }
        socket.off('data', read);
        const wait = (): void => {
          if (socket.bytesRead < after) return;
          socket.off('data', wait);
          answer(socket);
        };
        socket.on('data', wait);
        wait();
      };
      socket.on('data', read);
    });
    const server = await stage().proxy({ target: origin.url });
    const site: Site = { server, client: await stage().client(server), reused, connections: 0 };
    return site;
  }

  async function sendAll(client: RawClient, fields: readonly string[]): Promise<void> {
    client.socket.pause();
    client.request('POST /', fields, BODY);
    if (client.socket.writableLength > 0) await once(client.socket, 'drain');
    client.socket.resume();
  }

  for (const [name, answer] of Object.entries(ORIGINS)) {
    for (const after of [0, 3 * MB]) {
      for (const connection of ['close', 'keep-alive']) {
        it(`is heard: it ${name}, after ${after} bytes; client: ${connection}`, async () => {
          const { server, client, reused } = await site(answer, after);
          await sendAll(client, [`Connection: ${connection}`]);
          const reply = await client.reply();
          assert.equal(`${reply.status} ${reply.body}`, '413 long');
          await eventually(() => server.proxy.stats().upstreamRequests === 0, 'the end of the request');
          if (connection === 'close') assert.equal(await client.closed(), 'ended');
          const next = connection === 'close' ? await stage().client(server) : client;
          for (let i = 0; i < 3; i++) {
            next.request('GET /next');
            assert.equal(String((await next.reply(next === client ? i + 1 : i)).body), 'fine');
          }
          await settle();
          assert.deepEqual(
            reused.filter((line) => !line.startsWith('GET /next')),
            [],
          );
        });
      }
    }
  }

  it('is not heard where its answer is cut: 502', async () => {
    const { client } = await site((socket) => {
      socket.pause();
      socket.end('HTTP/1.1 413 Content Too Large\r\nX-Li', () => socket.destroy());
    }, 0);
    await sendAll(client, []);
    assert.equal((await client.reply()).status, 502);
  });

  it('is heard as far as it came where its answer breaks off', async () => {
    const { client } = await site((socket) => {
      socket.pause();
      socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 10\r\n\r\nlong', () => socket.destroy());
    }, 0);
    client.request('POST /', [], BODY);
    await client.closed();
    assert.equal(client.replies[0]?.complete ?? false, false);
  });

  it('is heard, and a request after it is not sent into its connection', async () => {
    const opened = await site((socket) => {
      socket.resume();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlong');
    }, 0);
    const { client, server } = opened;
    client.request('POST /', ['Content-Length: 100'], 'first part');
    assert.equal((await client.reply()).status, 200);
    const other = await stage().client(server);
    for (let i = 0; i < 5; i++) {
      other.request('GET /next');
      assert.equal(String((await other.reply(i)).body), 'fine');
    }
    assert.equal(opened.connections, 2);
    client.write(Buffer.alloc(90, 'x'));
    client.request('GET /next');
    assert.equal(String((await client.reply(1)).body), 'fine');
  });
});
