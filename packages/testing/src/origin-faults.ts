import { type Duration, milliseconds } from './duration.js';

/** How often a fault strikes. */
export interface FaultOptions {
  /** How many requests or items it strikes; without it, all until it is taken back. */
  readonly times?: number;
}

/** What is to happen to one request. */
export interface OriginFault {
  /** Virtual milliseconds before the app is asked. */
  readonly delay: number;
  /** `fail`: it is answered in the app's place; `drop`: the connection breaks; `cut`: it breaks in the middle of the body. */
  readonly kind: 'none' | 'fail' | 'drop' | 'cut';
  readonly status: number;
  readonly body: string;
}

/** A fault that is on, and how many times it still strikes. */
class Armed<T> {
  readonly what: T;
  #left: number;

  constructor(what: T, { times = Number.POSITIVE_INFINITY }: FaultOptions) {
    this.what = what;
    this.#left = times;
  }

  /** What it is, one time less; undefined: it is over. */
  strike(): T | undefined {
    return this.#left-- > 0 ? this.what : undefined;
  }
}

/**
 * What goes wrong with the origin. One of {@link OriginFaults.fail}, {@link OriginFaults.down} and
 * {@link OriginFaults.cut} is on at a time, the last one; {@link OriginFaults.delay} goes with all of them.
 *
 * @example
 * ```ts
 * t.origin.fail(503, { times: 2 });
 * await t.clock.advance('10s');
 * ```
 */
export class OriginFaults {
  readonly #note: (text: string) => void;
  #delay: Armed<number> | undefined;
  #fault: Armed<Omit<OriginFault, 'delay'>> | undefined;

  /** @param note hears of each fault that is set */
  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** Requests reach the app so much later, in virtual time. */
  delay(duration: Duration, options: FaultOptions = {}): void {
    this.#delay = new Armed(milliseconds(duration), options);
    this.#note(`the origin is slow by ${duration}${often(options)}`);
  }

  /** Requests are answered with an error, and the app does not see them. */
  fail(
    status = 503,
    { body = `${status}\n`, ...options }: FaultOptions & { readonly body?: string } = {},
  ): void {
    this.#fault = new Armed({ kind: 'fail', status, body }, options);
    this.#note(`the origin answers ${status}${often(options)}`);
  }

  /** Connections to the origin break before it has answered. */
  down(options: FaultOptions = {}): void {
    this.#fault = new Armed({ kind: 'drop', status: 0, body: '' }, options);
    this.#note(`the origin is down${often(options)}`);
  }

  /** Connections to the origin break in the middle of its answers' bodies. */
  cut(options: FaultOptions = {}): void {
    this.#fault = new Armed({ kind: 'cut', status: 0, body: '' }, options);
    this.#note(`the origin's answers break off${often(options)}`);
  }

  /** All is well again. */
  up(): void {
    this.#delay = undefined;
    this.#fault = undefined;
    this.#note('the origin is well');
  }

  /** What is to happen to a request that has come. */
  strike(): OriginFault {
    const fault = this.#fault?.strike() ?? { kind: 'none', status: 0, body: '' };
    return { ...fault, delay: this.#delay?.strike() ?? 0 };
  }
}

function often({ times }: FaultOptions): string {
  return times === undefined ? '' : `, ${times} times`;
}
