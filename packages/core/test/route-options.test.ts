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
      'status, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, filter:build-id, filter:var-subst, ' +
        'filter:http-check, filter:http-modify',
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
      `GET /here ${localPort} cdn-loop,connection,grip-feature,grip-sig,host`,
    );
  });
});
