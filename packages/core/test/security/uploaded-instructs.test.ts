import assert from 'node:assert/strict';
import type http from 'node:http';
import type { GripProxyOptions, RouteOptions } from '@p-8/core';
import { event } from '../../../../test/support/events-origin.js';
import { eventually } from '../../../../test/support/eventually.js';
import { field, type HttpReply } from '../../../../test/support/http-reply.js';
import { hold, respond } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { useStage } from '../../../../test/support/stage.js';
import { WsClient } from '../../../../test/support/ws-client.js';

const TYPE = 'application/grip-instruct';
const UPLOAD = JSON.stringify({
  hold: { mode: 'stream', channels: [{ name: 'secret' }] },
  response: { headers: { 'Content-Type': 'text/html' }, body: '<script>alert(1)</script>' },
});

describe('threat 24: uploads that are instructs', () => {
  const stage = useStage();

  /** Serves what somebody has uploaded, as file servers do. */
  const files: http.RequestListener = (_req, res) => {
    res
      .writeHead(200, { 'Content-Type': TYPE, 'X-Content-Type-Options': 'nosniff', ETag: '"1"' })
      .end(UPLOAD);
  };

  async function wrapped(app: http.RequestListener, options: GripProxyOptions = {}): Promise<ProxyServer> {
    const server = await stage().proxy(options);
    server.server.removeAllListeners('request').on('request', server.proxy.wrap(app));
    return server;
  }

  async function remote(
    app: http.RequestListener,
    route: Partial<RouteOptions> = {},
    options: GripProxyOptions = {},
  ): Promise<ProxyServer> {
    const origin = await stage().origin((res) => app(res.req, res as never));
    return await stage().proxy({ routes: [{ target: origin.url, ...route }], ...options });
  }

  async function ask(to: ProxyServer, path = '/'): Promise<HttpReply> {
    const client = await stage().client(to);
    client.request(`GET ${path}`);
    return await client.reply();
  }

  function assertUntouched(reply: HttpReply): void {
    assert.equal(`${reply.status} ${reply.body}`, `200 ${UPLOAD}`);
    assert.equal(field(reply, 'content-type'), TYPE);
    assert.equal(field(reply, 'x-content-type-options'), 'nosniff');
    assert.equal(field(reply, 'etag'), '"1"');
  }

  it('pass as any other file of an app in the same process, however it is mounted', async () => {
    assertUntouched(await ask(await wrapped(files)));
    assertUntouched(await ask(await wrapped(files, { jsonInstructs: false })));
    assertUntouched(await ask(await stage().proxy({ target: { listener: files } })));
  });

  it('pass from a remote origin where its route, or the proxy, says so', async () => {
    assertUntouched(await ask(await remote(files, { jsonInstructs: false })));
    assertUntouched(await ask(await remote(files, {}, { jsonInstructs: false })));
  });

  it('are read where they are the origin’s own', async () => {
    for (const server of [
      await wrapped(files, { jsonInstructs: true }),
      await remote(files),
      await remote(files, { jsonInstructs: true }, { jsonInstructs: false }),
      await stage().proxy({ routes: [{ target: { listener: files }, jsonInstructs: true }] }),
    ]) {
      const client = await stage().client(server);
      client.request('GET /');
      const { body } = await client.bodyWith('alert');
      assert.equal(String(body), '<script>alert(1)</script>');
      assert.equal(server.proxy.hub.subscriberCount('secret'), 1);
      client.destroy();
    }
  });

  const dressed: [string, http.OutgoingHttpHeaders | string[]][] = [
    ['in capital letters', { 'Content-Type': 'Application/GRIP-Instruct' }],
    ['with parameters', { 'content-type': `${TYPE}; charset=utf-8` }],
    ['in a flat list', ['Content-Type', TYPE]],
    ['compressed', { 'Content-Type': TYPE, 'Content-Encoding': 'gzip' }],
  ];
  for (const [how, headers] of dressed) {
    it(`pass ${how}`, async () => {
      const app: http.RequestListener = (_req, res) => void res.writeHead(200, headers).end(UPLOAD);
      for (const server of [await wrapped(app), await remote(app, { jsonInstructs: false })]) {
        assert.equal(String((await ask(server)).body), UPLOAD);
      }
    });
  }

  it('are content of a response whose headers are for the proxy', async () => {
    const app: http.RequestListener = (_req, res) => {
      res.writeHead(200, { 'Content-Type': TYPE, 'Grip-Hold': 'stream', 'Grip-Channel': 'own' }).end(UPLOAD);
    };
    for (const server of [await wrapped(app), await remote(app, { jsonInstructs: false })]) {
      const client = await stage().client(server);
      client.request('GET /');
      const reply = await client.bodyWith('alert');
      assert.deepEqual([String(reply.body), field(reply, 'content-type')], [UPLOAD, TYPE]);
      const { hub } = server.proxy;
      assert.deepEqual([hub.subscriberCount('own'), hub.subscriberCount('secret')], [1, 0]);
      client.destroy();
    }
  });

  it('are content of a stream, however large they are', async () => {
    const large = UPLOAD + ' '.repeat(200_000);
    const app: http.RequestListener = (_req, res) => {
      res.writeHead(200, { 'Content-Type': TYPE, 'Grip-Hold': 'stream', 'Grip-Channel': 'own' }).end(large);
    };
    for (const server of [await wrapped(app), await remote(app, { jsonInstructs: false })]) {
      const client = await stage().client(server);
      client.request('GET /');
      await client.bytes(large.length);
      await eventually(() => server.proxy.hub.subscriberCount('own') === 1, 'a hold');
      client.destroy();
    }
  });

  it('are content where a link leads to them', async () => {
    const app: http.RequestListener = (req, res) => {
      if (req.url === '/upload') files(req, res);
      else respond(res, { fields: ['Grip-Link: </upload>; rel=next'], body: 'first ' });
    };
    for (const server of [await wrapped(app), await remote(app, { jsonInstructs: false })]) {
      assert.equal(String((await ask(server)).body), `first ${UPLOAD}`);
    }
  });

  it('are content where a request that was held is sent again', async () => {
    for (const kind of ['in process', 'remote']) {
      let count = 0;
      const app: http.RequestListener = (req, res) => {
        if (count++ > 0) files(req, res);
        else hold(res, 'response', 'ch; prev-id=1');
      };
      const server = kind === 'remote' ? await remote(app, { jsonInstructs: false }) : await wrapped(app);
      const client = await stage().client(server);
      client.request('GET /');
      await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
      await server.proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
      assertUntouched(await client.reply());
    }
  });

  it('cannot subscribe the WebSocket that is opened on them', async () => {
    const upload = Buffer.concat([event('OPEN'), event('TEXT', 'c:{"type":"subscribe","channel":"secret"}')]);
    const app: http.RequestListener = (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/websocket-events' }).end(upload);
    };
    const server = await wrapped(app);
    server.proxy.attach(server.server);
    const client = await WsClient.open(stage(), server, '/');
    // Without the extension, which is a header, it is a message like any other.
    assert.equal(await client.next(), 'text c:{"type":"subscribe","channel":"secret"}');
    assert.equal(server.proxy.hub.subscriberCount('secret'), 0);
  });
});
