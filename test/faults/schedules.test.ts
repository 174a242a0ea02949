import assert from 'node:assert/strict';
import type { GripProxy } from '@p-8/core';
import fc from 'fast-check';
import { MemoryNetwork, type Network } from './support/networks.js';
import { ONCE_WRONG } from './support/once-wrong.js';
import { type Kind, type Schedule, schedules } from './support/schedule.js';
import { TcpNetwork } from './support/tcp-network.js';
import { type Tally, World } from './support/world.js';

/*
 * Random schedules of items and of what can happen to them and to clients; see support/schedule.ts. After each: what every client
 * got is what was published, in its order and once, or the client can see that it is not, or the origin was told; receipts add up;
 * nothing is left.
 *
 * P8_SCHEDULES=20000 plays so many, in place of 2,000, and P8_SEED=… those that failed: a failure prints its seed.
 */
const COUNT = Number(process.env.P8_SCHEDULES ?? 2000);
const SEED = process.env.P8_SEED;

/** Each test plays so many of them. */
const PARTS = 5;

/** The share of schedules that are calm. */
const CALM = 0.2;

/** Those over TCP, where each takes much longer. */
const TCP_COUNT = Math.ceil(COUNT / 20);

/** Milliseconds: much more than a busy machine needs. */
const PATIENCE = 60_000 + COUNT * 60;

/** What must happen in some of them; else they prove nothing about it. */
const EXPECTED = [
  ...['once', 'lost', 'twice', 'overtaken', 'delivered', 'queued', 'filtered', 'dropped'],
  ...['stream queue recover', 'stream queue close', 'stream queue conflate'],
  ...['websocket queue close', 'websocket queue conflate'],
  ...['stream ceiling recover', 'stream ceiling close', 'websocket ceiling close', 'stream stall close'],
  ...['recover: gap', 'recover: slow', 'recover: quiet', 'recover: command'],
  ...['recovered: recent', 'recovered: link', 'recovered: retry', 'recovered: ended'],
  ...[
    'response client',
    'response answered',
    'response timeout',
    'stream client',
    'stream ended',
    'stream error',
  ],
  ...['websocket client', 'websocket ended', 'asked stream', 'asked link', 'asked poll', 'asked ws'],
];

describe('whatever happens to items, clients and origins', function () {
  this.timeout(PATIENCE);
  const tally: Tally = new Map();

  async function playOne(schedule: Schedule, connectTo = inMemory): Promise<void> {
    await new World(schedule, connectTo, tally).play();
  }

  async function play(count: number, kind: Kind, connectTo = inMemory): Promise<void> {
    const property = fc.asyncProperty(schedules(kind), (schedule) => playOne(schedule, connectTo));
    await fc.assert(property, {
      numRuns: Math.ceil(count),
      ...(SEED !== undefined && { seed: Number(SEED) }),
    });
  }

  for (const [name, schedule] of Object.entries(ONCE_WRONG)) it(name, () => playOne(schedule));

  for (let part = 1; part <= PARTS; part++) {
    it(`nothing is lost in silence, and nothing stays: part ${part}`, () =>
      play((COUNT * (1 - CALM)) / PARTS, { scale: 1, isCalm: false }));
  }

  it('and what was overtaken is turned round', () => play(COUNT * CALM, { scale: 1, isCalm: true }));

  it('and all of it did happen', function () {
    // Of few schedules one cannot ask that much.
    if (COUNT < 2000) this.skip();
    const missing = EXPECTED.filter((what) => !tally.has(what));
    assert.deepEqual(missing, [], JSON.stringify(Object.fromEntries(tally)));
  });

  it('nor over TCP, where connections stall, dribble, get lost and are cut', () =>
    play(TCP_COUNT, { scale: 32, isCalm: false }, (proxy) => new TcpNetwork(proxy)));
});

function inMemory(proxy: GripProxy): Network {
  return new MemoryNetwork(proxy);
}
