import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GripProxy, type GripProxyOptions, silentLogger } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

/** What Node's server keeps with a connection. */
type ServedSocket = Socket & { readonly parser?: unknown };

describe('the connection of a stream that stands', () => {
  const stage = useStage();

  interface Site {
    readonly proxy: GripProxy;
    readonly server: http.Server;
    /** The server's ends of its connections. */
    readonly sockets: readonly ServedSocket[];
    readonly connect: () => Promise<RawClient>;
  }

  /** A proxy whose origin holds what is asked for below /stream, and answers everything else with its path. */
  async function site(
    onRequest: (req: IncomingMessage, res: ServerResponse) => void = () => {},
    options: GripProxyOptions = {},
  ): Promise<Site> {
    const origin = await stage().origin((res, { url }) => {
      if (url.startsWith('/stream')) hold(res, 'stream', 'ch', { body: '[open]' });
      else res.end(url);
    });
    const proxy = new GripProxy({ target: origin.url, ...options });
    const sockets: ServedSocket[] = [];
    const server = http.createServer((req, res) => {
      onRequest(req, res);
      proxy.handle(req, res);
    });
    server.on('connection', (socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stage().onClose(async () => {
      await proxy.close();
      server.close().closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    return { proxy, server, sockets, connect: () => RawClient.connect(port) };
  }

  async function held(opened: Site): Promise<RawClient> {
    const client = await opened.connect();
    client.request('GET /stream');
    await client.bodyWith('[open]');
    await eventually(() => opened.proxy.stats().sessions === 1, 'a hold');
    return client;
  }

  const end = (proxy: GripProxy): Promise<unknown> =>
    proxy.publish('ch', { 'http-stream': { action: 'close' } });

  it('does without the parser of Node, and gets items all the same', async () => {
    const opened = await site();
    const client = await held(opened);
    assert.equal(opened.sockets[0]?.parser, null);
    assert.equal('detaching' in opened.proxy.stats(), false);
    await opened.proxy.publish('ch', { 'http-stream': 'item' });
    await client.bodyWith('item');
  });

  it('serves further requests when the stream has ended, and further streams', async () => {
    const opened = await site();
    const client = await held(opened);
    for (let i = 1; i < 6; i += 2) {
      await end(opened.proxy);
      assert.equal(String((await client.reply(i - 1)).body), '[open]');
      client.request(`GET /${i}`);
      assert.equal(String((await client.reply(i)).body), `/${i}`);
      client.request('GET /stream');
      await client.bodyWith('[open]', i + 1);
    }
    assert.equal(opened.sockets.length, 1);
    assert.equal(opened.sockets[0]?.listenerCount('error'), 1);
    assert.equal(opened.sockets[0]?.listenerCount('data'), 1);
  });

  it('keeps requests that come meanwhile, whole and in part, until the stream has ended', async () => {
    const opened = await site();
    const client = await held(opened);
    client.request('GET /1');
    client.request('GET /stream');
    client.write('GET /3 HTTP/1.1\r\nHo', ['GET']);
    await settle();
    await end(opened.proxy);
    assert.equal(String((await client.reply(1)).body), '/1');
    await client.bodyWith('[open]', 2);
    client.write('st: example.com\r\n\r\n');
    await settle();
    await end(opened.proxy);
    assert.equal(String((await client.reply(3)).body), '/3');
  });

  it('keeps requests that have come with the one of the stream', async () => {
    const opened = await site();
    const client = await opened.connect();
    client.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /1 HTTP/1.1\r\nHo', ['GET', 'GET']);
    await client.bodyWith('[open]');
    client.write('st: a\r\n\r\n');
    await settle();
    await end(opened.proxy);
    assert.equal(String((await client.reply(1)).body), '/1');
  });

  it('reads not much more than it can keep, and loses nothing of it', async () => {
    const opened = await site();
    const client = await held(opened);
    const requests = 40;
    for (let i = 1; i <= requests; i++) client.request(`GET /${i}`, [`X-Fill: ${'.'.repeat(12_000)}`]);
    await eventually(() => opened.sockets[0]?.isPaused() === true, 'a pause');
    assert.ok((opened.sockets[0]?.bytesRead ?? 0) < 200_000);
    await end(opened.proxy);
    assert.equal(String((await client.reply(requests)).body), `/${requests}`);
  });

  it('is closed when what comes is no request', async () => {
    const opened = await site();
    const client = await held(opened);
    client.write('NONSENSE\r\n\r\n');
    await eventually(() => client.ending !== undefined, 'an end');
    assert.doesNotMatch(client.text, / 400 /);
    await eventually(() => opened.proxy.stats().sessions === 0, 'no hold');
  });

  it('ends the hold when the client ends its side, and when it breaks off', async () => {
    for (const leave of [(client: RawClient) => client.socket.end(), (client: RawClient) => client.reset()]) {
      const opened = await site();
      const client = await held(opened);
      leave(client);
      await eventually(() => opened.proxy.stats().sessions === 0, 'no hold');
      await eventually(() => opened.sockets[0]?.destroyed === true, 'no connection');
    }
  });

  it('closes behind the stream where the client has asked for that', async () => {
    const opened = await site();
    const client = await opened.connect();
    client.request('GET /stream', ['Connection: close']);
    await client.bodyWith('[open]');
    await eventually(() => opened.sockets[0]?.parser === null, 'a connection by itself');
    await end(opened.proxy);
    assert.equal((await client.reply()).complete, true);
    await eventually(() => client.ending === 'ended', 'an end');
  });

  it('is closed by its server when no request follows for a while', async () => {
    const opened = await site();
    opened.server.keepAliveTimeout = 1;
    const client = await held(opened);
    await end(opened.proxy);
    await eventually(() => client.ending === 'ended', 'an end');
  });

  it('ends with the proxy, whether its stream stands or has ended', async () => {
    const opened = await site();
    const idle = await held(opened);
    await end(opened.proxy);
    await idle.reply();
    const standing = await held(opened);
    await opened.proxy.close();
    assert.equal((await standing.reply()).complete, true);
    await eventually(() => idle.ending === 'ended' && standing.ending === 'ended', 'two ends');
  });

  it('obeys the time-out of its server', async () => {
    const opened = await site();
    const client = await held(opened);
    // As Node sets it for a new connection where the server has one.
    opened.sockets[0]?.setTimeout(1);
    await eventually(() => client.ending !== undefined, 'an end');
    await eventually(() => opened.proxy.stats().sessions === 0, 'no hold');
  });

  it('stays with its response where somebody else waits for that to close', async () => {
    let closed = 0;
    const opened = await site((_req, res) => res.once('close', () => closed++));
    const client = await held(opened);
    assert.notEqual(opened.sockets[0]?.parser, null);
    await end(opened.proxy);
    await client.reply();
    await eventually(() => closed === 1, 'a close');
  });

  for (const [part, without] of [
    ['a note of its pauses', forgetPauses],
    ['the listener of its parser', renameListener],
  ] as const) {
    it(`stays with its response in a Node whose connection lacks ${part}, which is told once`, async () => {
      const warnings: object[] = [];
      const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
      const opened = await site(({ socket }) => without(socket), { logger });
      for (let i = 1; i <= 2; i++) {
        const client = await opened.connect();
        client.request('GET /stream');
        await client.bodyWith('[open]');
        await eventually(() => opened.proxy.stats().sessions === i, 'a hold');
        await opened.proxy.publish('ch', { 'http-stream': 'item' });
        await client.bodyWith('item');
        client.request('GET /after');
        if (i === 1) continue;
        await end(opened.proxy);
        assert.equal(String((await client.reply(1)).body), '/after');
      }
      assert.equal(opened.proxy.stats().detaching, false);
      assert.deepEqual(warnings, [{ code: 'P8_UNKNOWN_NODE' }]);
    });
  }

  it('tells the process of a Node that is not known, where the proxy has no logger', async () => {
    const warned = once(process, 'warning');
    const opened = await site(({ socket }) => forgetPauses(socket));
    await held(opened);
    const [warning] = await warned;
    assert.deepEqual([warning.name, warning.code], ['P8Warning', 'P8_UNKNOWN_NODE']);
  });
});

/** As in a Node that does not have it. */
function forgetPauses(socket: Socket): void {
  Object.assign(socket, { _paused: undefined });
}

/** As in a Node that calls it something else. */
function renameListener(socket: Socket): void {
  const [listener] = socket.listeners('data');
  if (listener !== undefined) Object.defineProperty(listener, 'name', { value: 'something else' });
}
