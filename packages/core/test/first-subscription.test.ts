import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { useStage } from '../../../test/support/stage.js';

describe('updateOnFirstSubscription', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;

  async function start(updateOnFirstSubscription: boolean): Promise<void> {
    clock = new ManualClock();
    origin = await stage().origin((res, seen) => {
      if (seen.url.startsWith('/poll')) hold(res, 'response', 'ch');
      else hold(res, 'stream', 'ch', { fields: ['Grip-Link: </next>; rel=next'], body: '[' });
    });
    server = await stage().proxy({ target: origin.url, clock, updateOnFirstSubscription });
  }

  async function ask(path: string): Promise<void> {
    const client = await stage().client(server);
    const { sessions } = server.proxy.stats();
    client.request(`GET ${path}`);
    await eventually(() => server.proxy.stats().sessions === sessions + 1, 'a hold');
  }

  async function pass(ms: number): Promise<string[]> {
    clock.advance(ms);
    await settle(40);
    return origin.requests.map(({ url }) => url);
  }

  it('lets all HTTP clients of a channel ask again a second after its first subscription', async () => {
    await start(true);
    await ask('/poll1');
    await pass(500);
    await ask('/stream');
    assert.equal((await pass(499)).length, 2);
    await pass(1);
    assert.deepEqual((await pass(100)).slice(2).sort(), ['/next', '/poll1']);
    await ask('/poll2');
    assert.equal((await pass(10_000)).length, 5, 'it was not the first one');
  });

  it('does nothing for a channel that nobody is subscribed to any more', async () => {
    await start(true);
    await ask('/poll1');
    await server.proxy.publish('ch', { 'http-response': 'x' });
    assert.equal(server.proxy.stats().timers, 0);
  });

  it('is off where nobody asks for it', async () => {
    await start(false);
    await ask('/poll1');
    assert.equal((await pass(5000)).length, 1);
  });
});
