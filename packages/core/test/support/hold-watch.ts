import assert from 'node:assert/strict';
import type { GripProxy, HoldEnd, HoldInfo } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';

/** Listens to what a proxy tells of its holds, and compares it with what it says to hold each time. */
export class HoldWatch {
  /** In the order in which it was told: `hold stream http://example.com/ a b`, `release stream http://example.com/ a b: client`. */
  readonly lines: string[] = [];
  readonly #proxy: GripProxy;
  /** What has been told to be held, and not to have been released; without channels, which change. */
  #told: string[] = [];
  readonly #faults: string[] = [];

  constructor(proxy: GripProxy) {
    this.#proxy = proxy;
    proxy.on('hold', (hold) => this.#onHold(hold));
    proxy.on('release', (hold, why) => this.#onRelease(hold, why));
  }

  /** What the proxy says to hold. */
  get held(): string[] {
    return this.#proxy.holds().map(inWords);
  }

  /** The reasons of the releases so far. */
  get reasons(): string[] {
    return this.lines.filter((line) => line.startsWith('release ')).map((line) => line.replace(/.*: /, ''));
  }

  /** Waits until so much has been told, and gives it. */
  async count(lines: number): Promise<string[]> {
    const missing = (): string => `${lines} lines; there are ${JSON.stringify(this.lines)}`;
    await eventually(() => this.lines.length >= lines, missing);
    return this.lines;
  }

  /** What was told and has not ended is what is held. */
  check(): void {
    this.#compare('at last');
    assert.deepEqual(this.#faults, []);
  }

  #onHold(hold: HoldInfo): void {
    const line = `hold ${inWords(hold)}`;
    this.lines.push(line);
    this.#told.push(place(hold));
    this.#compare(line);
  }

  #onRelease(hold: HoldInfo, why: HoldEnd): void {
    const line = `release ${inWords(hold)}: ${why}`;
    this.lines.push(line);
    const at = this.#told.indexOf(place(hold));
    if (at === -1) this.#faults.push(`${line}, without a hold`);
    else this.#told = this.#told.toSpliced(at, 1);
    this.#compare(line);
  }

  /** An error thrown in a listener would be for the log alone: so it is noted. */
  #compare(when: string): void {
    const told = this.#told.toSorted().join(', ');
    const held = this.#proxy.holds().map(place).sort().join(', ');
    if (told !== held) this.#faults.push(`${when}: told are [${told}], held are [${held}]`);
  }
}

function inWords(hold: HoldInfo): string {
  return [place(hold), ...hold.channels].join(' ');
}

function place({ mode, uri }: HoldInfo): string {
  return `${mode} ${uri}`;
}

/** Gives a function that watches a proxy. When a test of the surrounding `describe` is over, all that it held must be told to have ended. */
export function useHoldWatch(): (proxy: GripProxy) => HoldWatch {
  let watches: HoldWatch[] = [];
  afterEach(() => {
    const over = watches;
    watches = [];
    for (const watch of over) {
      watch.check();
      assert.deepEqual(watch.held, []);
    }
  });
  return (proxy) => {
    const watch = new HoldWatch(proxy);
    watches.push(watch);
    return watch;
  };
}
