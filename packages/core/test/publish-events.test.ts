import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GripProxy, Receipt } from '@p-8/core';
import type { Item } from '@p-8/protocol';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const NOBODY: Receipt = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };
const ONE: Receipt = { ...NOBODY, matched: 1, delivered: 1 };
const QUEUED: Receipt = { ...NOBODY, matched: 1, queued: 1 };

describe('the event of a published item', () => {
  const stage = useStage();
  let proxy: GripProxy;
  let clock: ManualClock;
  let client: RawClient;
  /** Channel and id of items, and what became of them. */
  let told: [item: string, receipt: Receipt][];

  /** A client of the channel `ch`. */
  beforeEach(async () => {
    clock = new ManualClock();
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const server = await stage().proxy({ target: origin.url, clock });
    ({ proxy } = server);
    told = [];
    proxy.on('publish', ({ channel, id = '-' }, receipt) => told.push([`${channel} ${id}`, receipt]));
    client = await stage().client(server);
    client.request('GET /stream');
    await client.bodyWith('[');
    await eventually(() => proxy.holds().length === 1, 'a hold');
  });

  /** Publishes an item written as `id<prevId`. */
  function send(channel: string, text: string): Promise<Receipt> {
    const [id = '', previous] = text.split('<');
    const ids = previous === undefined ? { id } : { id, 'prev-id': previous };
    return proxy.publish(channel, { 'http-stream': `${id};` }, ids);
  }

  /** Publishes by the control API; gives the answer. */
  async function post(items: readonly object[]): Promise<string> {
    const server = http.createServer(proxy.controlApi());
    stage().onClose(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const publisher = await stage().client(server.address() as AddressInfo);
    publisher.request('POST /publish', ['Accept: application/json'], JSON.stringify({ items }));
    const { status, body } = await publisher.reply();
    publisher.destroy();
    return `${status} ${body}`;
  }

  it('brings the item, and what has become of it', async () => {
    const items: Item[] = [];
    proxy.on('publish', (item) => items.push(item));
    const receipt = await proxy.publish('ch', { 'http-stream': 'a' }, { id: '1', meta: { user: 'u' } });
    assert.deepEqual(told, [['ch 1', receipt]]);
    assert.deepEqual(receipt, ONE);
    const [item] = items;
    assert.equal(items.length, 1);
    assert.equal(item?.channel, 'ch');
    assert.equal(item?.httpStream?.action, 'send');
    assert.deepEqual([...(item?.meta ?? [])], [['user', 'u']]);
    await client.bodyWith('a');
  });

  it('comes for each of several items, in their order, with its own receipt', async () => {
    const formats = { 'http-stream': 'x' };
    const receipt = await proxy.publish([
      { channel: 'ch', id: 'a', formats },
      { channel: 'other', id: 'b', formats },
      { channel: 'ch', id: 'c', formats: { 'ws-message': 'x' } },
    ]);
    assert.deepEqual(told, [
      ['ch a', ONE],
      ['other b', NOBODY],
      ['ch c', NOBODY],
    ]);
    assert.deepEqual(receipt, ONE);
  });

  it('comes for items without subscribers', async () => {
    await send('nobody', '1');
    assert.deepEqual(told, [['nobody 1', NOBODY]]);
  });

  it('comes for duplicates, which reach nobody', async () => {
    await send('ch', '1');
    await send('ch', '1');
    assert.deepEqual(told, [
      ['ch 1', ONE],
      ['ch 1', NOBODY],
    ]);
  });

  it('comes once for an item that waits for another, when it is published', async () => {
    await send('ch', '1');
    await send('ch', '3<2');
    assert.deepEqual(told.slice(1), [['ch 3', QUEUED]]);
    await send('ch', '2<1');
    await client.bodyWith('1;2;3;');
    assert.deepEqual(told.slice(2), [['ch 2', ONE]]);
  });

  it('comes once for an item that waits for another in vain', async () => {
    await send('ch', '1');
    await send('ch', '3<2');
    clock.advance(60_000);
    await client.bodyWith('1;3;');
    assert.equal(told.length, 2);
  });

  it('comes for items of the control API, several in one request', async () => {
    const item = (channel: string, id: string): object => ({
      channel,
      id,
      formats: { 'http-stream': { content: 'x' } },
    });
    const answer = await post([item('ch', '1'), item('other', '2'), item('ch', '1')]);
    assert.deepEqual(told, [
      ['ch 1', ONE],
      ['other 2', NOBODY],
      ['ch 1', NOBODY],
    ]);
    assert.equal(answer, `200 ${JSON.stringify({ message: 'Published', ...ONE })}\n`);
  });

  it('comes for none of several items when one of them is wrong', async () => {
    const right = { channel: 'ch', formats: { 'http-stream': 'x' } };
    await assert.rejects(proxy.publish([right, { channel: 'ch', formats: { 'http-stream': 5 } as never }]), {
      code: 'GRIP_ERR_INVALID_ITEM',
    });
    assert.match(await post([{ ...right, formats: { 'http-stream': { content: 'x' } } }, {}]), /^400 /);
    assert.deepEqual(told, []);
  });

  it('does not come once the proxy is closed', async () => {
    await proxy.close();
    await assert.rejects(send('ch', '1'), { code: 'GRIP_ERR_CLOSED' });
    assert.deepEqual(told, []);
  });
});
