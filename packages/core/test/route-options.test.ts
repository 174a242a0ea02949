import assert from 'node:assert/strict';
import type { GripProxyOptions, RouteOptions } from '@p-8/core';
import { eventually } from '../../../test/support/eventually.js';
import { hold, type Origin, type OriginHandler, type SeenRequest } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('options of a route', () => {
  const stage = useStage();

  interface Setting {
    readonly origin: Origin;
    readonly client: RawClient;
    readonly proxy: Awaited<ReturnType<ReturnType<typeof stage>['proxy']>>;
  }

  /** A client of a proxy with one route, whose target gets `target` besides its URL. */
  async function route(
    options: Partial<RouteOptions>,
    {
      target = {},
      handler,
      proxy: more = {},
    }: { target?: object; handler?: OriginHandler; proxy?: GripProxyOptions } = {},
  ): Promise<Setting> {
    const origin = await stage().origin(handler ?? ((res) => res.end('ok')));
    const proxy = await stage().proxy({
      ...more,
      routes: [{ ...options, target: { url: origin.url, ...target } }],
    });
    return { origin, proxy, client: await stage().client(proxy) };
  }

  async function seen(setting: Setting, line = 'GET /', fields: string[] = []): Promise<SeenRequest> {
    setting.client.request(line, fields);
    await setting.client.reply();
    return setting.origin.request();
  }

  it('asHost replaces the Host, and host of the target wins over it', async () => {
    assert.equal((await seen(await route({ asHost: 'as.test:81' }))).headers.host, 'as.test:81');
    const both = await route({ asHost: 'as.test' }, { target: { host: 'target.test' } });
    assert.equal((await seen(both)).headers.host, 'target.test');
  });

  const rewrites: [options: Partial<RouteOptions>, asked: string, path: string][] = [
    [{ pathRemove: 2 }, '/a/b/c?q=/1', '/b/c?q=/1'],
    [{ pathRemove: 2, pathPrepend: '/x' }, '/a/c', '/x/c'],
    [{ pathPrepend: '/x' }, '/a', '/x/a'],
    [{ pathRemove: 100 }, '/a?q=1', '/?q=1'],
    [{ pathRemove: 3 }, '/a/b', '/b'],
    [{ pathRemove: 1 }, '/', '/'],
    [{ pathPrefix: '/a', pathRemove: 2, pathPrepend: '/x' }, '/a?b=/a', '/x?b=/a'],
    [{ pathRemove: 3 }, '/%61/b', '/1/b'],
  ];
  for (const [options, asked, path] of rewrites) {
    it(`${JSON.stringify(options)} makes ${path} of ${asked}`, async () => {
      assert.equal((await seen(await route(options), `GET ${asked}`)).url, path);
    });
  }

  it('headers are set towards the origin, and removed', async () => {
    const setting = await route({
      headers: [
        ['X-User', 'set'],
        ['Cookie', ''],
      ],
    });
    const request = await seen(setting, 'GET /', ['x-user: forged', 'Cookie: a=1', 'Connection: X-User']);
    assert.equal(request.headers['x-user'], 'set');
    assert.equal(request.headers.cookie, undefined);
  });

  it('prefix stands before the names of channels', async () => {
    const { proxy, client } = await route(
      { prefix: 'p-' },
      { handler: (res) => hold(res, 'response', 'ch') },
    );
    client.request('GET /');
    await eventually(() => proxy.proxy.hub.subscriberCount('p-ch') === 1, 'a subscriber');
    assert.equal((await proxy.proxy.publish('ch', { 'http-response': 'x' })).matched, 0);
    await proxy.proxy.publish('p-ch', { 'http-response': 'x' });
    await client.reply();
  });

  it('subscribe adds channels to every hold, without prefix, beyond the limit of channels', async () => {
    const { proxy, client } = await route(
      { prefix: 'p-' },
      {
        target: { subscribe: ['all', 'more'] },
        handler: (res) => hold(res, 'stream', ['a', 'b'], { body: 'open' }),
        proxy: { subscriptionsPerConnection: 1 },
      },
    );
    client.request('GET /');
    await client.bodyWith('open');
    const { hub } = proxy.proxy;
    assert.deepEqual(
      ['p-a', 'p-b', 'all', 'more'].map((channel) => hub.subscriberCount(channel)),
      [1, 0, 1, 1],
    );
    await proxy.proxy.publish('all', { 'http-stream': 'to all' });
    await client.bodyWith('to all');
  });

  it('debug says what went wrong', async () => {
    const handler: OriginHandler = (res) => res.writeHead(200, { 'Grip-Hold': 'maybe' }).end();
    const loud = await route({ debug: true }, { handler });
    loud.client.request('GET /');
    assert.match(
      String((await loud.client.reply()).body),
      /^Failed to parse accept instructions: Grip-Hold must/,
    );
    const quiet = await route({ debug: false }, { handler, proxy: { debug: true } });
    quiet.client.request('GET /');
    assert.equal(String((await quiet.client.reply()).body), 'Error while proxying to origin.\n');
  });

  it('grip: false passes responses whatever they are, adds nothing, and lets no client forge', async () => {
    const handler: OriginHandler = (res) => hold(res, 'response', 'ch', { body: 'passed' });
    const setting = await route({ grip: false }, { handler });
    const request = await seen(setting, 'GET /', ['Grip-Sig: forged', 'X-A: 1']);
    const reply = await setting.client.reply();
    assert.equal(String(reply.body), 'passed');
    assert.match(setting.client.text, /\r\ngrip-hold: response\r\n/i);
    assert.deepEqual(
      Object.keys(request.headers).filter((name) => name.startsWith('grip')),
      [],
    );
  });

  it('sigIss and sigKey sign for this route; an empty key does not sign at all', async () => {
    const claims = async (options: Partial<RouteOptions>): Promise<unknown> => {
      const token = (await seen(await route(options))).headers['grip-sig'];
      return typeof token === 'string'
        ? JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
        : token;
    };
    assert.equal(((await claims({})) as { iss: string }).iss, 'pushpin');
    assert.equal(((await claims({ sigIss: 'route' })) as { iss: string }).iss, 'route');
    assert.equal(await claims({ sigKey: '' }), undefined);
  });

  it('tell the origin what this proxy can do', async () => {
    assert.equal(
      (await seen(await route({}))).headers['grip-feature'],
      'status, link:next, filter:skip-self, filter:skip-users, filter:require-sub, filter:build-id, filter:var-subst',
    );
  });

  it('overHttp forbids clients to send events of WebSockets themselves', async () => {
    const { client, origin } = await route({}, { target: { overHttp: true } });
    const types = ['application/websocket-events', 'Application/WebSocket-Events; charset=utf-8'];
    for (const [index, type] of types.entries()) {
      client.request('POST /', [`Content-Type: ${type}`], 'OPEN\r\n');
      const reply = await client.reply(index);
      assert.equal(
        `${reply.status} ${reply.body}`,
        '403 Client not allowed to send WebSocket events directly.\n',
      );
    }
    assert.equal(origin.requests.length, 0);
    client.request('POST /', ['Content-Type: text/plain'], 'x');
    assert.equal((await client.reply(2)).status, 200);
  });

  it('a listener in this process serves as target too', async () => {
    const proxy = await stage().proxy({
      routes: [
        {
          target: {
            listener: (req, res) => {
              const { remotePort } = req.socket;
              res.end(`${req.method} ${req.url} ${remotePort} ${Object.keys(req.headers).sort()}`);
            },
          },
        },
      ],
    });
    const client = await stage().client(proxy);
    client.request('GET /here', ['p-8-follow-up: 1']);
    const { localPort } = client.socket;
    assert.equal(
      String((await client.reply()).body),
      `GET /here ${localPort} connection,grip-feature,grip-sig,host`,
    );
  });
});

describe('routes', () => {
  const stage = useStage();

  it('are chosen by host, path and TLS; without one the answer is 502', async () => {
    const [a, b] = [await stage().origin((res) => res.end('a')), await stage().origin((res) => res.end('b'))];
    const proxy = await stage().proxy({
      routes: [
        { host: 'a.test', target: a.url },
        { host: 'b.test', pathPrefix: '/b', target: b.url },
        { host: 'tls.test', ssl: true, target: b.url },
      ],
    });
    const client = await stage().client(proxy);
    const answers: [host: string, path: string, answer: string][] = [
      ['a.test', '/', 'a'],
      ['A.TEST:8080', '/', 'a'],
      ['b.test', '/b/x', 'b'],
      ['b.test', '/', 'Route not found\n'],
      ['tls.test', '/', 'Route not found\n'],
      ['other.test', '/', 'Route not found\n'],
    ];
    for (const [index, [host, path, answer]] of answers.entries()) {
      client.request(`GET ${path}`, [`Host: ${host}`]);
      const reply = await client.reply(index);
      assert.equal(String(reply.body), answer);
      assert.equal(reply.status, answer.length > 1 ? 502 : 200);
    }
  });

  it('take the word of a proxy in front for TLS only where that is allowed', async () => {
    const [plain, tls] = [
      await stage().origin((res) => res.end('plain')),
      await stage().origin((res) => res.end('tls')),
    ];
    const routes = [{ target: plain.url }, { ssl: true, target: tls.url }];
    for (const [accept, answer] of [
      [false, 'plain'],
      [true, 'tls'],
    ] as const) {
      const client = await stage().client(await stage().proxy({ routes, acceptXForwardedProtocol: accept }));
      client.request('GET /', ['X-Forwarded-Proto: https']);
      assert.equal(String((await client.reply()).body), answer);
    }
    assert.equal(plain.requests[0]?.headers['x-forwarded-proto'], undefined);
    assert.equal(tls.requests[0]?.headers['x-forwarded-proto'], 'https');
  });

  it('can be chosen by the client only where that is allowed', async () => {
    const [a, b] = [await stage().origin((res) => res.end('a')), await stage().origin((res) => res.end('b'))];
    const routes = [
      { id: 'a', target: a.url },
      { id: 'b', host: '', pathPrefix: '/b', target: b.url },
    ];
    const allowing = await stage().client(await stage().proxy({ routes, acceptPushpinRoute: true }));
    allowing.request('GET /b', ['Pushpin-Route: b']);
    assert.equal(String((await allowing.reply()).body), 'b');
    assert.equal(b.requests[0]?.headers['pushpin-route'], undefined);
    for (const [index, line] of ['GET /', 'GET /b'].entries()) {
      allowing.request(line, [`Pushpin-Route: ${index === 0 ? 'b' : 'nope'}`]);
      assert.equal((await allowing.reply(index + 1)).status, 502);
    }
    const ignoring = await stage().client(await stage().proxy({ routes }));
    ignoring.request('GET /b', ['Pushpin-Route: b']);
    assert.equal(String((await ignoring.reply()).body), 'a');
    assert.equal(a.requests[0]?.headers['pushpin-route'], 'b');
  });

  it('that have no match leave the request to whoever comes next', async () => {
    const origin = await stage().origin((res) => res.end('origin'));
    const proxy = await stage().proxy({ routes: [{ pathPrefix: '/api', target: origin.url }] });
    proxy.server.removeAllListeners('request');
    proxy.server.on('request', (req, res) => proxy.proxy.handle(req, res, () => res.end('next')));
    const client = await stage().client(proxy);
    client.request('GET /api');
    assert.equal(String((await client.reply()).body), 'origin');
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'next');
  });

  it('that replace others leave the holds that stand to theirs', async () => {
    const handler =
      (name: string): OriginHandler =>
      (res, request) => {
        if (request.headers['grip-last'] !== undefined) res.end(`${name} again`);
        else hold(res, 'response', 'ch; prev-id=1');
      };
    const [old, young] = [await stage().origin(handler('old')), await stage().origin(handler('young'))];
    const { proxy, port } = await stage().proxy({ routes: [{ target: old.url }] });
    const [first, second] = [await stage().client({ port }), await stage().client({ port })];
    first.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    proxy.setRoutes([{ target: young.url }]);
    second.request('GET /');
    await eventually(() => proxy.stats().sessions === 2, 'two holds');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
    assert.equal(String((await first.reply()).body), 'old again');
    assert.equal(String((await second.reply()).body), 'young again');
  });
});

describe('a trusted proxy in front', () => {
  const stage = useStage();
  const GOOD =
    'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.ES5KI6pKMgPffggRplKz8TY3v-yb95S_9I5OGDHHOVY';

  it('gets instructs as they are, and its own Grip- fields reach the origin', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: 'open' }));
    const proxy = await stage().proxy({
      target: { url: origin.url, overHttp: true },
      upstreamKey: 'changeme',
      xForwardedFor: { truncate: 0 },
      xForwardedForTrusted: { append: true },
    });
    const client = await stage().client(proxy);
    const fields = [`Grip-Sig: ${GOOD}`, 'Grip-Last: a; last-id=1', 'X-Forwarded-For: 1.1.1.1'];
    client.request('POST /', [...fields, 'Content-Type: application/websocket-events'], 'OPEN\r\n');
    const reply = await client.reply();
    assert.equal(String(reply.body), 'open');
    assert.match(client.text, /\r\ngrip-channel: ch\r\n/i);
    const { headers } = await origin.completeRequest();
    assert.equal(headers['grip-sig'], GOOD);
    assert.equal(headers['grip-last'], 'a; last-id=1');
    assert.equal(headers['grip-feature'], undefined);
    assert.equal(headers['x-forwarded-for'], '1.1.1.1, 127.0.0.1');
    assert.equal(String(origin.requests[0]?.body), 'OPEN\r\n');
  });

  it('is one only with a good signature: others are clients like all', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch'));
    const proxy = await stage().proxy({ target: origin.url, upstreamKey: 'another key' });
    for (const [index, sig] of [GOOD, 'nonsense', `${GOOD}, ${GOOD}`].entries()) {
      const client = await stage().client(proxy);
      client.request('POST /', [`Grip-Sig: ${sig}`, 'Grip-Last: a; last-id=1'], 'body');
      await eventually(() => proxy.proxy.stats().sessions === index + 1, 'a hold');
      const { headers } = await origin.completeRequest(index);
      assert.notEqual(headers['grip-sig'], sig);
      assert.equal(headers['grip-last'], undefined);
    }
  });

  it('may leave while its signature is looked at', async () => {
    const origin = await stage().origin((res) => res.end());
    const proxy = await stage().proxy({ target: origin.url, upstreamKey: 'changeme' });
    const client = await stage().client(proxy);
    const asked = new Promise((resolve) =>
      proxy.server.once('request', (req) => req.socket.destroy(resolve(true) as never)),
    );
    client.request('POST /', [`Grip-Sig: ${GOOD}`, 'Content-Length: 5'], 'x');
    await asked;
    await client.closed();
  });
});
