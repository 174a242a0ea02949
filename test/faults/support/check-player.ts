import assert from 'node:assert/strict';
import type { Player } from './players.js';
import { type Entry, type Got, NUMBERED, type TrueLog } from './true-log.js';

/** What the proxy has told of a client that was too slow. */
export interface Told {
  /** Its connection was ended. */
  readonly isCut: boolean;
  /** Its origin was to be asked. */
  readonly hasRecovered: boolean;
}

/**
 * Checks that a client got what there was for it, in order and once: all of it, if it still is there and reads; if its
 * connection ended, all up to somewhere.
 *
 * @throws AssertionError
 */
export function checkPlayer(player: Player, log: TrueLog, { isCut, hasRecovered }: Told): void {
  const { wish, name, isOver, hasLeft, content } = player;
  assert(!isOver || hasLeft || isCut, `${name}: its connection has ended, and nobody says why`);
  assert(!player.endedProperly, `${name}: a proper end, though nobody ended it`);
  const isAllThere = !isOver && !hasLeft;
  if (isAllThere) assert.equal(content.rest, '', `${name}: half an item`);
  if (isAllThere) assert(player.since !== undefined, `${name}: was never held`);
  const others = content.items.filter(({ channel }) => !wish.channels.some((one) => one === channel));
  assert.deepEqual(others, [], `${name}: items of other channels`);
  for (const channel of wish.channels) {
    const numbers = numbersOf(content.items, channel);
    const what = `${name}, channel ${channel}`;
    assert.equal(new Set(numbers).size, numbers.length, `${what}: items came twice: ${numbers}`);
    const knows = (wish.linked || wish.transport === 'poll') && NUMBERED.some((one) => one === channel);
    if (knows) {
      const start = content.start?.[channel];
      if (start === undefined) assert.deepEqual(numbers, [], `${what}: items before its start`);
      else
        checkNumbered(
          what,
          numbers,
          log.after(channel, start, wish.user),
          wish.policy === 'conflate',
          isAllThere,
        );
    } else {
      const all = log.after(channel, 0, wish.user);
      const since = player.since?.get(channel) ?? Number.POSITIVE_INFINITY;
      // An origin that numbers nothing has been asked, but not told what is missing.
      if (hasRecovered) continue;
      const isOrdered = !log.reordered.has(channel);
      checkLive(what, numbers, all, { since, isAllThere, skips: wish.policy === 'conflate', isOrdered });
    }
  }
}

function numbersOf(items: readonly Got[], channel: string): number[] {
  return items.filter((one) => one.channel === channel).map(({ number }) => number);
}

/** Where the origin can be asked for what was missed: nothing is. */
function checkNumbered(
  what: string,
  numbers: readonly number[],
  entries: readonly Entry[],
  skips: boolean,
  isAllThere: boolean,
): void {
  const wanted = entries.map(({ number }) => number);
  if (!skips) {
    assert.deepEqual(numbers, isAllThere ? wanted : wanted.slice(0, numbers.length), `${what}: what it got`);
    return;
  }
  checkAscending(what, numbers);
  for (const number of numbers) assert(wanted.includes(number), `${what}: ${number} is not for it`);
  if (isAllThere) assert.equal(numbers.at(-1), wanted.at(-1), `${what}: the newest item`);
}

/** Where only what is published counts: of that, nothing may be missing since it was held. */
function checkLive(
  what: string,
  numbers: readonly number[],
  entries: readonly Entry[],
  {
    since,
    isAllThere,
    skips,
    isOrdered,
  }: { since: number; isAllThere: boolean; skips: boolean; isOrdered: boolean },
): void {
  for (const number of numbers)
    assert(
      entries.some((entry) => entry.number === number),
      `${what}: ${number} is not for it`,
    );
  if (isOrdered) checkAscending(what, numbers);
  const due = entries.filter(({ reachedProxy, number }) => reachedProxy && number > since);
  const got = new Set(numbers);
  const missing = due.map(({ number }) => number).filter((number) => !got.has(number));
  if (skips) {
    if (isAllThere && isOrdered && due.length > 0)
      assert(got.has(due.at(-1)?.number ?? 0), `${what}: the newest item`);
  } else if (isAllThere) {
    assert.deepEqual(missing, [], `${what}: is missing some, and got ${numbers}`);
  } else if (isOrdered) {
    const last = numbers.at(-1) ?? 0;
    assert.deepEqual(
      missing.filter((number) => number < last),
      [],
      `${what}: is missing some before its end`,
    );
  }
}

function checkAscending(what: string, numbers: readonly number[]): void {
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
    `${what}: out of order`,
  );
}
