import assert from 'node:assert/strict';
import poolBase, { type PoolWithClients } from 'undici/lib/dispatcher/pool-base.js';
import { eventually } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import { CallCounter } from '../src/upstream/call-counter.js';
import { createPool } from '../src/upstream/connection-pool.js';
import { Exchange } from '../src/upstream/exchange.js';
import { buildConnector, type Pool } from '../src/upstream/undici.js';
import type { UpstreamHandler } from '../src/upstream/upstream.js';

const PEAK = 50;

describe('a pool of connections to an origin', () => {
  const stage = useStage();
  const sizeOf = (pool: Pool): number => (pool as PoolWithClients)[poolBase.kClients].length;
  const ask = (pool: Pool): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      const handler: UpstreamHandler = {
        onHead() {},
        onData(chunk) {
          text += chunk;
          return true;
        },
        onEnd: () => resolve(text),
        onError: ({ detail }) => reject(new Error(detail)),
      };
      const exchange = new Exchange(handler, new CallCounter(), (_exchange, error) => reject(error));
      exchange.dispatch(pool, { method: 'GET', path: '/', headers: [], body: null }, 0);
    });

  it('keeps nothing of a busy moment once its connections are closed, and opens new ones', async () => {
    const waiting: (() => void)[] = [];
    const origin = await stage().origin((res, _seen, count) => {
      if (count >= PEAK) res.end('later');
      else waiting.push(() => res.end('at once'));
      if (count === PEAK - 1) for (const answer of waiting) answer();
    });
    const pool = createPool(origin.url, { connect: buildConnector({}) });
    stage().onClose(() => pool.destroy());
    const answers = await Promise.all(Array.from({ length: PEAK }, () => ask(pool)));
    assert.deepEqual(new Set(answers), new Set(['at once']));
    assert(sizeOf(pool) >= PEAK);
    origin.server.closeIdleConnections();
    // One is always there for the next request.
    await eventually(
      () => sizeOf(pool) <= 1,
      () => `${sizeOf(pool)} are left`,
    );
    assert.deepEqual([await ask(pool), origin.connections], ['later', PEAK + 1]);
  });

  it('does not forget a connection on which a request is under way', async () => {
    const origin = await stage().origin((res, _seen, count) => {
      if (count === 0) res.socket?.destroy();
      else res.end('answer');
    });
    const pool = createPool(origin.url, { connect: buildConnector({}) });
    stage().onClose(() => pool.destroy());
    const outcomes = await Promise.allSettled([ask(pool), ask(pool), ask(pool)]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected']);
    assert.equal(await ask(pool), 'answer');
  });
});
