import assert from 'node:assert/strict';
import type { GripProxy, GripProxyOptions } from '@p-8/core';
import {
  Counting,
  lastIds,
  numbersOf,
  OverflowWatch,
  upTo,
} from '../../packages/core/test/support/slow-clients.js';
import { answerEvents, bodyOf, events, obliging } from '../support/events-origin.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { hold, type Origin } from '../support/origin.js';
import { useStage } from '../support/stage.js';
import { WsClient } from '../support/ws-client.js';
import { FaultProxy } from './fault-proxy.js';

/** What is published while the client does not read. */
const COUNT = 4000;
const SIZE = 4096;

describe('4,000 items of 4 KiB for a client that does not read', function () {
  this.timeout(120_000);
  const stage = useStage();
  let proxy: GripProxy;
  let origin: Origin;
  let items: Counting;
  let watch: OverflowWatch;
  let line: FaultProxy;

  /** The way from clients to the proxy can stall; the origin has all items, and tells them by the next link. */
  async function start(options: GripProxyOptions): Promise<void> {
    origin = await stage().origin((res, seen) => {
      if (seen.method === 'POST') {
        seen.res.req.on('end', () => {
          const isOpening = bodyOf(seen).startsWith('OPEN');
          const control = `c:${JSON.stringify({ type: 'subscribe', channel: 'a' })}`;
          const fields = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
          const opening = { fields, body: events(['OPEN'], ['TEXT', control]) };
          answerEvents(res, isOpening ? opening : obliging(bodyOf(seen)));
        });
      } else {
        const isLink = seen.url === '/next';
        const body = isLink ? items.after(seen, 'a') : '[';
        const fields = ['Grip-Link: </next>; rel=next; timeout=20'];
        hold(res, 'stream', `a; prev-id=${items.count('a')}`, { body, fields });
      }
    });
    watch = new OverflowWatch();
    const server = await stage().proxy({
      target: { url: origin.url, overHttp: true },
      clock: new ManualClock(),
      ...options,
    });
    ({ proxy } = server);
    proxy.attach(server.server);
    watch.listen(proxy);
    items = new Counting(proxy, true);
    line = await FaultProxy.listen(server);
    stage().onClose(() => line.close());
  }

  async function publishAll(): Promise<void> {
    for (let i = 0; i < COUNT; i++) await items.send('a', SIZE);
  }

  it('all reach a stream by the policy recover, once and in order: the origin’s link brings what there was no room for', async () => {
    await start({});
    const client = await stage().client(line);
    client.request('GET /');
    await client.bodyWith('[');
    line.last.stall();
    await publishAll();
    assert.deepEqual(watch.events, ['stream queue recover']);
    assert.equal(origin.requests.length, 1);
    line.last.resume();
    await client.tail(`<a:${COUNT}>`);
    await eventually(() => proxy.stats().upstreamRequests === 0, 'the end of the link');
    assert.equal((await items.send('a', 10)).delivered, 1);
    const { body } = await client.bodyWith(items.content('a', COUNT + 1));
    assert.deepEqual(numbersOf(body, 'a'), upTo(COUNT + 1));
    assert.equal(body.length, '['.length + items.bytes('a'));
    const last = Number(lastIds(await origin.request(1)).get('a'));
    assert(last > 0 && last < COUNT, `the link was asked for what follows ${last}`);
    assert.equal(origin.requests.length, 2);
    assert.equal(proxy.backlog().bytes, 0);
  });

  it('cost a stream its connection by the policy close: its body is not whole', async () => {
    await start({ slowClient: 'close' });
    const client = await stage().client(line);
    client.request('GET /');
    await client.bodyWith('[');
    line.last.stall();
    await publishAll();
    assert.deepEqual(watch.events, ['stream queue close']);
    line.last.resume();
    await client.closed();
    const [reply] = client.replies;
    assert.equal(reply?.complete, false);
    const numbers = numbersOf(reply.body, 'a');
    assert(numbers.length < COUNT);
    assert.deepEqual(numbers, upTo(numbers.length));
    assert.equal(origin.requests.length, 1);
  });

  it('cost a WebSocket its connection: it is closed with 1013, after what there was room for', async () => {
    await start({});
    const client = await WsClient.open(stage(), line);
    client.answersClose = true;
    await eventually(() => proxy.hub.subscriberCount('a') === 1, 'a subscription');
    line.last.stall();
    await publishAll();
    assert.deepEqual(watch.events, ['websocket queue close']);
    line.last.resume();
    await client.sees('close 1013 too slow');
    const numbers = client.messages.flatMap(({ content }) => numbersOf(content, 'a'));
    assert(numbers.length > 0 && numbers.length < COUNT);
    assert.deepEqual(numbers, upTo(numbers.length));
    await client.closed();
  });
});
