import assert from 'node:assert/strict';
import type { GripProxy } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const KB = 1024;
const BLOCK = 'x'.repeat(64 * KB);

describe('a slow client', () => {
  const stage = useStage();
  let server: ProxyServer;
  let proxy: GripProxy;
  let client: RawClient;
  let origin: Origin;
  let clock: ManualClock;

  async function held(handler: OriginHandler, sessionQueueBytes = 1024 * KB): Promise<void> {
    clock = new ManualClock();
    origin = await stage().origin(handler);
    server = await stage().proxy({ target: origin.url, sessionQueueBytes, stallTimeout: 0, clock });
    ({ proxy } = server);
    client = await stage().client(server);
    client.request('GET /');
    await client.bodyWith('[');
  }

  async function publish(
    content: string,
    id?: number,
  ): Promise<{ delivered: number; queued: number; dropped: number }> {
    const ids = id === undefined ? {} : { id: String(id), 'prev-id': String(id - 1) };
    return await proxy.publish('ch', { 'http-stream': content }, ids);
  }

  /** Publishes numbered items to a client that does not read, until one is not delivered; gives how many there were. */
  async function fill(numbered = false): Promise<number> {
    client.socket.pause();
    for (let count = 1; ; count++) {
      const { delivered, queued } = await publish(`<${count}>${BLOCK}`, numbered ? count : undefined);
      await settle(2);
      if (delivered === 0 && queued === 0) return count;
      if (queued > 0) return count;
      assert(count < 1000, 'nothing fills up');
    }
  }

  it('gets everything when it reads on, and meanwhile items count as queued', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const count = await fill();
    for (const more of ['a', 'b', 'c']) assert.equal((await publish(more)).queued, 1);
    client.socket.resume();
    const { body } = await client.bodyWith('abc');
    let expected = '[';
    for (let i = 1; i <= count; i++) expected += `<${i}>${BLOCK}`;
    assert.equal(String(body), `${expected}abc`);
    assert.equal((await publish('d')).delivered, 1);
  });

  it('does not keep others waiting', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const quick = await stage().client(server);
    quick.request('GET /');
    await quick.bodyWith('[');
    client.socket.pause();
    for (let i = 1; i <= 200; i++) {
      await publish(BLOCK);
      await quick.bytes(i * BLOCK.length);
    }
  });

  it('is cut when the bound is reached and nothing can fill the gap: it sees that it has not all', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }), 300 * KB);
    await fill();
    const receipts = [];
    for (let i = 0; i < 10; i++) receipts.push(await publish(BLOCK));
    assert.equal(
      receipts.some(({ dropped }) => dropped === 1),
      true,
    );
    assert.equal(proxy.stats().sessions, 0);
    client.socket.resume();
    await client.closed();
    assert.equal(client.replies[0]?.complete, false);
  });

  it('is not called slow for what comes in one turn, however much that is', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }), 100 * KB);
    const receipts = await Promise.all(Array.from({ length: 20 }, (_, i) => publish(`<${i}>${BLOCK}`)));
    assert.deepEqual(
      receipts.map(({ dropped }) => dropped),
      Array.from({ length: 20 }, () => 0),
    );
  });

  it('is not called slow for one item that is larger than the bound', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }), 100 * KB);
    for (let i = 0; i < 3; i++) {
      const receipt = await publish(`${'y'.repeat(1000 * KB)}<${i}>`);
      assert.equal(receipt.dropped, 0);
      await client.bodyWith(`<${i}>`);
    }
  });

  it('recovers by its next link when the bound is reached: nothing is lost', async () => {
    await held((res, seen) => {
      const last = /last-id=(\d+)/.exec(String(seen.headers['grip-last'] ?? ''))?.[1];
      const fields = ['Grip-Link: </next>; rel=next'];
      if (last === undefined) hold(res, 'stream', 'ch; prev-id=0', { body: '[', fields });
      else {
        let body = '';
        for (let i = Number(last) + 1; i <= published; i++) body += `<${i}>${BLOCK}`;
        hold(res, 'stream', `ch; prev-id=${published}`, { body, fields });
      }
    }, 300 * KB);
    let published = await fill(true);
    for (let i = 0; i < 20; i++) {
      const receipt = await publish(`<${published + 1}>${BLOCK}`, published + 1);
      published++;
      assert.deepEqual([receipt.dropped, receipt.queued], [0, 1]);
    }
    assert.equal(proxy.stats().sessions, 1);
    assert.equal(origin.requests.length, 1);
    client.socket.resume();
    await origin.request(1);
    await client.bodyWith(`<${published}>`);
    await eventually(() => proxy.stats().upstreamRequests === 0, 'the end of the link');
    await publish(`<${published + 1}>`, published + 1);
    const { body } = await client.bodyWith(`<${published + 1}>`);
    const numbers = [...String(body).matchAll(/<(\d+)>/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: published + 1 }, (_, i) => i + 1),
    );
  });

  it('has its next link asked only when it has taken what there is', async () => {
    await held((res, _seen, count) => {
      const fields = ['Grip-Link: </next>; rel=next; timeout=10'];
      hold(res, 'stream', 'ch', { body: count === 0 ? '[' : ']', fields });
    });
    await fill();
    clock.advance(20_000);
    clock.advance(100);
    await settle();
    assert.equal(origin.requests.length, 1);
    client.socket.resume();
    await client.bodyWith(']');
  });

  it('gets no keep-alives on top of what waits', async () => {
    await held((res) =>
      hold(res, 'stream', 'ch', { body: '[', fields: ['Grip-Keep-Alive: PING; timeout=1'] }),
    );
    await fill();
    await publish('a');
    for (let i = 0; i < 100; i++) clock.advance(1000);
    client.socket.resume();
    await publish('b');
    const { body } = await client.bodyWith('b');
    assert.equal(String(body).includes('PING'), false);
    clock.advance(1000);
    await client.bodyWith('PING');
  });

  it('holds back the content of a next link, and the origin that sends it', async () => {
    let sent = 0;
    await held((res, _seen, count) => {
      const fields = ['Grip-Link: </next>; rel=next'];
      if (count === 0) {
        hold(res, 'stream', 'ch', { body: '[', fields });
        return;
      }
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      const pump = (): void => {
        while (sent < 100_000_000) {
          sent += BLOCK.length;
          if (!res.write(BLOCK)) return;
        }
        res.end('LAST');
      };
      res.on('drain', pump);
      pump();
    });
    client.socket.pause();
    await proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await origin.request(1);
    let last = -1;
    let still = 0;
    await eventually(() => {
      still = sent === last ? still + 1 : 0;
      last = sent;
      return still > 500;
    }, 'an origin that waits');
    assert(sent < 30_000_000, `${sent} bytes`);
    client.destroy();
    await origin.abandonedRequest(1);
  });

  it('leaves nothing behind when it leaves', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }));
    await fill();
    await publish('a');
    client.reset();
    await eventually(() => server.held === 0, 'nothing held');
  });

  it('may take its time for the rest of a stream that has ended', async () => {
    await held((res) => hold(res, 'stream', 'ch', { body: '[' }));
    await fill();
    await publish('LAST');
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal(server.held, 0);
    client.socket.resume();
    assert.match(String((await client.reply()).body), /LAST$/);
  });
});
