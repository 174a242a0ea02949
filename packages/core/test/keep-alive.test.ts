import assert from 'node:assert/strict';
import type { GripProxy } from '@p-8/core';
import { settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('keep-alives of a stream', () => {
  const stage = useStage();
  let clock: ManualClock;
  let client: RawClient;
  let proxy: GripProxy;

  async function held(keepAlive: string): Promise<void> {
    clock = new ManualClock();
    const origin = await stage().origin((res) => {
      hold(res, 'stream', 'ch', { body: '[', fields: [`Grip-Keep-Alive: ${keepAlive}`] });
    });
    const server = await stage().proxy({ target: origin.url, clock });
    ({ proxy } = server);
    client = await stage().client(server);
    client.request('GET /');
    await client.bodyWith('[');
  }

  /** What has come when `seconds` have passed. */
  async function after(seconds: number): Promise<string> {
    clock.advance(seconds * 1000);
    await settle();
    return String((await client.head()).body);
  }

  const formats: [keepAlive: string, data: string][] = [
    ['ping\\n; timeout=10', 'ping\\n'],
    ['ping\\n; format=cstring; timeout=10', 'ping\n'],
    ['cGluZwo=; format=base64; timeout=10', 'ping\n'],
    [':\\r\\n\\x41; format=cstring; timeout=10; mode=interval', ':\r\nA'],
    ['a, b; timeout=10', 'a, b'],
  ];
  for (const [keepAlive, data] of formats) {
    it(`are ${JSON.stringify(data)} for ${keepAlive}`, async () => {
      await held(keepAlive);
      assert.equal(await after(9.999), '[');
      assert.equal(await after(0.001), `[${data}`);
      assert.equal(await after(10), `[${data}${data}`);
    });
  }

  it('come after 55 seconds where the origin does not say', async () => {
    await held('p');
    assert.equal(await after(54.9), '[');
    assert.equal(await after(0.1), '[p');
  });

  it('come after a second at the earliest', async () => {
    await held('p; timeout=0');
    assert.equal(await after(0.9), '[');
    assert.equal(await after(0.1), '[p');
  });

  it('that are idle wait anew after each item', async () => {
    await held('p; timeout=10');
    await after(8);
    await proxy.publish('ch', { 'http-stream': 'x' });
    assert.equal(await after(8), '[x');
    await proxy.publish('ch', { 'http-stream': 'y' });
    assert.equal(await after(9.9), '[xy');
    assert.equal(await after(0.1), '[xyp');
  });

  it('at intervals do not care for items', async () => {
    await held('p; timeout=10; mode=interval');
    await after(8);
    await proxy.publish('ch', { 'http-stream': 'x' });
    assert.equal(await after(2), '[xp');
    await proxy.publish('ch', { 'http-stream': 'y' });
    assert.equal(await after(10), '[xpyp');
  });

  it('of many streams are spread over a second', async () => {
    clock = new ManualClock();
    const origin = await stage().origin((res) => {
      hold(res, 'stream', 'ch', { body: '[', fields: ['Grip-Keep-Alive: p; timeout=10'] });
    });
    const server = await stage().proxy({ target: origin.url, clock });
    const clients: RawClient[] = [];
    for (const chance of [0, 0.5, 0.99]) {
      clock.chance = chance;
      client = await stage().client(server);
      client.request('GET /');
      await client.bodyWith('[');
      clients.push(client);
    }
    const pinged = async (ms: number): Promise<number> => {
      clock.advance(ms);
      await settle();
      return clients.filter(({ replies }) => replies[0]?.body.includes('p')).length;
    };
    assert.equal(await pinged(9000), 0);
    assert.equal(await pinged(200), 1);
    assert.equal(await pinged(300), 2);
    assert.equal(await pinged(500), 3);
  });

  it('end with the stream', async () => {
    await held('p; timeout=10');
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal(String((await client.reply()).body), '[');
    assert.equal(proxy.stats().timers, 0);
    assert.equal(clock.pending, 0);
  });
});
