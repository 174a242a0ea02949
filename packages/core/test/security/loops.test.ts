import assert from 'node:assert/strict';
import { eventually } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { hold, respond } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';

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

  it('of two proxies that ask each other end where they began', async () => {
    const proxies = [
      await stage().proxy({ routes: [], cdnLoop: 'one' }),
      await stage().proxy({ routes: [], cdnLoop: 'two' }),
    ];
    proxies[0]?.proxy.setRoutes([{ target: `http://127.0.0.1:${proxies[1]?.port}` }]);
    proxies[1]?.proxy.setRoutes([{ target: `http://127.0.0.1:${proxies[0]?.port}` }]);
    const client = await stage().client(proxies[0] ?? assert.fail());
    client.request('GET /');
    assert.equal((await client.reply()).status, 508);
  });
});
