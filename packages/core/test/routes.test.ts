import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { hold, type OriginHandler } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

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
