import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { GripProxyOptions, RouteOptions } from '@p-8/core';
import { eventually, settle } from '../support/eventually.js';
import { field } from '../support/http-reply.js';
import { ManualClock } from '../support/manual-clock.js';
import { MOUNTS, type Mounted } from '../support/mounts.js';
import type { RawClient } from '../support/raw-client.js';
import { useStage } from '../support/stage.js';

const MB = 1_000_000;
const EVENTS = 'application/websocket-events';
const FORGED = ['Connection-Id: victim', 'Meta-User: admin'];

/** The most requests of one connection that are under way at a time. */
const AT_A_TIME = 4;

interface Seen {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

for (const mount of MOUNTS) {
  describe(`requests to ${mount.name}`, () => {
    const stage = useStage();
    let seen: Seen[];
    let server: Mounted;

    /** Answers with what it was asked. */
    const echo: RequestListener = (req, res) => {
      res.end(`${req.method} ${req.url}`);
    };

    async function open(
      listener: RequestListener = echo,
      options: GripProxyOptions = {},
      route: Omit<RouteOptions, 'target'> = {},
    ): Promise<RawClient> {
      seen = [];
      server = await mount.open(stage(), {
        listener: (req, res) => {
          seen.push({ line: `${req.method} ${req.url}`, headers: req.headers });
          listener(req, res);
        },
        options,
        route,
      });
      return await stage().client(server);
    }

    /** Others are served. */
    async function serves(): Promise<void> {
      const other = await stage().client(server);
      other.request('GET /other');
      assert.equal(String((await other.reply()).body), 'GET /other');
    }

    it('OPTIONS of the server itself are answered, whatever the port in Host', async () => {
      const client = await open();
      for (const [index, host] of ['a', 'a:80', '[::1]:80'].entries()) {
        client.request('OPTIONS *', [`Host: ${host}`]);
        const { status, body } = await client.reply(index);
        assert.equal(`${status} ${body}`, mount.isRemote ? '204 ' : '200 OPTIONS *', host);
      }
    });

    it('CONNECT is answered 501, and nothing behind it is read', async () => {
      const client = await open();
      client.write('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.closed();
      assert.deepEqual(
        client.replies.map(({ status }) => status),
        [501],
      );
      assert.deepEqual(seen, []);
      await serves();
    });

    it('HTTP/2.0 in the first line is answered 505, and nothing behind it is read', async () => {
      const client = await open();
      client.write('GET / HTTP/2.0\r\nHost: a\r\n\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.closed();
      assert.deepEqual(
        client.replies.map(({ status }) => status),
        [505],
      );
      assert.deepEqual(seen, []);
      await serves();
    });

    it('WebSocket events of clients are refused, and the connection goes on', async () => {
      const client = await open();
      const types = [EVENTS, 'Application/WebSocket-Events; charset=utf-8', `text/plain, ${EVENTS}`];
      for (const [index, type] of types.entries()) {
        client.request('POST /', [`Content-Type: ${type}`, ...FORGED], 'OPEN\r\n');
        assert.equal((await client.reply(index)).status, 403, type);
      }
      assert.deepEqual(seen, []);
      client.request('POST /', ['Content-Type: text/plain', ...FORGED], 'OPEN\r\n');
      assert.equal((await client.reply(types.length)).status, 200);
      assert.deepEqual(
        seen.map(({ headers }) => [headers['connection-id'], headers['meta-user']]),
        [[undefined, undefined]],
      );
    });

    it('of one connection are answered in their order, four at a time', async () => {
      const waiting: (() => void)[] = [];
      const client = await open((req, res) => {
        if (seen.length > AT_A_TIME) echo(req, res);
        else waiting.push(() => echo(req, res));
      });
      const lines = Array.from({ length: 200 }, (_, i) => `GET /${i}`);
      for (const line of lines) client.request(line);
      await eventually(() => waiting.length === AT_A_TIME, 'the first ones');
      await settle(100);
      assert.equal(seen.length, AT_A_TIME);
      for (const answer of waiting.reverse()) answer();
      await client.reply(lines.length - 1);
      assert.deepEqual(
        client.replies.map(({ body }) => String(body)),
        lines,
      );
    });

    it('that are refused while their body comes see the refusal', async () => {
      const client = await open();
      client.request('POST /', [`Content-Type: ${EVENTS}`, 'Connection: close', `Content-Length: ${4 * MB}`]);
      for (let i = 0; i < 16; i++) {
        client.write(Buffer.alloc(MB / 4, 'x'));
        await settle(5);
      }
      assert.equal(await client.closed(), 'ended');
      assert.equal(client.replies[0]?.status, 403);
      assert.deepEqual(seen, []);
    });

    it('that have been here already end with 508', async () => {
      // An app that asks nobody else cannot be part of a loop.
      const client = await open(echo, { cdnLoop: 'p-8-here', linkHosts: ['other.test'] });
      client.request('GET /', ['CDN-Loop: other, P-8-here; v=1']);
      assert.equal((await client.reply()).status, 508);
      client.request('GET /', ['CDN-Loop: other']);
      assert.equal((await client.reply(1)).status, 200);
      if (mount.isRemote) assert.equal(seen[0]?.headers['cdn-loop'], 'other, p-8-here');
      assert.equal(seen.length, 1);
    });

    it('for an upload that looks like an instruct get the upload', async () => {
      const upload = JSON.stringify({ hold: { mode: 'stream', channels: [{ name: 'secret' }] } });
      const client = await open(
        (_req, res) => {
          const fields = { 'Content-Type': 'application/grip-instruct', 'X-Content-Type-Options': 'nosniff' };
          res.writeHead(200, fields).end(upload);
        },
        mount.isRemote ? { jsonInstructs: false } : {},
      );
      client.request('GET /');
      const reply = await client.reply();
      assert.equal(String(reply.body), upload);
      assert.equal(field(reply, 'x-content-type-options'), 'nosniff');
      assert.equal(server.proxy.stats().sessions, 0);
    });

    if (!mount.isRemote) return;

    it('JSON-P makes no WebSocket events of a page’s request', async () => {
      const client = await open(echo, {}, { autoCrossOrigin: true });
      const headers = JSON.stringify({ 'Content-Type': EVENTS, 'Connection-Id': 'victim' });
      client.request(`GET /?callback=cb&_method=POST&_headers=${encodeURIComponent(headers)}&_body=OPEN`);
      await client.reply();
      assert.deepEqual(seen, []);
    });

    it('whose body stops in its midst are answered 408, and the origin hears of it', async () => {
      const clock = new ManualClock();
      let aborted = false;
      const client = await open((req) => req.on('error', () => {}).on('close', () => (aborted = true)), {
        clock,
      });
      client.request('POST /', ['Content-Length: 10'], 'half');
      await eventually(() => seen.length === 1, 'a request at the origin');
      clock.advance(75_000);
      assert.equal((await client.reply()).status, 408);
      await eventually(() => aborted, 'an origin that knows');
      assert.equal(server.proxy.limits().stalledUpload, 1);
    });

    it('whose client leaves in the midst of an upload end at the origin, too', async () => {
      let aborted = false;
      const client = await open((req) => req.on('error', () => {}).on('close', () => (aborted = true)));
      client.request('POST /', ['Content-Length: 10'], 'half');
      await eventually(() => seen.length === 1, 'a request at the origin');
      client.destroy();
      await eventually(() => aborted, 'an origin that knows');
    });

    it('whose response is not read are cut after a minute, and end at the origin', async () => {
      const clock = new ManualClock();
      let closed = false;
      let written = 0;
      const client = await open(
        (_req, res) => {
          const block = Buffer.alloc(MB, 'x');
          const pump = (): void => {
            while (!res.destroyed && res.write(block)) written += block.length;
          };
          res.on('drain', pump).on('close', () => (closed = true));
          pump();
        },
        { clock },
      );
      client.socket.pause();
      client.request('GET /');
      for (let last = -1; last !== written; ) {
        last = written;
        await settle(200);
      }
      for (let minutes = 0; minutes < 3 && !closed; minutes++) {
        clock.advance(75_000);
        await settle(100);
      }
      await eventually(() => closed, 'an origin that knows');
      assert.equal(server.proxy.limits().stalledRelay, 1);
      client.socket.resume();
      await client.closed();
    });

    it('that the origin refuses before it has read their body get its answer', async () => {
      const client = await open((_req, res) => {
        res.writeHead(413, { Connection: 'close' }).end('too much');
      });
      client.request('POST /', [`Content-Length: ${4 * MB}`], Buffer.alloc(4 * MB, 'x'));
      const { status, body } = await client.reply();
      assert.equal(`${status} ${body}`, '413 too much');
    });

    // An app in the same process has no connections that could be bounded, or become old.
    if (!mount.isRemote) return;

    it('that are more than the origin may be asked wait, and those beyond are answered 503', async () => {
      const waiting: (() => void)[] = [];
      await open((req, res) => void waiting.push(() => res.end(String(req.url))), {
        connectionsPerOrigin: 1,
        queuedPerOrigin: 1,
      });
      const clients = [];
      for (const path of ['/first', '/second', '/third']) {
        const client = await stage().client(server);
        client.request(`GET ${path}`);
        clients.push(client);
        await eventually(() => server.proxy.stats().upstreamRequests >= Math.min(clients.length, 2), path);
      }
      assert.equal((await clients[2]?.reply())?.status, 503);
      assert.equal(server.proxy.limits().queued, 1);
      for (const [index, path] of ['/first', '/second'].entries()) {
        await eventually(() => waiting.length === 1, path);
        waiting.pop()?.();
        assert.equal(String((await clients[index]?.reply())?.body), path);
      }
      assert.equal(seen.length, 2);
    });

    it('go by another connection to the origin after a minute', async () => {
      const clock = new ManualClock();
      const ports: unknown[] = [];
      const client = await open(
        (req, res) => {
          ports.push(req.socket.remotePort);
          res.setHeader('Keep-Alive', 'timeout=600').end();
        },
        { clock },
      );
      for (const ms of [0, 59_999, 1]) {
        clock.advance(ms);
        client.request('GET /');
        await client.reply(ports.length);
      }
      assert.equal(ports[0], ports[1]);
      assert.notEqual(ports[1], ports[2]);
    });
  });
}
