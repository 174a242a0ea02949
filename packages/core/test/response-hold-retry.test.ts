import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('a response hold that is asked for again', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;
  let proxy: ProxyServer['proxy'];
  let client: RawClient;

  beforeEach(() => {
    clock = new ManualClock();
  });

  async function start(handler: OriginHandler): Promise<void> {
    origin = await stage().origin(handler);
    server = await stage().proxy({ target: origin.url, clock });
    ({ proxy } = server);
    client = await stage().client(server);
  }

  /** A client that is held on `channels` at first; then the origin answers with `again`. */
  async function held(channels: string | string[], line = 'GET /poll?x=1', body = ''): Promise<void> {
    await start((res, _seen, count) => {
      if (count === 0) hold(res, 'response', channels);
      else res.end('again');
    });
    client.request(line, ['X-Own: 1', 'Cookie: c=1', 'If-None-Match: "e"'], body);
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
  }

  function lastIds(index: number): unknown {
    return origin.requests[index]?.rawHeaders.filter(
      (_, at, all) => at % 2 === 1 && /^grip-last$/i.test(all[at - 1] ?? ''),
    );
  }

  it('E1 is not, where an item follows the one that the origin knew', async () => {
    await held('ch; prev-id=1');
    await proxy.publish('ch', { 'http-response': 'two' }, { id: '2', 'prev-id': '1' });
    assert.equal(String((await client.reply()).body), 'two');
    assert.equal(origin.requests.length, 1);
  });

  it('E2 is, where an item was missed: the same request, and Grip-Last', async () => {
    await held('ch; prev-id=1', 'POST /poll?x=1', 'the body');
    const receipt = await proxy.publish('ch', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' });
    assert.equal(receipt.queued, 1);
    clock.advance(100);
    assert.equal(String((await client.reply()).body), 'again');
    const [first, second] = [await origin.completeRequest(0), await origin.completeRequest(1)];
    assert.deepEqual([second.method, second.url, String(second.body)], ['POST', '/poll?x=1', 'the body']);
    assert.deepEqual(lastIds(0), []);
    assert.deepEqual(lastIds(1), ['ch; last-id=1']);
    const own = (headers: typeof first.headers): unknown[] => [
      headers['x-own'],
      headers.cookie,
      headers['if-none-match'],
      headers.host,
    ];
    assert.deepEqual(own(second.headers), own(first.headers));
    assert.notEqual(second.headers['grip-sig'], undefined);
  });

  it('E3 is not, where the origin gave no prev-id', async () => {
    await held('ch');
    await proxy.publish('ch', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' });
    assert.equal(String((await client.reply()).body), 'three');
  });

  it('E4 is, where an item has no prev-id but the channel has', async () => {
    await held('ch; prev-id=1');
    await proxy.publish('ch', { 'http-response': 'x' });
    clock.advance(100);
    assert.equal(String((await client.reply()).body), 'again');
    assert.deepEqual(lastIds(1), ['ch; last-id=1']);
  });

  it('E6 is at once, where items came between the answer of the origin and the hold', async () => {
    await start((res, _seen, count) => hold(res, 'response', 'ch; prev-id=1', { body: `answer ${count}` }));
    await proxy.publish('ch', { 'http-response': 'x' }, { id: '2', 'prev-id': '1' });
    client.request('GET /');
    await origin.request(1);
    assert.deepEqual(lastIds(1), ['ch; last-id=1']);
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await settle();
    assert.equal(origin.requests.length, 2);
    clock.advance(55_000);
    assert.equal(String((await client.reply()).body), 'answer 1');
  });

  it('E8 says Grip-Last of the name that the origin knows, without the prefix of the route', async () => {
    origin = await stage().origin((res, _seen, count) => {
      if (count === 0) hold(res, 'response', 'c; prev-id=1');
      else res.end('again');
    });
    server = await stage().proxy({ routes: [{ target: origin.url, prefix: 'p-' }], clock });
    client = await stage().client(server);
    client.request('GET /');
    await eventually(() => server.proxy.hub.subscriberCount('p-c') === 1, 'a hold');
    await server.proxy.publish('p-c', { 'http-response': 'x' }, { id: '3', 'prev-id': '2' });
    clock.advance(100);
    await client.reply();
    assert.deepEqual(lastIds(1), ['c; last-id=1']);
  });

  it('says Grip-Last of each channel that has ids, as far as the client has come', async () => {
    await held(['a; prev-id=1', 'b; prev-id=; filter=skip-self', 'c', 'd; prev-id=x,y']);
    await proxy.publish('a', { 'http-response': { action: 'close' } }, { id: '2', 'prev-id': '1' });
    await proxy.publish('c', { 'http-response': { action: 'hint' } });
    assert.equal(String((await client.reply()).body), 'again');
    assert.deepEqual(lastIds(1), ['a; last-id=2', 'b; last-id=', 'd; last-id=x']);
  });

  it('is at once on a hint, which does not count as received', async () => {
    await held('ch; prev-id=1');
    const receipt = await proxy.publish(
      'ch',
      { 'http-response': { action: 'hint' } },
      { id: '9', 'prev-id': '1' },
    );
    assert.equal(receipt.delivered, 1);
    assert.equal(String((await client.reply()).body), 'again');
    assert.deepEqual(lastIds(1), ['ch; last-id=1']);
  });

  it('is on recover, even without ids', async () => {
    await held('ch');
    proxy.hub.recover();
    clock.advance(99);
    await settle();
    assert.equal(origin.requests.length, 1);
    clock.advance(1);
    assert.equal(String((await client.reply()).body), 'again');
  });

  it('takes items for those that the origin will tell of', async () => {
    await held('ch; prev-id=1');
    await proxy.publish('ch', { 'http-response': 'x' }, { id: '3', 'prev-id': '2' });
    assert.equal((await proxy.publish('ch', { 'http-response': 'y' }, { 'prev-id': '3' })).queued, 1);
    clock.advance(100);
    assert.equal(String((await client.reply()).body), 'again');
  });

  it('may be held again, and answered then', async () => {
    await start((res, _seen, count) => hold(res, 'response', `ch; prev-id=${count + 1}`));
    client.request('GET /');
    for (const round of [1, 2, 3]) {
      await eventually(() => proxy.stats().sessions === 1 && proxy.stats().upstreamRequests === 0, 'a hold');
      await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': String(round) });
      await origin.request(round);
    }
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': 'five' }, { id: '5', 'prev-id': '4' });
    assert.equal(String((await client.reply()).body), 'five');
  });

  it('may become a stream', async () => {
    await start((res, _seen, count) =>
      hold(res, count === 0 ? 'response' : 'stream', 'ch', { body: 'open' }),
    );
    client.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } });
    await client.bodyWith('open');
    await proxy.publish('ch', { 'http-stream': 'pushed' });
    await client.bodyWith('pushed');
  });

  it('is answered 502 when the origin has died', async () => {
    await held('ch');
    await origin.close();
    await proxy.publish('ch', { 'http-response': { action: 'hint' } });
    assert.equal((await client.reply()).status, 502);
    origin.server.listen(0);
  });

  it('leaves nothing behind when the client leaves while it waits, or while the origin thinks', async () => {
    await start((res, _seen, count) => {
      if (count !== 2) hold(res, 'response', 'ch; prev-id=1');
    });
    client.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': 'x' }, { 'prev-id': '7' });
    client.reset();
    await eventually(() => server.held === 0, 'nothing held');
    clock.advance(1000);
    assert.equal(clock.pending, 0);
    const other = await stage().client(server);
    other.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
    await origin.request(2);
    other.reset();
    await origin.abandonedRequest(2);
    await eventually(() => server.held === 0, 'nothing held');
  });

  it('sends the whole body again that came only after the hold had been answered', async () => {
    await start((res, _seen, count) => {
      if (count === 0) hold(res, 'response', 'ch');
      else res.end('again');
    });
    client.request('POST /', ['Content-Length: 10'], 'hello');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    client.write('world');
    await settle();
    await proxy.publish('ch', { 'http-response': { action: 'hint' } });
    await client.reply();
    assert.equal(String((await origin.completeRequest(1)).body), 'helloworld');
  });
});
