import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import tls from 'node:tls';
import type { LimitFields } from '@p-8/core';
import { certificate } from '../../../../test/support/apps/certificate.js';
import { eventually, settle, stalls } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';
import { HANDSHAKE } from '../../../../test/support/ws-client.js';

const POLL = 'GET /poll HTTP/1.1\r\nHost: a\r\n\r\n';

describe('threat 21: many requests on one connection', () => {
  const stage = useStage();

  /** A server, and how many bytes it has read. */
  function countingServer(server: http.Server = http.createServer()): [http.Server, () => number] {
    const sockets: net.Socket[] = [];
    server.on('connection', (socket: net.Socket) => sockets.push(socket));
    return [server, () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)];
  }

  it('ask the origin four at a time, however many there are', async () => {
    const origin = await stage().origin(() => {});
    const [server, bytesRead] = countingServer();
    const proxy = await stage().proxy({ target: origin.url }, server);
    const client = await stage().client(proxy);
    client.write(POLL.repeat(100_000));
    await origin.request(3);
    await stalls(bytesRead);
    assert.equal(origin.requests.length, 4);
    assert.equal(origin.connections, 4);
    assert.equal(proxy.proxy.stats().upstreamRequests, 4);
    assert.ok(bytesRead() < 300_000, `${bytesRead()} bytes were read`);
    // That a client leaves is hidden behind what it has sent, and is not read.
    proxy.server.closeAllConnections();
  });

  it('are all answered, in their order, and never more than four at a time', async () => {
    let underWay = 0;
    let most = 0;
    const origin = await stage().origin((res, { url }) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay--;
        res.end(url);
      });
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    const count = 1500;
    let requests = '';
    for (let i = 0; i < count; i++) requests += `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`;
    client.write(requests);
    await client.tail(`\r\n\r\n/${count - 1}`);
    const bodies = client.text.matchAll(/\r\n\r\n(\/\d+)/g);
    assert.deepEqual(
      [...bodies].map(([, path]) => path),
      Array.from({ length: count }, (_, i) => `/${i}`),
    );
    assert.ok(most <= 4, `${most} at a time`);
    // One that has just brought an answer is not always ready for the next request.
    assert.ok(origin.connections < 20, `${origin.connections} connections`);
  });

  it('wait behind a hold until it is over, and are held in turn', async () => {
    const origin = await stage().origin((res, { url }) => hold(res, 'response', 'ch', { body: url }));
    const { proxy, port } = await stage().proxy({ target: origin.url, requestsPerConnection: 2 });
    const client = await stage().client({ port });
    client.write(POLL.repeat(5));
    for (const round of [1, 2]) {
      await eventually(() => proxy.stats().sessions === 2, 'two holds');
      await settle();
      assert.equal(origin.requests.length, 2 * round);
      await proxy.publish('ch', { 'http-response': 'pushed' });
      await client.reply(2 * round - 1);
    }
    await eventually(() => proxy.stats().sessions === 1, 'the last hold');
    await proxy.publish('ch', { 'http-response': 'last' });
    assert.equal(String((await client.reply(4)).body), 'last');
  });

  it('go one by one where that is the bound', async () => {
    let underWay = 0;
    const origin = await stage().origin((res, { url }) => {
      assert.equal(++underWay, 1);
      setImmediate(() => {
        underWay--;
        res.end(url);
      });
    });
    const proxy = await stage().proxy({ target: origin.url, requestsPerConnection: 1 });
    const client = await stage().client(proxy);
    for (let i = 0; i < 50; i++) client.request(`GET /${i}`);
    assert.equal(String((await client.reply(49)).body), '/49');
  });

  it('keep their bodies while they wait', async () => {
    const origin = await stage().origin((res, seen) => {
      res.req.on('end', () => res.end(`${seen.url} ${seen.body.length}`));
    });
    const proxy = await stage().proxy({ target: origin.url, requestsPerConnection: 1 });
    const client = await stage().client(proxy);
    for (let i = 0; i < 10; i++) client.request(`POST /${i}`, [], 'x'.repeat(30_000 * i));
    for (let i = 0; i < 10; i++) assert.equal(String((await client.reply(i)).body), `/${i} ${30_000 * i}`);
  });

  it('are given up together when the client leaves, and those that wait are never asked', async () => {
    const origin = await stage().origin(() => {});
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.write(POLL.repeat(20));
    await origin.request(3);
    client.destroy();
    for (let i = 0; i < 4; i++) await origin.abandonedRequest(i);
    await settle();
    assert.equal(origin.requests.length, 4);
    assert.equal(proxy.proxy.stats().upstreamRequests, 0);
  });

  it('of HTTP/1.0 wait as well, and the connection ends where the last one says so', async () => {
    const origin = await stage().origin((res, { url }) => res.end(url));
    const client = await stage().client(
      await stage().proxy({ target: origin.url, requestsPerConnection: 1 }),
    );
    for (let i = 0; i < 5; i++) client.request(`GET /${i} HTTP/1.0`, ['Connection: keep-alive']);
    client.request('GET /last', ['Connection: close']);
    assert.equal(String((await client.reply(5)).body), '/last');
    assert.equal(await client.closed(), 'ended');
    assert.equal(client.replies.length, 6);
  });

  it('leave other connections alone', async () => {
    const origin = await stage().origin((res, { url }) => {
      if (url !== '/poll') res.end(url);
    });
    const proxy = await stage().proxy({ target: origin.url });
    const flood = await stage().client(proxy);
    flood.write(POLL.repeat(1000));
    await origin.request(3);
    const others = Array.from({ length: 20 }, () => stage().client(proxy));
    for (const other of others) {
      const client = await other;
      client.request('GET /other');
      assert.equal(String((await client.reply()).body), '/other');
    }
    proxy.server.closeAllConnections();
  });

  it('are told of, each time that a connection has to wait', async () => {
    const told: [string, LimitFields][] = [];
    const origin = await stage().origin((res, { url }) => res.end(url));
    const { proxy, port } = await stage().proxy({ target: origin.url });
    proxy.on('limit', (limit, fields) => told.push([limit, fields]));
    const client = await stage().client({ port });
    client.write(POLL.repeat(4), Array(4).fill('GET'));
    await client.reply(3);
    assert.deepEqual(told, []);
    client.write(POLL.repeat(20), Array(20).fill('GET'));
    await client.reply(23);
    assert.deepEqual(told, [['requests', { address: '127.0.0.1' }]]);
    assert.equal(proxy.limits().requests, 1);
  });

  it('ask an app in this process four at a time, too', async () => {
    const answers: http.ServerResponse[] = [];
    const { proxy, port } = await serveApp((_req, res) => answers.push(res));
    const client = await stage().client({ port });
    client.write(POLL.repeat(100));
    await eventually(() => answers.length === 4, 'four requests');
    await settle();
    assert.equal(answers.length, 4);
    for (const res of answers) hold(res, 'response', 'ch');
    await eventually(() => proxy.stats().sessions === 4, 'four holds');
    await proxy.publish('ch', { 'http-response': 'pushed' });
    await client.reply(3);
    await eventually(() => answers.length === 8, 'four more');
  });

  it('over TLS are read no further either', async () => {
    const origin = await stage().origin(() => {});
    const [server, bytesRead] = countingServer(https.createServer(certificate()) as http.Server);
    const proxy = await stage().proxy({ target: origin.url }, server);
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const client = new RawClient(socket);
    client.write(POLL.repeat(100_000));
    await origin.request(3);
    await stalls(bytesRead);
    assert.equal(origin.requests.length, 4);
    assert.ok(bytesRead() < 300_000, `${bytesRead()} bytes were read`);
    proxy.server.closeAllConnections();
    client.destroy();
  });

  it('before a WebSocket are answered before it is let in', async () => {
    const origin = await stage().origin((res, { url }) => {
      if (url === '/poll') hold(res, 'response', 'ch');
      else res.writeHead(200, { 'Content-Type': 'application/websocket-events' }).end('OPEN\r\n');
    });
    const { proxy, server, port } = await stage().proxy({ target: { url: origin.url, overHttp: true } });
    proxy.attach(server);
    const client = await stage().client({ port });
    client.write(POLL.repeat(6), Array(6).fill('GET'));
    client.request('GET /ws', HANDSHAKE);
    await eventually(() => proxy.stats().sessions === 4, 'four holds');
    await proxy.publish('ch', { 'http-response': 'pushed' });
    await eventually(() => proxy.stats().sessions === 2, 'two more holds');
    assert.doesNotMatch(client.text, /101 /);
    await proxy.publish('ch', { 'http-response': 'pushed' });
    await client.tail('HTTP/1.1 101 ');
    assert.equal(client.text.match(/pushed/g)?.length, 6);
    // What the client says from now on reaches the origin.
    client.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    await origin.bodyWith('TEXT 2\r\nhi', 7);
  });

  it('before an offer of HTTP/2 are answered before it', async () => {
    const origin = await stage().origin((res, { url }) => {
      if (url === '/poll') hold(res, 'response', 'ch');
      else res.end(url);
    });
    const { proxy, server, port } = await stage().proxy({ target: origin.url });
    proxy.attach(server);
    const client = await stage().client({ port });
    client.write(POLL, ['GET']);
    client.request('GET /offer', [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: A',
    ]);
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await settle();
    await proxy.publish('ch', { 'http-response': 'pushed' });
    assert.equal(String((await client.reply(0)).body), 'pushed');
    assert.equal(String((await client.reply(1)).body), '/offer');
    client.request('GET /next');
    assert.equal(String((await client.reply(2)).body), '/next');
  });

  it('before a WebSocket end with it when the client leaves', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch'));
    const { proxy, server, port } = await stage().proxy({ target: { url: origin.url, overHttp: true } });
    proxy.attach(server);
    const client = await stage().client({ port });
    client.write(POLL.repeat(2));
    client.request('GET /ws', HANDSHAKE);
    await eventually(() => proxy.stats().sessions === 2, 'two holds');
    client.destroy();
    await eventually(() => proxy.stats().sessions === 0, 'nothing held');
    assert.equal(origin.requests.length, 2);
  });

  it('of polls of SockJS wait their turn', async () => {
    const origin = await stage().origin((res) => {
      res.writeHead(200, { 'Content-Type': 'application/websocket-events' }).end('OPEN\r\n');
    });
    const { proxy, port } = await stage().proxy({
      target: { url: origin.url, overHttp: true },
      sockjs: '/sockjs',
    });
    const client = await stage().client({ port });
    const poll = (session: string, transport = 'xhr'): string =>
      `POST /sockjs/000/${session}/${transport} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
    client.write(poll('first', 'xhr_streaming'), ['POST']);
    await client.bodyWith('o\n');
    for (let i = 0; i < 100; i++) client.write(poll(`s${i}`));
    await eventually(() => proxy.limits().requests === 1, 'the bound');
    await settle();
    assert.equal(proxy.stats().sessions, 4);
    await proxy.close();
  });

  /** A proxy before an app, by `wrap`. */
  async function serveApp(app: http.RequestListener): Promise<ProxyServer> {
    const proxy = await stage().proxy({});
    proxy.server.removeAllListeners('request');
    proxy.server.on('request', proxy.proxy.wrap(app));
    return proxy;
  }
});
