import type { Socket } from 'node:net';
import type { Clock } from '@p-8/core';
import { reset } from '../support/reset.js';

/** One direction of a line: what comes out of one connection goes into another, unless something goes wrong. */
export class Way {
  /** How many bytes have gone through. */
  carried = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  #isStalled = false;
  #bytesPerTurn = Number.POSITIVE_INFINITY;
  #isTurnPending = false;
  #delay: { readonly ms: number; readonly clock: Clock } | undefined;
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
    this.#delay = { ms, clock };
  }

  #carry(): void {
    while (!this.#isStalled && !this.#isTurnPending && !this.#to.writableNeedDrain) {
      const bytes = Math.min(this.#bytesPerTurn, this.#from.readableLength);
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
    this.#late.push(act);
    // Whichever timer is first carries what came first: nothing overtakes.
    this.#delay.clock.setTimeout(() => this.#late.shift()?.(), this.#delay.ms);
  }
}
