import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const COUNT = 5;

describe('streams that want the same of a link', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;

  beforeEach(() => {
    clock = new ManualClock();
  });

  /** Clients that are held with a link `/next`; `path` of each begins with `/stream`. */
  async function held(paths: readonly string[], link: OriginHandler, channel = 'ch'): Promise<RawClient[]> {
    origin = await stage().origin((res, seen, count) => {
      if (!seen.url.startsWith('/stream')) {
        link(res, seen, count);
        return;
      }
      const query = seen.url.split('?')[1] ?? '';
      const next = `Grip-Link: </next?${query}>; rel=next`;
      hold(res, 'stream', channel, { body: '[', fields: [next] });
    });
    server = await stage().proxy({ target: origin.url, clock });
    const clients: RawClient[] = [];
    for (const path of paths) {
      const client = await stage().client(server);
      client.request(`GET ${path}`);
      await client.bodyWith('[');
      clients.push(client);
    }
    return clients;
  }

  async function hint(): Promise<void> {
    await server.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await settle(50);
  }

  function links(): string[] {
    return origin.requests.map(({ url }) => url).filter((url) => url.startsWith('/next'));
  }

  const same = Array.from({ length: COUNT }, () => '/stream');

  it('share one answer, and are held by it', async () => {
    const clients = await held(same, (res) => hold(res, 'stream', 'new', { body: 'content' }));
    await hint();
    for (const client of clients) await client.bodyWith('[content');
    await eventually(() => server.proxy.hub.subscriberCount('new') === COUNT, 'all held');
    assert.equal(links().length, 1);
    assert.equal((await server.proxy.publish('new', { 'http-stream': 'x' })).delivered, COUNT);
    for (const client of clients) await client.bodyWith('contentx');
  });

  it('get answers of their own where the query differs', async () => {
    const clients = await held(['/stream?user=a', '/stream?user=b'], (res, seen) => res.end(seen.url));
    await hint();
    const bodies = await Promise.all(clients.map((client) => client.reply()));
    assert.deepEqual(
      bodies.map(({ body }) => String(body)),
      ['[/next?user=a', '[/next?user=b'],
    );
  });

  it('get answers of their own where the host differs', async () => {
    const clients = await held(['/stream'], (res, seen) => res.end(String(seen.headers.host)), 'ch');
    const other = await stage().client(server);
    other.request('GET /stream', ['Host: other.test']);
    await other.bodyWith('[');
    await hint();
    assert.equal(String((await other.reply()).body), '[other.test');
    assert.equal(String((await clients[0]?.reply())?.body), '[example.com');
  });

  it('go on when one of them leaves; the origin is stopped when the last one does', async () => {
    const clients = await held(same, (res) => res.writeHead(200, { 'Grip-Hold': 'stream' }).write('part'));
    await hint();
    for (const client of clients) await client.bodyWith('[part');
    const [first, ...others] = clients;
    first?.reset();
    await eventually(() => server.proxy.stats().sessions === COUNT - 1, 'one less');
    const { res } = origin.requests.at(-1) ?? assert.fail();
    res.write(' more');
    for (const client of others) {
      await client.bodyWith('part more');
      client.reset();
    }
    await eventually(() => origin.requests.at(-1)?.abandoned === true, 'the request given up');
    assert.equal(links().length, 1);
  });

  it('all hear of its failure, and try again together', async () => {
    let failing = true;
    const clients = await held(same, (res) => {
      if (failing) res.writeHead(500).end();
      else res.end('content');
    });
    await hint();
    failing = false;
    clock.advance(1000);
    for (const client of clients) assert.equal(String((await client.reply()).body), '[content');
    assert.equal(links().length, 2);
  });

  it('are all cut when it breaks off', async () => {
    const clients = await held(same, (res) => res.writeHead(200, { 'Content-Length': 100 }).write('part'));
    await hint();
    for (const client of clients) await client.bodyWith('part');
    origin.requests.at(-1)?.res.destroy();
    for (const client of clients) {
      await client.closed();
      assert.equal(client.replies[0]?.complete, false);
    }
  });

  it('do not wait for a slow one, which is cut off when it falls far behind', async () => {
    const large = Buffer.alloc(30_000_000, 'x');
    const clients = await held(['/stream', '/stream'], (res) => res.end(large));
    const [slow, quick] = clients;
    assert(slow && quick);
    slow.socket.pause();
    await hint();
    await quick.bytes(large.length);
    slow.socket.resume();
    await eventually(() => slow.ending !== undefined, 'the end of the slow one');
    assert(slow.receivedBytes < large.length);
  });

  it('share a large answer, each byte once for each', async () => {
    const large = Buffer.alloc(1_000_000);
    for (let i = 0; i < large.length; i++) large[i] = 97 + (i % 26);
    const clients = await held(same, (res) => res.end(large));
    await hint();
    for (const client of clients) {
      const { body } = await client.reply();
      assert(body.subarray(1).equals(large));
    }
    assert.equal(links().length, 1);
  });
});
