import assert from 'node:assert/strict';
import type http from 'node:http';
import type { GripProxyOptions, RouteOptions } from '@p-8/core';
import { answerEvents, obliging } from '../../../../test/support/events-origin.js';
import { eventually } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { hold, type OriginHandler, respond } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { useStage } from '../../../../test/support/stage.js';
import { HANDSHAKE, WsClient } from '../../../../test/support/ws-client.js';
import { WsOrigin } from '../../../../test/support/ws-origin.js';

describe('threat 9: loops', () => {
  const stage = useStage();

  it('of a link to itself that brings nothing back off, and do not end', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin((res) => respond(res, { fields: ['Grip-Link: </next>; rel=next'] }));
    const proxy = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(proxy);
    client.request('GET /');
    await origin.request(1);
    let asked = 2;
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 16_000]) {
      await eventually(() => clock.pending > 0 && proxy.proxy.stats().upstreamRequests === 0, 'a wait');
      clock.advance(ms - 1);
      assert.equal(origin.requests.length, asked);
      clock.advance(1);
      asked++;
      await origin.request(asked - 1);
    }
    client.destroy();
  });

  it('of a link that holds and times out at once are slowed down by the limiter', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin((res) => {
      hold(res, 'stream', 'ch', { fields: ['Grip-Link: </next>; rel=next; timeout=0'], body: 'x' });
    });
    const proxy = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(proxy);
    client.request('GET /');
    for (let round = 1; round <= 3; round++) {
      await eventually(() => proxy.proxy.stats().upstreamRequests === 0 && clock.pending > 0, 'a wait');
      clock.advance(0);
      clock.advance(99);
      assert.equal(origin.requests.length, round);
      clock.advance(1);
      await origin.request(round);
    }
    client.destroy();
  });

  it('by the own listener as target are refused with 508', async () => {
    const proxy = await stage().proxy({ routes: [] });
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '[::1]', '127.9.9.9']) {
      proxy.proxy.setRoutes([{ target: ['http://192.0.2.1:9', `http://${host}:${proxy.port}`] }]);
      const client = await stage().client(proxy);
      client.request('GET /');
      assert.equal((await client.reply()).status, 508, host);
    }
  });

  it('by CDN-Loop are refused with 508', async () => {
    const origin = await stage().origin((res) => res.end('fine'));
    const proxy = await stage().proxy({ target: origin.url, cdnLoop: 'p-8' });
    for (const [value, status] of [
      ['p-8', 508],
      ['other, p-8; v=1', 508],
      ['other; x="p-8", P-8', 508],
      ['p-80, ap-8', 200],
    ] as const) {
      const client = await stage().client(proxy);
      client.request('GET /', [`CDN-Loop: ${value}`]);
      assert.equal((await client.reply()).status, status, value);
    }
    assert.equal(origin.requests[0]?.headers['cdn-loop'], 'p-80, ap-8, p-8');
  });

  /** Events of a WebSocket pass on only from a proxy that is trusted. */
  const TRUSTING: readonly GripProxyOptions[] = [{ upstreamKey: 'changeme' }, { upstreamKey: 'changeme' }];

  const NAME = /^p-8-[0-9a-f]{8}$/;

  /** Proxies that ask each other in turn, and how many connections they have taken. */
  async function circle(
    route: Partial<RouteOptions> = {},
    target: object = {},
    options: readonly GripProxyOptions[] = [{}, {}],
  ) {
    const proxies: ProxyServer[] = [];
    const taken = { requests: 0 };
    for (const one of options) {
      const proxy = await stage().proxy({ routes: [], ...one });
      proxy.proxy.attach(proxy.server);
      for (const event of ['request', 'upgrade']) proxy.server.on(event, () => taken.requests++);
      proxies.push(proxy);
    }
    for (const [index, { proxy }] of proxies.entries()) {
      const next = proxies[(index + 1) % proxies.length];
      proxy.setRoutes([{ target: { url: `http://127.0.0.1:${next?.port}`, ...target }, ...route }]);
    }
    return { proxies, taken, first: proxies[0] ?? assert.fail() };
  }

  it('of two proxies that ask each other end where they began', async () => {
    const { first, taken } = await circle({}, {}, [{ cdnLoop: 'one' }, { cdnLoop: 'two' }]);
    const client = await stage().client(first);
    client.request('GET /');
    assert.equal((await client.reply()).status, 508);
    assert.equal(taken.requests, 3);
  });

  it('of proxies that have not been given names end as well', async () => {
    for (const route of [{}, { grip: false }, { sockjs: '/elsewhere' }]) {
      const { first, taken } = await circle(route, {}, [{}, {}, {}]);
      const client = await stage().client(first);
      client.request('POST /', [], 'x');
      assert.equal((await client.reply()).status, 508);
      assert.equal(taken.requests, 4);
    }
  });

  const ways: [way: string, route: Partial<RouteOptions>, target: object][] = [
    ['that the origins speak themselves', {}, {}],
    ['over HTTP', {}, { overHttp: true }],
    ['that pass byte by byte', { grip: false }, {}],
  ];
  for (const [way, route, target] of ways) {
    it(`of WebSockets ${way} end`, async () => {
      const { first, taken } = await circle(route, target, TRUSTING);
      const client = await stage().client(first);
      client.request('GET /', HANDSHAKE);
      assert.equal((await client.reply()).status, 508);
      assert.equal(taken.requests, 3);
    });
  }

  it('of SockJS sessions end', async () => {
    for (const target of [{}, { overHttp: true }]) {
      const { first, taken } = await circle({ sockjs: '/chat', sockjsAsPath: '/ws' }, target, TRUSTING);
      const client = await stage().client(first);
      client.request('POST /chat/000/session/xhr', [], 'x');
      assert.equal((await client.reply()).status, 508);
      assert.equal(taken.requests, 3);
    }
  });

  it('over more proxies than a request can need end, whatever their names are', async () => {
    const origin = await stage().origin((res) => res.end('fine'));
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const names = (count: number): string => Array.from({ length: count }, (_, i) => `p-8-${i}`).join(', ');
    for (const [fields, status] of [
      [[`CDN-Loop: ${names(19)}`], 200],
      [[`CDN-Loop: ${names(20)}`], 508],
      [[`CDN-Loop: ${names(10)}`, `CDN-Loop: ${names(10)}`], 508],
    ] as const) {
      const client = await stage().client({ port });
      client.request('GET /', fields);
      assert.equal((await client.reply()).status, status);
    }
    assert.equal(proxy.limits().hops, 2);
  });

  it('are not looked for where that is turned off', async () => {
    const origin = await stage().origin((res) => res.end('fine'));
    const client = await stage().client(await stage().proxy({ target: origin.url, cdnLoop: '' }));
    client.request('GET /', [`CDN-Loop: ${'a, '.repeat(30)}b`]);
    assert.equal((await client.reply()).status, 200);
    assert.equal(origin.requests[0]?.headers['cdn-loop'], `${'a, '.repeat(30)}b`);
    client.request('GET /');
    await client.reply(1);
    assert.equal(origin.requests[1]?.headers['cdn-loop'], undefined);
  });

  it('are told by a name of its own that each proxy has', async () => {
    const origin = await stage().origin((res) => res.end('fine'));
    const names = new Set<unknown>();
    for (let i = 0; i < 3; i++) {
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('GET /');
      await client.reply();
      const name = (await origin.request(i)).headers['cdn-loop'];
      assert.match(String(name), NAME);
      names.add(name);
    }
    assert.equal(names.size, 3);
  });

  describe('by CDN-Loop', () => {
    const CAME = 'CDN-Loop: before; v=1';
    const CARRIED = /^before; v=1, p-8-[0-9a-f]{8}$/;

    /** An origin of all that a proxy asks. */
    const origin: OriginHandler = (res, { url, method, headers }, count) => {
      if (headers['content-type'] === 'application/websocket-events') {
        res.req.on('end', () => answerEvents(res, obliging('OPEN\r\n')));
      } else if (url === '/retried') {
        if (count === 0) hold(res, 'response', 'ch; prev-id=1');
        else res.end();
      } else if (url === '/held') {
        const links = [
          'Grip-Link: </next>; rel=next',
          'Grip-Link: </gone>; rel=gone',
          'Grip-Set-Meta: url=/check',
        ];
        hold(res, 'stream', 'ch; filter=http-check', { fields: links, body: '[' });
      } else if (url === '/' && method === 'GET') {
        respond(res, { fields: ['Grip-Link: </next>; rel=next'], body: '1' });
      } else {
        res.end();
      }
    };

    it('tells each request where it has been: relayed, sent again, of a link, a filter, and a client that is gone', async () => {
      const server = await stage().origin(origin);
      const { proxy, port } = await stage().proxy({ target: server.url });
      const retried = await stage().client({ port });
      retried.request('GET /retried', [CAME]);
      await eventually(() => proxy.stats().sessions === 1, 'a hold');
      await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
      await retried.reply();
      const linked = await stage().client({ port });
      linked.request('GET /', [CAME]);
      await linked.reply();
      const held = await stage().client({ port });
      held.request('GET /held', [CAME]);
      await held.bodyWith('[');
      await proxy.publish('ch', { 'http-stream': 'item' });
      await held.bodyWith('item');
      held.destroy();
      await server.request(6);
      assert.deepEqual(
        server.requests.map(({ method, url }) => `${method} ${url}`),
        ['GET /retried', 'GET /retried', 'GET /', 'GET /next', 'GET /held', 'POST /check', 'POST /gone'],
      );
      for (const { url, headers } of server.requests) assert.match(String(headers['cdn-loop']), CARRIED, url);
    });

    it('tells each request of a WebSocket', async () => {
      const server = await stage().origin(origin);
      const direct = await WsOrigin.listen();
      stage().onClose(() => direct.close());
      const routes: RouteOptions[] = [
        { pathPrefix: '/events', target: { url: server.url, overHttp: true } },
        { pathPrefix: '/direct', target: direct.url },
        { pathPrefix: '/tunnel', target: direct.url, grip: false },
        { pathPrefix: '/chat', sockjs: '/chat', target: direct.url },
      ];
      const proxy = await stage().proxy({ routes });
      proxy.proxy.attach(proxy.server);
      const client = await WsClient.open(stage(), proxy, '/events', [CAME]);
      client.text('hello');
      await server.completeRequest(1);
      for (const { headers } of server.requests) assert.match(String(headers['cdn-loop']), CARRIED);
      for (const path of ['/direct', '/tunnel', '/chat/websocket', '/chat/0/a/websocket'])
        await WsClient.open(stage(), proxy, path, [CAME]);
      const session = await stage().client(proxy);
      session.request('POST /chat/0/b/xhr', [CAME]);
      await session.reply();
      assert.equal(direct.handshakes.length, 5);
      for (const { request } of direct.handshakes) assert.match(String(request.headers['cdn-loop']), CARRIED);
    });

    it('tells a link host, and is looked at by all ways in', async () => {
      const elsewhere = await stage().origin((res) => res.end('2'));
      const listener: http.RequestListener = (_req, res) =>
        respond(res, { fields: [`Grip-Link: <${elsewhere.url}/>; rel=next`], body: '1' });
      const options = { linkHosts: ['127.0.0.1'], sockjs: '/chat' };
      const app = await stage().proxy(options);
      app.server.removeAllListeners('request').on('request', app.proxy.wrap(listener));
      const inFront = await stage().proxy({ ...options, target: { listener } });
      for (const [index, server] of [app, inFront].entries()) {
        server.proxy.attach(server.server);
        const client = await stage().client(server);
        client.request('GET /', [CAME]);
        assert.equal(String((await client.reply()).body), '12');
        const loop = String((await elsewhere.request(index)).headers['cdn-loop']);
        assert.match(loop, CARRIED);
        const again = await stage().client(server);
        for (const [at, line] of ['GET /', 'POST /chat/0/a/xhr', 'GET /chat/info'].entries()) {
          again.request(line, [`CDN-Loop: ${loop}`]);
          assert.equal((await again.reply(at)).status, 508, line);
        }
        for (const path of ['/', '/chat/0/a/websocket']) {
          const socket = await stage().client(server);
          socket.request(`GET ${path}`, [...HANDSHAKE, `CDN-Loop: ${loop}`]);
          assert.equal((await socket.reply()).status, 508, path);
        }
      }
    });

    it('ends a circle of links that two apps lead through', async () => {
      const apps: ProxyServer[] = [];
      for (const index of [0, 1]) {
        const app = await stage().proxy({ linkHosts: ['127.0.0.1'], clock: new ManualClock() });
        app.server.removeAllListeners('request').on(
          'request',
          app.proxy.wrap((_req, res) =>
            respond(res, {
              fields: [`Grip-Link: <http://127.0.0.1:${apps[1 - index]?.port}/>; rel=next`],
              body: 'x',
            }),
          ),
        );
        apps.push(app);
      }
      let requests = 0;
      for (const { server } of apps) server.on('request', () => requests++);
      const client = await stage().client(apps[0] ?? assert.fail());
      client.request('GET /');
      await client.bodyWith('xx');
      // It is asked again later, as any link that fails; and no more than that.
      await eventually(
        () => requests === 3 && apps[1]?.proxy.stats().upstreamRequests === 0,
        'the end of the circle',
      );
      client.destroy();
    });
  });
});
