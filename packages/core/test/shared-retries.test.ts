import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('long-polls that are asked again at the same time', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;
  let clients: RawClient[];

  interface Request {
    readonly line?: string;
    readonly fields?: readonly string[];
    readonly body?: string;
  }

  const again = (): Origin['requests'] =>
    origin.requests.filter(({ headers }) => headers['grip-last'] !== undefined);

  /** Clients with these requests are held; then they all lack an item, and the origin gives `answer`. */
  async function retry(
    requests: readonly Request[],
    answer: OriginHandler,
    inProcess = false,
  ): Promise<void> {
    clock = new ManualClock();
    origin = await stage().origin((res, seen) => {
      if (seen.headers['grip-last'] === undefined) hold(res, 'response', 'ch; prev-id=1');
      else answer(res, seen, again().length);
    });
    const listener: RequestListener = (req, res) => void origin.server.emit('request', req, res);
    const target = inProcess ? { listener } : origin.url;
    server = await stage().proxy({ target, clock });
    clients = [];
    for (const { line = 'GET /poll?x=1', fields = [], body = '' } of requests) {
      const client = await stage().client(server);
      client.request(line, fields, body);
      clients.push(client);
    }
    await eventually(() => server.proxy.stats().sessions === requests.length, 'all held');
    await server.proxy.publish('ch', { 'http-response': '3' }, { id: '3', 'prev-id': '2' });
    clock.advance(100);
    await settle(40);
  }

  async function bodies(): Promise<string[]> {
    const replies = await Promise.all(clients.map((client) => client.reply()));
    return replies.map(({ body }) => String(body));
  }

  const same: Request[] = [{}, {}, {}];

  it('share one request and its answer where the origin could not tell them apart', async () => {
    await retry(same, (res, _seen, count) => {
      respond(res, { fields: ['Content-Length: 8'], body: `answer ${count}` });
    });
    assert.deepEqual(await bodies(), ['answer 1', 'answer 1', 'answer 1']);
    assert.equal(again().length, 1);
  });

  it('are held each by an answer that they share', async () => {
    await retry(same, (res) => hold(res, 'response', 'other'));
    await eventually(() => server.proxy.hub.subscriberCount('other') === 3, 'all held again');
    assert.equal((await server.proxy.publish('other', { 'http-response': 'x' })).delivered, 3);
    assert.deepEqual(await bodies(), ['x', 'x', 'x']);
    assert.equal(again().length, 1);
  });

  const different: [what: string, requests: Request[]][] = [
    ['other cookies', [{ fields: ['Cookie: a=1'] }, { fields: ['Cookie: a=2'] }]],
    ['the same cookie', [{ fields: ['Cookie: a=1'] }, { fields: ['Cookie: a=1'] }]],
    ['credentials', [{ fields: ['Authorization: x'] }, { fields: ['Authorization: x'] }]],
    ['another query', [{}, { line: 'GET /poll?x=2' }]],
    ['another header', [{}, { fields: ['Accept-Language: de'] }]],
    ['another method', [{ line: 'POST /poll' }, { line: 'POST /poll' }]],
    ['a body', [{ body: 'b' }, { body: 'b' }]],
  ];
  for (const [what, requests] of different) {
    it(`have each an answer of its own with ${what}`, async () => {
      await retry(requests, (res, _seen, count) => respond(res, { body: `answer ${count}` }));
      assert.deepEqual((await bodies()).sort(), ['answer 1', 'answer 2']);
    });
  }

  it('have each an answer of its own from an app in the same process, which sees their connections', async () => {
    await retry(same, (res, _seen, count) => respond(res, { body: `answer ${count}` }), true);
    assert.deepEqual((await bodies()).sort(), ['answer 1', 'answer 2', 'answer 3']);
  });

  for (const field of [
    'Set-Cookie: a=1',
    'Cache-Control: private, max-age=1',
    'Cache-Control: no-cache, No-Store',
  ]) {
    it(`ask each by itself where the answer has "${field}"`, async () => {
      await retry(same, (res, _seen, count) => {
        respond(res, { fields: ['Content-Length: 8', field], body: `answer ${count}` });
      });
      assert.deepEqual((await bodies()).sort(), ['answer 1', 'answer 2', 'answer 3']);
      await eventually(() => server.proxy.stats().timers === 0, 'nothing left');
    });
  }

  for (const [what, fields] of [
    ['of which nobody knows how large it is', []],
    ['that is large', ['Content-Length: 200000']],
  ] as const) {
    it(`ask each by itself for an answer ${what}: who takes it slowly is not cut off`, async () => {
      await retry(same, (res, _seen, count) => respond(res, { fields, body: `${count}`.repeat(200_000) }));
      assert.deepEqual(
        (await bodies()).sort(),
        ['1', '2', '3'].map((one) => one.repeat(200_000)),
      );
    });
  }

  it('leave the others their answer when one of them leaves', async () => {
    await retry(same, () => undefined);
    clients[0]?.reset();
    await eventually(() => server.proxy.stats().upstreamRequests === 1, 'one request');
    respond(again()[0]?.res ?? assert.fail(), { fields: ['Content-Length: 6'], body: 'answer' });
    for (const client of clients.slice(1)) assert.equal(String((await client.reply()).body), 'answer');
  });

  it('are asked once more, together, when the request that they share is not answered', async () => {
    await retry(same, (res, _seen, count) => {
      if (count === 2) respond(res, { fields: ['Content-Length: 6'], body: 'answer' });
    });
    clock.advance(30_000);
    assert.deepEqual(await bodies(), ['answer', 'answer', 'answer']);
    assert.equal(again().length, 2);
  });

  it('get 502 when that is not answered either', async () => {
    await retry(same, () => {});
    clock.advance(30_000);
    await eventually(() => again().length === 2, 'a second request');
    clock.advance(30_000);
    for (const client of clients) assert.equal((await client.reply()).status, 502);
    assert.deepEqual(server.proxy.limits().followUpTimeout, 2);
  });

  it('do not join a request that has not been answered for 10 seconds', async () => {
    await retry([{}], (res, _seen, count) => {
      if (count === 2) respond(res, { fields: ['Content-Length: 6'], body: 'answer' });
    });
    clock.advance(10_000);
    const other = await stage().client(server);
    other.request('GET /poll?x=1');
    await eventually(() => server.proxy.stats().sessions === 1, 'another hold');
    await server.proxy.publish('ch', { 'http-response': '4' }, { id: '5', 'prev-id': '4' });
    clock.advance(100);
    assert.equal(String((await other.reply()).body), 'answer');
    assert.equal(again().length, 2);
  });

  it('take their request along when the last of them leaves', async () => {
    await retry(same, () => undefined);
    for (const client of clients) client.reset();
    await origin.abandonedRequest(3);
    await eventually(() => server.held === 0, 'nothing left');
  });

  it('all get an error where the origin fails', async () => {
    await retry(same, (res) => res.socket?.resetAndDestroy());
    const replies = await Promise.all(clients.map((client) => client.reply()));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [502, 502, 502],
    );
  });
});
