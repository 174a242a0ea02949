import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { respond } from '../../../test/support/origin.js';
import {
  GripInstruct,
  HttpStreamFormat,
  Item,
  type PublishException,
  Publisher,
  type PublisherOptions,
} from '../src/index.js';
import { type Endpoint, useEndpoints } from './support/endpoint.js';
import { HastyClock } from './support/hasty-clock.js';

const HI = { 'ws-message': 'hi' };

describe('an ordered channel', () => {
  const endpoints = useEndpoints();
  let endpoint: Endpoint;

  /** Ids and prev-ids of all items that the endpoint got, with the ids' numbers in place of themselves. */
  const chain = (): string[] => {
    const known = new Map<unknown, number>();
    const numberOf = (id: unknown): string => {
      if (id === undefined) return '-';
      if (typeof id === 'string' && !id.includes('-')) return id;
      if (!known.has(id)) known.set(id, known.size + 1);
      return String(known.get(id));
    };
    return items().map((item) => `${item.channel} ${numberOf(item['prev-id'])}>${numberOf(item.id)}`);
  };
  const items = () =>
    Array.from({ length: endpoint.count }, (_, index) => endpoint.seen(index)).flatMap((seen) => seen.items);
  const publisher = (options: PublisherOptions = {}): Publisher =>
    new Publisher(endpoint.url, { retries: 0, ...options });

  beforeEach(async () => {
    endpoint = await endpoints.listen();
  });

  it('numbers its items so that each names the one before it', async () => {
    const news = publisher({ prefix: 'p-' }).ordered('news');
    await news.publish(HI);
    await news.publish(new Item(new HttpStreamFormat('hi\n')));
    await news.publish(HI, { meta: { sender: 'ann' } });
    assert.deepEqual(chain(), ['p-news ->1', 'p-news 1>2', 'p-news 2>3']);
    assert.equal(news.lastId, items()[2]?.id);
    assert.deepEqual(items()[2]?.meta, { sender: 'ann' });
  });

  it('is the same however often it is asked for', async () => {
    const all = publisher();
    await all.ordered('a').publish(HI);
    await all.ordered('b').publish(HI);
    await all.ordered('a').publish(HI);
    assert.deepEqual(chain(), ['a ->1', 'b ->2', 'a 1>3']);
    assert.equal(all.ordered('a').lastId, items()[2]?.id);
  });

  it('has ids that sort, and that no other process gives', async () => {
    const clock = new ManualClock();
    const ids: string[] = [];
    for (const chance of [0, 0.999_999, 0.1, 0.5]) {
      clock.chance = chance;
      const news = publisher({ clock }).ordered('news');
      for (let count = 0; count < 40; count++) {
        await news.publish(HI);
        ids.push(news.lastId);
      }
      clock.advance(1);
    }
    assert.deepEqual([...new Set(ids)].sort(), ids);
    clock.chance = 0.2;
    const [one, other] = [
      publisher({ clock }).ordered('news'),
      publisher({ clock: new ManualClock() }).ordered('news'),
    ];
    assert.notEqual(one.lastId, other.lastId);
    assert.match(one.lastId, /^[0-9a-z]{13}-[0-9a-z]{8}$/);
  });

  it('goes on from the id that it is told', async () => {
    const news = publisher().ordered('news', { lastId: 'x' });
    assert.equal(news.lastId, 'x');
    await news.publish(HI);
    assert.deepEqual(chain(), ['news x>1']);
  });

  it('takes ids of the application into the chain', async () => {
    const news = publisher().ordered('news');
    await news.publish(HI, { id: 'a' });
    await news.publish(HI);
    await news.publish(new Item(new HttpStreamFormat('hi\n'), 'b'));
    await news.publish(HI, { id: 'c', 'prev-id': 'z' });
    assert.deepEqual(chain(), ['news ->a', 'news a>1', 'news 1>b', 'news z>c']);
    assert.equal(news.lastId, 'c');
  });

  it('leaves items without order out of the chain', async () => {
    const news = publisher().ordered('news');
    await news.publish(HI);
    await news.publish(HI, { 'no-seq': true });
    await news.publish(HI);
    assert.deepEqual(chain(), ['news ->1', 'news ->-', 'news 1>2']);
  });

  it('gives subscribers its last id, known or not', async () => {
    const news = publisher({ prefix: 'p-' }).ordered('news');
    const before = news.channel();
    assert.deepEqual(before.export(), { name: 'news', prevId: news.lastId });
    await news.publish(HI);
    // Nobody has subscribed with the id of an item that there is.
    assert.notEqual(before.prevId, items()[0]?.id);
    const headers = new GripInstruct(news.channel(['skip-self'])).toHeaders();
    assert.equal(headers['Grip-Channel'], `news; prev-id=${news.lastId}; filter=skip-self`);
  });

  it('sends one after the other, in the order of the calls', async () => {
    const answers: (() => void)[] = [];
    endpoint = await endpoints.listen(
      (res) => void answers.push(() => respond(res, { body: 'Published\n' })),
    );
    const news = publisher().ordered('news');
    const publishing = ['1', '2', '3'].map((text) => news.publish({ 'ws-message': text }));
    for (let count = 1; count <= 3; count++) {
      await endpoint.origin.completeRequest(count - 1);
      await settle();
      assert.equal(endpoint.count, count);
      answers[count - 1]?.();
      await publishing[count - 1];
    }
    assert.deepEqual(
      items().map(({ formats }) => formats),
      ['1', '2', '3'].map((content) => ({ 'ws-message': { content } })),
    );
  });

  it('does not wait for other channels', async () => {
    const { origin } = endpoint;
    origin.server.removeAllListeners('request');
    origin.server.on('request', async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      if (!body.includes('slow')) res.end('Published\n');
    });
    const all = publisher();
    const leaving = new AbortController();
    const slow = assert.rejects(all.ordered('slow').publish(HI, { signal: leaving.signal }));
    await all.ordered('fast').publish(HI);
    leaving.abort();
    await slow;
  });

  it('keeps the gap of a publish that failed', async () => {
    endpoint = await endpoints.statuses([200, 403]);
    const news = publisher().ordered('news');
    await news.publish(HI);
    const failing = assert.rejects(news.publish(HI));
    const next = news.publish(HI);
    await failing;
    await next;
    assert.deepEqual(chain(), ['news ->1', 'news 1>2', 'news 2>3']);
  });

  it('gives no id to what is no item', async () => {
    const news = publisher().ordered('news');
    const { lastId } = news;
    await assert.rejects(news.publish({}), { code: 'GRIP_ERR_PUBLISH_INVALID_ITEM' });
    assert.equal(news.lastId, lastId);
  });

  it('is tried again when the failure is one of the moment', async () => {
    endpoint = await endpoints.statuses([503]);
    const news = publisher({ retries: 1, clock: new HastyClock() }).ordered('news');
    await news.publish(HI);
    assert.deepEqual(chain(), ['news ->1', 'news ->1']);
  });

  it('refuses what is too much to wait for', async () => {
    endpoint = await endpoints.listen(() => {});
    const news = publisher().ordered('news');
    const leaving = new AbortController();
    const publishing = Array.from({ length: 1000 }, () =>
      assert.rejects(news.publish(HI, { signal: leaving.signal })),
    );
    const { lastId } = news;
    await assert.rejects(news.publish(HI), (error: PublishException) => {
      assert.equal(error.code, 'GRIP_ERR_PUBLISH_QUEUE_FULL');
      assert.match(error.message, /1000 items of the channel wait already/);
      return true;
    });
    assert.equal(news.lastId, lastId);
    await endpoint.origin.completeRequest();
    leaving.abort();
    await Promise.all(publishing);
    await settle();
    assert.equal(endpoint.count, 1);
    // There is room again.
    const again = new AbortController();
    const last = assert.rejects(news.publish(HI, { signal: again.signal }));
    await endpoint.origin.completeRequest(1);
    again.abort();
    await last;
  });

  it('does not keep those waiting who abort while they wait', async () => {
    const answers: (() => void)[] = [];
    endpoint = await endpoints.listen(
      (res) => void answers.push(() => respond(res, { body: 'Published\n' })),
    );
    const news = publisher().ordered('news');
    const leaving = new AbortController();
    const first = news.publish(HI);
    const second = news.publish(HI, { signal: leaving.signal });
    const third = news.publish(HI);
    leaving.abort();
    await assert.rejects(second, { code: 'GRIP_ERR_PUBLISH_ABORTED' });
    await eventually(() => answers.length === 1, 'the first');
    answers[0]?.();
    await first;
    await eventually(() => answers.length === 2, 'the third');
    answers[1]?.();
    await third;
    // Its id is in the chain: who waits for it must notice.
    const [one, last] = items();
    assert.notEqual(last?.['prev-id'], one?.id);
    assert.equal(endpoint.count, 2);
  });

  it('forgets the channel that was quiet longest, of more than 10,000', async () => {
    const all = publisher();
    await all.ordered('first').publish(HI);
    const many = Array.from({ length: 9999 }, (_, index) => all.ordered(`c${index}`).lastId);
    assert.equal(new Set(many).size, 9999);
    await all.ordered('first').publish(HI);
    assert.equal(all.ordered('c0').lastId, many[0]);
    assert.ok(all.ordered('one more').lastId);
    assert.notEqual(all.ordered('c1').lastId, many[1]);
    assert.deepEqual(chain(), ['first ->1', 'first 1>2']);
  });

  it('is every channel of a publisher that says so', async () => {
    const all = publisher({ ordered: true });
    await all.publish('a', HI);
    await all.publishHttpStream('a', 'hi\n');
    await all.publish([
      { channel: 'b', formats: HI },
      { channel: 'a', formats: HI },
      { channel: 'b', formats: HI, id: 'x' },
    ]);
    await all.ordered('b').publish(HI);
    assert.equal(endpoint.count, 4);
    assert.deepEqual(chain(), ['a ->1', 'a 1>2', 'b ->3', 'a 2>4', 'b 3>x', 'b x>5']);
  });
});
