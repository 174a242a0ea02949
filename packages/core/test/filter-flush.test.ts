import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import { FilterBench } from './support/filter-bench.js';

describe('a publish that waits for the flush of an item that a filter is asked about', () => {
  const stage = useStage();

  /** What the receipt of a publish says in the end, when the filter has answered. */
  async function flushed(answer: (res: ServerResponse) => void): Promise<string> {
    const pending: ServerResponse[] = [];
    const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-modify', (res) => {
      pending.push(res);
    });
    const formats = { 'http-stream': 'hello' };
    const receipt = bench.proxy.publish('ch', formats, { wait: 'flush', timeoutMs: 60_000 });
    let done = false;
    void receipt.then(() => {
      done = true;
    });
    await bench.question();
    const [res] = pending;
    await settle();
    bench.clock.advance(5);
    await settle();
    assert.equal(done, false);
    if (res !== undefined) answer(res);
    await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    await eventually(() => {
      bench.clock.advance(5);
      return done;
    }, 'a receipt');
    const { matched, ...outcomes } = await receipt;
    const [[name = '', count] = []] = Object.entries(outcomes).filter(([, value]) => value > 0);
    assert.deepEqual([matched, count], [1, 1]);
    return name;
  }

  it('has the item delivered when it has left', async () => {
    assert.equal(await flushed((res) => res.end('and much more than before')), 'delivered');
  });

  it('has it filtered when the filter drops it', async () => {
    assert.equal(await flushed((res) => res.writeHead(200, { Action: 'drop' }).end()), 'filtered');
  });

  it('has it dropped when the filter fails', async () => {
    assert.equal(await flushed((res) => res.writeHead(500).end()), 'dropped');
  });
});
