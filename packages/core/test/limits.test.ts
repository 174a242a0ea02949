import assert from 'node:assert/strict';
import type { LimitFields, Logger } from '@p-8/core';
import { silentLogger } from '@p-8/core';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { useStage } from '../../../test/support/stage.js';

const MINUTE = 60_000;

describe('a limit that was reached', () => {
  const stage = useStage();
  let clock: ManualClock;
  let server: ProxyServer;
  let warnings: LimitFields[];

  beforeEach(async () => {
    clock = new ManualClock();
    warnings = [];
    const warn: Logger['warn'] = (fields, message) => {
      if (message === 'limit reached') warnings.push({ ...fields });
    };
    const origin = await stage().origin((res) => hold(res, 'stream', 'one, two, three', { body: '[' }));
    const logger = { ...silentLogger, warn };
    server = await stage().proxy({ target: origin.url, clock, logger, subscriptionsPerConnection: 2 });
  });

  async function openStream(held: number): Promise<void> {
    const client = await stage().client(server);
    client.request('GET /stream');
    await eventually(() => server.proxy.stats().sessions === held, 'the stream is held');
  }

  it('is counted, and told to listeners with what was refused', async () => {
    const told: unknown[] = [];
    server.proxy.on('limit', (limit, fields) => told.push([limit, fields.channel]));
    await openStream(1);
    await openStream(2);
    assert.deepEqual(told, [
      ['channels', 'three'],
      ['channels', 'three'],
    ]);
    assert.equal(server.proxy.limits().channels, 2);
  });

  it('is in the log once a minute, with its count', async () => {
    await openStream(1);
    await openStream(2);
    assert.deepEqual(
      warnings.map(({ limit, channel, count }) => [limit, channel, count]),
      [['channels', 'three', 1]],
    );
    clock.advance(MINUTE);
    await openStream(3);
    assert.deepEqual(
      warnings.map(({ count }) => count),
      [1, 3],
    );
  });
});
