import assert from 'node:assert/strict';
import type http from 'node:http';
import type { GripProxyOptions } from '@p-8/core';
import { answerEvents, event, obliging } from '../../../../test/support/events-origin.js';
import { eventually } from '../../../../test/support/eventually.js';
import {
  hold,
  type Origin,
  type OriginHandler,
  respond,
  type SeenRequest,
} from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { useStage } from '../../../../test/support/stage.js';
import { WsClient } from '../../../../test/support/ws-client.js';
import { LinkHosts } from '../../src/routing/link-hosts.js';
import { upstreamServices } from '../support/upstream-services.js';

const OWN = [
  'Authorization: Bearer client',
  'Cookie: client=secret',
  'X-Forwarded-For: 10.0.0.1',
  'X-Own: client',
];

/** All fields of a request but those that any request has. */
function fields({ headers }: SeenRequest): Record<string, unknown> {
  const {
    host,
    connection,
    'content-length': length,
    'grip-feature': feature,
    'cdn-loop': loop,
    ...rest
  } = headers;
  return rest;
}

function issuer({ headers }: SeenRequest): unknown {
  const [, claims = ''] = String(headers['grip-sig']).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).iss;
}

describe('threat 25: links to other hosts', () => {
  const stage = useStage();
  let other: Origin;
  let host: string;
  /** What the other host answers. */
  let answerElsewhere: OriginHandler;

  beforeEach(async () => {
    answerElsewhere = (res, { url, method }) => {
      if (url === '/chain') respond(res, { fields: ['Grip-Link: </last>; rel=next'], body: '2' });
      else res.end(method === 'POST' ? '' : 'end');
    };
    other = await stage().origin((...asked) => answerElsewhere(...asked));
    host = new URL(other.url).host;
  });

  /** A proxy whose route sets secrets; what its origin says of `/`. */
  async function start(
    answer: (res: http.ServerResponse, seen: SeenRequest) => void,
    options: GripProxyOptions = {},
  ): Promise<ProxyServer & { origin: Origin }> {
    const origin = await stage().origin(answer);
    const server = await stage().proxy({
      routes: [
        {
          target: { url: origin.url, overHttp: true },
          headers: [
            ['Authorization', 'Bearer route'],
            ['X-Api-Key', 'route'],
          ],
          sigKey: 'route',
        },
      ],
      linkHosts: [host],
      xForwardedFor: { append: true },
      ...options,
    });
    server.proxy.attach(server.server);
    return Object.assign(server, { origin });
  }

  /** The same where an app in the process is the origin. */
  async function startInProcess(
    app: http.RequestListener,
    options: GripProxyOptions = {},
  ): Promise<ProxyServer> {
    const server = await stage().proxy({ linkHosts: [host], ...options });
    server.server.removeAllListeners('request').on('request', server.proxy.wrap(app));
    return server;
  }

  const ask = async (to: { readonly port: number }, path = '/') => {
    const client = await stage().client(to);
    client.request(`GET ${path}`, OWN);
    return client;
  };

  it('carry neither what the route sets, nor its signature, nor anything of the client', async () => {
    const server = await start((res) =>
      respond(res, { fields: [`Grip-Link: <${other.url}/chain>; rel=next`], body: '1' }),
    );
    assert.equal(String((await (await ask(server)).reply()).body), '12end');
    assert.deepEqual(
      other.requests.map(({ url }) => url),
      ['/chain', '/last'],
    );
    assert.deepEqual(other.requests.map(fields), [{}, {}]);
    for (const { headers } of other.requests) assert.match(String(headers['grip-feature']), /link:next/);
  });

  it('carry nothing of it from an app either', async () => {
    const server = await startInProcess((_req, res) =>
      respond(res, { fields: [`Grip-Link: <${other.url}/chain>; rel=next`], body: '1' }),
    );
    assert.equal(String((await (await ask(server)).reply()).body), '12end');
    assert.deepEqual(other.requests.map(fields), [{}, {}]);
  });

  it('carry the last ids that the link is there for', async () => {
    const server = await start((res) => {
      const link = `Grip-Link: <${other.url}/>; rel=next; timeout=0`;
      hold(res, 'stream', 'ch; prev-id=7', { fields: [link], body: '1' });
    });
    const client = await ask(server);
    await client.bodyWith('end');
    assert.deepEqual(fields(await other.request()), { 'grip-last': 'ch; last-id=7' });
  });

  it('lead back to the route’s own origin, which gets what is its own', async () => {
    const server = await start((res, { url }) => {
      if (url === '/own') res.end('own');
      else respond(res, { fields: [`Grip-Link: <${other.url}/away>; rel=next`], body: '1' });
    });
    answerElsewhere = (res) =>
      respond(res, { fields: [`Grip-Link: <${server.origin.url}/own>; rel=next`], body: '2' });
    assert.equal(String((await (await ask(server)).reply()).body), '12own');
    const { headers } = await server.origin.request(1);
    assert.deepEqual([headers.authorization, headers['x-api-key']], ['Bearer route', 'route']);
    assert.equal(issuer(await server.origin.request(1)), 'pushpin');
  });

  for (const filter of ['http-check', 'http-modify']) {
    it(`carry nothing of it for the filter ${filter}`, async () => {
      const set = `Grip-Set-Meta: url="${other.url}/filter"`;
      const server = await start((res) =>
        hold(res, 'stream', `ch; filter=${filter}`, { fields: [set], body: '[' }),
      );
      const app = await startInProcess((_req, res) =>
        hold(res, 'stream', `ch; filter=${filter}`, { fields: [set], body: '[' }),
      );
      for (const { proxy, port } of [server, app]) {
        const client = await ask({ port });
        await client.bodyWith('[');
        await proxy.publish('ch', { 'http-stream': 'item' });
        await eventually(() => other.requests.length > 0, 'a question');
        const {
          'sub-meta': subMeta,
          'pub-meta': itemMeta,
          ...rest
        } = fields(other.requests.shift() ?? assert.fail());
        assert.deepEqual(
          [subMeta, itemMeta, rest],
          [JSON.stringify({ url: `${other.url}/filter` }), '{}', {}],
        );
        client.destroy();
      }
    });
  }

  it('carry nothing of it for the filters of a WebSocket', async () => {
    const control = { type: 'subscribe', channel: 'ch', filters: ['http-check'] };
    const meta = { type: 'set-meta', name: 'url', value: `${other.url}/filter` };
    const server = await start((res, seen) => {
      res.req.on('end', () => {
        const body = seen.body.toString();
        const first = [meta, control].map((one) => event('TEXT', `c:${JSON.stringify(one)}`));
        if (!body.startsWith('OPEN')) answerEvents(res, obliging(body));
        else
          answerEvents(res, {
            fields: ['Sec-WebSocket-Extensions: grip'],
            body: Buffer.concat([event('OPEN'), ...first]),
          });
      });
    });
    const client = await WsClient.open(stage(), server, '/', OWN);
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a subscription');
    await server.proxy.publish('ch', { 'ws-message': 'item' });
    const { 'sub-meta': _, 'pub-meta': __, ...rest } = fields(await other.request());
    assert.deepEqual(rest, {});
    assert.equal(await client.next(), 'text item');
  });

  it('carry nothing of it when a client has gone', async () => {
    const gone = `Grip-Link: <${other.url}/bye>; rel=gone`;
    const server = await start((res) => hold(res, 'stream', 'ch', { fields: [gone], body: '[' }));
    const app = await startInProcess((_req, res) => hold(res, 'stream', 'ch', { fields: [gone], body: '[' }));
    for (const [index, to] of [server, app].entries()) {
      const client = await ask(to);
      await client.bodyWith('[');
      client.destroy();
      const seen = await other.request(index);
      assert.deepEqual([seen.method, seen.url, fields(seen)], ['POST', '/bye', {}]);
    }
  });

  it('carry what the host has been given, which no other host gets', async () => {
    const second = await stage().origin((res) => res.end('3'));
    answerElsewhere = (res) => respond(res, { fields: [`Grip-Link: <${second.url}/>; rel=next`], body: '2' });
    const given: NonNullable<GripProxyOptions['linkHosts']> = [
      {
        host,
        headers: [
          ['Authorization', 'Bearer given'],
          ['Host', 'no'],
          ['Connection', 'no'],
        ],
        sigIss: 'us',
        sigKey: 'given',
      },
      new URL(second.url).host,
    ];
    const instruct = { fields: [`Grip-Link: <${other.url}/>; rel=next`], body: '1' };
    const servers = [
      await start((res) => respond(res, instruct), { linkHosts: given }),
      await startInProcess((_req, res) => respond(res, instruct), { linkHosts: given }),
    ];
    for (const [index, server] of servers.entries()) {
      assert.equal(String((await (await ask(server)).reply()).body), '123');
      const seen = other.requests[index] ?? assert.fail();
      const { authorization, 'grip-sig': sig, ...rest } = fields(seen);
      assert.deepEqual([authorization, issuer(seen), rest], ['Bearer given', 'us', {}]);
      assert.equal(typeof sig, 'string');
      assert.deepEqual(fields(await second.request(index)), {});
    }
  });

  it('to the route’s own origin carry all of it, whichever way it is named', async () => {
    const server = await start((res, { url }) => {
      const [, depth = '0'] = /^\/(\d)/.exec(url) ?? [];
      const links = ['/1', 'http://example.com/2', `${server.origin.url}/3`, 'https://example.com/4'];
      const link = links[Number(depth)];
      if (link === undefined) res.end('end');
      else respond(res, { fields: [`Grip-Link: <${link}>; rel=next`], body: depth });
    });
    assert.equal(String((await (await ask(server)).reply()).body), '0123end');
    for (const { headers } of server.origin.requests) {
      assert.deepEqual([headers.authorization, headers['x-api-key']], ['Bearer route', 'route']);
      assert.equal(typeof headers['grip-sig'], 'string');
    }
    assert.deepEqual(
      server.origin.requests.slice(1).map(({ headers }) => headers.cookie),
      [undefined, undefined, undefined, undefined],
    );
  });

  it('are allowed by name, and by the usual port whether it is named or not', () => {
    const leads = (link: string, ...hosts: string[]): boolean => {
      const settings = {
        linkHosts: hosts.map((one) => ({ host: one })),
        sigIss: '',
        cdnLoop: '',
      };
      const allowed = new LinkHosts({ settings, upstreams: upstreamServices(), signer: () => undefined });
      return typeof allowed.destination(new URL(link), [], []) !== 'string';
    };
    for (const one of ['a.test', 'A.TEST', 'a.test:80', 'a.test:443', 'a.test:080']) {
      assert.equal(leads('http://a.test/', one), one !== 'a.test:443', one);
      assert.equal(leads('https://a.test:443/', one), !one.includes('80'), one);
      assert.equal(leads('http://a.test:81/', one), !one.includes(':'), one);
    }
    assert.equal(leads('http://[::1]/', '[::1]'), true);
    assert.equal(leads('http://[::1]:81/', '[0:0::1]:81'), true);
    assert.equal(leads('http://b.test/', 'a.test', 'ab.test', 'b.test.a'), false);
  });
});
