import type { Socket } from 'node:net';
import type { Clock } from '@p-8/core';
import { reset } from '../support/reset.js';

/** How a network loses segments, and how late the others are. */
export interface Loss {
  /** The share of segments that are lost, from 0 to 1. */
  readonly share: number;
  /** Milliseconds that each takes. */
  readonly ms: number;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The most bytes of a segment. */
const SEGMENT = 1448;

/** Milliseconds after which TCP sends a lost segment again, at first: RFC 6298 has a second, Linux a fifth of it. */
const RETRANSMISSION = 200;

/** One direction of a line: what comes out of one connection goes into another, unless something goes wrong. */
export class Way {
  /** How many bytes have gone through. */
  carried = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  #isStalled = false;
  #bytesPerTurn = Number.POSITIVE_INFINITY;
  #isTurnPending = false;
  #delay: { readonly ms: () => number; readonly clock: Clock } | undefined;
  /** When the last of what is late is there. */
  #lastDue = 0;
  #maxBytes = Number.POSITIVE_INFINITY;
  /** What is late, in its order. */
  readonly #late: (() => void)[] = [];
  /** How it ends, once all before has gone through. */
  #ending: 'end' | 'reset' | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('readable', () => this.#carry());
    from.on('end', () => this.#end('end'));
    from.on('error', () => this.#end('reset'));
    to.on('drain', () => this.#carry());
  }

  /** Carries nothing more, ends included; the sender notices when there is no more room on the way. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Carries all again, as it comes. */
  resume(): void {
    this.#isStalled = false;
    this.#bytesPerTurn = Number.POSITIVE_INFINITY;
    this.#carry();
  }

  /** Carries so many bytes in each turn of the loop. */
  dribble(bytesPerTurn: number): void {
    this.#isStalled = false;
    this.#bytesPerTurn = bytesPerTurn;
    this.#carry();
  }

  /** Carries everything from now on so many milliseconds late. */
  delay(ms: number, clock: Clock): void {
    this.#delay = { ms: () => ms, clock };
  }

  /** Carries segments from now on, late; some are lost at first, and all behind them wait until TCP has sent them again. */
  lose({ share, ms, clock, random }: Loss): void {
    const late = (): number => {
      let total = ms;
      for (let again = RETRANSMISSION; random() < share; again *= 2) total += again;
      return total;
    };
    this.#delay = { ms: late, clock };
    this.#maxBytes = SEGMENT;
  }

  #carry(): void {
    while (!this.#isStalled && !this.#isTurnPending && !this.#to.writableNeedDrain) {
      const bytes = Math.min(this.#bytesPerTurn, this.#maxBytes, this.#from.readableLength);
      const chunk: Buffer | null = this.#from.read(bytes);
      if (chunk === null) break;
      this.#inTime(() => this.#write(chunk));
      if (this.#bytesPerTurn === Number.POSITIVE_INFINITY) continue;
      this.#isTurnPending = true;
      setImmediate(() => {
        this.#isTurnPending = false;
        this.#carry();
      });
    }
    if (this.#ending !== undefined && !this.#isStalled) this.#passEnding(this.#ending);
  }

  #write(chunk: Buffer): void {
    if (!this.#to.writable) return;
    this.carried += chunk.length;
    this.#to.write(chunk);
  }

  #end(ending: 'end' | 'reset'): void {
    this.#ending = ending;
    this.#carry();
  }

  #passEnding(ending: 'end' | 'reset'): void {
    this.#ending = undefined;
    this.#inTime(() => {
      if (ending === 'end') this.#to.end();
      else reset(this.#to);
    });
  }

  #inTime(act: () => void): void {
    if (this.#delay === undefined) {
      act();
      return;
    }
    const { ms, clock } = this.#delay;
    // Nothing overtakes.
    const now = clock.now();
    this.#lastDue = Math.max(this.#lastDue, now + ms());
    this.#late.push(act);
    clock.setTimeout(() => this.#late.shift()?.(), this.#lastDue - now);
  }
}
