import assert from 'node:assert/strict';
import type { Player } from './players.js';
import { type Entry, type Got, PLAIN, type TrueLog } from './true-log.js';

/** What the proxy has told of a client. */
export interface Told {
  /** Its connection was cut, and why. */
  readonly wasCut: boolean;
  /** It was too slow, and its origin was asked for what it lacks, as far as that has numbers. */
  readonly wasAsked: boolean;
}

/**
 * Checks that a client got what there was for it, in order and once: all of it, if it still is there and reads; if its
 * connection ended, all up to somewhere.
 *
 * @throws AssertionError
 */
export function checkPlayer(player: Player, log: TrueLog, { wasCut, wasAsked }: Told): void {
  const { wish, name, hasLeft, closedAfter, content, endedProperly } = player;
  const isOver = player.isOver || endedProperly;
  // What waits for one that has been ended can still be too much, or wait for too long.
  const isCut = wasCut || (closedAfter !== undefined && isOver && !endedProperly);
  const mayEnd = hasLeft || isCut || closedAfter !== undefined;
  assert(!isOver || mayEnd, `${name}: its connection has ended, and nobody says why`);
  if (closedAfter === undefined) assert(!endedProperly, `${name}: a proper end, though nobody ended it`);
  const isAllThere = !hasLeft && !isCut;
  if (isAllThere) {
    assert.equal(isOver, closedAfter !== undefined, `${name}: is it over?`);
    assert.equal(content.rest, '', `${name}: half an item`);
    assert(player.since !== undefined, `${name}: was never held`);
  }
  const others = content.items.filter(({ channel }) => !wish.channels.some((one) => one === channel));
  assert.deepEqual(others, [], `${name}: items of other channels`);
  const isOpen = closedAfter === undefined;
  for (const channel of wish.channels) {
    const numbers = numbersOf(content.items, channel);
    const what = `${name}, channel ${channel}`;
    assert.equal(new Set(numbers).size, numbers.length, `${what}: items came twice: ${numbers}`);
    const skips = wish.policy === 'conflate';
    // An origin that numbers nothing of a channel is asked, but cannot be told what is missing.
    if (wish.linked && wasAsked && channel === PLAIN) continue;
    if (wish.linked && channel !== PLAIN) {
      const start = content.start?.[channel];
      if (start === undefined) assert.deepEqual(numbers, [], `${what}: items before its start`);
      else checkNumbered(what, numbers, log.after(channel, start, wish.user), skips, isAllThere && isOpen);
    } else {
      checkLive(what, numbers, log.after(channel, 0, wish.user), {
        since: player.since?.get(channel) ?? Number.POSITIVE_INFINITY,
        // Of the other channels, some may have waited for others when it was closed.
        until: isOpen ? Number.POSITIVE_INFINITY : channel === PLAIN ? closedAfter : 0,
        isAllThere,
        skips,
        isOrdered: !log.reordered.has(channel) || !log.unsure.has(channel),
      });
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

/** What must have come. */
interface Due {
  /** Items after this number, */
  readonly since: number;
  /** and up to this one. */
  readonly until: number;
  readonly isAllThere: boolean;
  /** Only the newest one counts. */
  readonly skips: boolean;
  readonly isOrdered: boolean;
}

/** Where only what is published counts: of that, nothing may be missing since it was held. */
function checkLive(
  what: string,
  numbers: readonly number[],
  entries: readonly Entry[],
  { since, until, isAllThere, skips, isOrdered }: Due,
): void {
  for (const number of numbers)
    assert(
      entries.some((entry) => entry.number === number),
      `${what}: ${number} is not for it`,
    );
  if (isOrdered) checkAscending(what, numbers);
  const due = entries.filter(({ reachedProxy, number }) => reachedProxy && number > since && number <= until);
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
