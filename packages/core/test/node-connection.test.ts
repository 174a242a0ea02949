import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { eventually } from '../../../test/support/eventually.js';
import {
  dropData,
  isLast,
  isReset,
  isServed,
  probe,
  progressOf,
  type ServedSocket,
  serverOf,
  staysOpen,
  unanswered,
  whenItsTurn,
} from '../src/http/node-connection.js';

/** What Node does not document is to be the same in each version that P-8 runs on. */
describe('what Node keeps of a connection', () => {
  let server: http.Server;
  let client: Socket;
  /** Requests, in their order. */
  let taken: [IncomingMessage, ServerResponse][];

  beforeEach(async () => {
    taken = [];
    server = http.createServer((req, res) => taken.push([req, res])).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  });

  afterEach(() => {
    client.destroy();
    server.close().closeAllConnections();
  });

  async function ask(...requests: string[]): Promise<[IncomingMessage, ServerResponse]> {
    const before = taken.length;
    client.write(requests.map((request) => `${request}\r\nHost: a\r\n\r\n`).join(''));
    await eventually(() => taken.length === before + requests.length, 'requests');
    return taken.at(-1) as [IncomingMessage, ServerResponse];
  }

  it('says that it is served, by which server, and which response is to be completed', async () => {
    const [req, res] = await ask('GET / HTTP/1.1');
    assert.equal(isServed(req.socket), true);
    assert.equal(serverOf(req), server);
    assert.equal(unanswered(req.socket), res);
    res.end();
    await once(res, 'close');
    assert.equal(unanswered(req.socket), undefined);
  });

  it('says that it is not served behind an upgrade', async () => {
    const upgraded = once(server, 'upgrade');
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [, socket] = (await upgraded) as [IncomingMessage, ServedSocket];
    assert.equal(isServed(socket), false);
    socket.destroy();
  });

  it('says whether it stays open behind a response', async () => {
    const [, res] = await ask('GET / HTTP/1.1');
    res.flushHeaders();
    assert.deepEqual([staysOpen(res), isLast(res)], [true, false]);
    res.end();
    const [, last] = await ask('GET / HTTP/1.1', 'GET / HTTP/1.1\r\nConnection: close');
    taken[1]?.[1].end();
    last.flushHeaders();
    assert.deepEqual([staysOpen(last), isLast(last)], [false, true]);
    last.end();
  });

  it('says when it is the turn of a response that has to wait', async () => {
    const [, second] = await ask('GET /1 HTTP/1.1', 'GET /2 HTTP/1.1');
    let turns = 0;
    whenItsTurn(second, () => turns++);
    second.end('second');
    assert.equal(turns, 0);
    taken[0]?.[1].end('first');
    await eventually(() => turns === 1, 'a turn');
    client.resume();
  });

  it('shows that the client takes some of a large write, and none where it reads nothing', async () => {
    const [req, res] = await ask('GET / HTTP/1.1');
    const { socket } = req;
    client.pause();
    res.write(Buffer.alloc(32_000_000));
    const standsStill = async (): Promise<number> => {
      for (let before = -1; ; before = progressOf(socket)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (progressOf(socket) === before) return before;
      }
    };
    const before = await standsStill();
    assert.ok(before < 32_000_000);
    client.resume();
    await eventually(() => progressOf(socket) > before, 'progress');
  });

  it('tells a client that has reset it, though it is not read', async () => {
    const [req] = await ask('GET / HTTP/1.1');
    req.socket.pause();
    assert.equal(isReset(req.socket), false);
    client.resetAndDestroy();
    await eventually(() => isReset(req.socket) || req.socket.destroyed, 'a reset');
  });

  it('drops what comes, so that no request is read any more', async () => {
    const [req] = await ask('GET / HTTP/1.1');
    dropData(req.socket);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000));
    client.end();
    await eventually(() => req.socket.bytesRead > 27_000, 'bytes');
    assert.equal(taken.length, 1);
  });

  it('can be probed', async () => {
    const [req] = await ask('GET / HTTP/1.1');
    const asked: unknown[] = [];
    const { socket } = req;
    socket.setKeepAlive = (...args: unknown[]) => {
      asked.push(args);
      return socket;
    };
    probe(socket);
    assert.deepEqual(asked, [[true, 60_000]]);
  });
});
