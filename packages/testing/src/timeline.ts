/** Who or what an event of the timeline is about. */
export type TestEventType =
  | 'client'
  | 'origin'
  | 'instruct'
  | 'hold'
  | 'release'
  | 'recover'
  | 'publish'
  | 'fault'
  | 'clock'
  | 'error';

/** Something that happened in a test. */
export interface TestEvent {
  /** Virtual milliseconds since the test began. */
  readonly at: number;
  readonly type: TestEventType;
  /** In words. */
  readonly text: string;
}

/** The most characters of a text that are quoted. */
const MAX_QUOTE = 120;

/** All that happened in a test, in its order. */
export class Timeline {
  readonly events: TestEvent[] = [];
  readonly #elapsed: () => number;

  /** @param elapsed virtual milliseconds since the test began */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  add(type: TestEventType, text: string): void {
    this.events.push({ at: this.#elapsed(), type, text });
  }

  /** One line for each event, for messages. */
  toString(): string {
    if (this.events.length === 0) return '  (nothing has happened)';
    return this.events
      .map(
        ({ at, type, text }) => `  ${`+${(at / 1000).toFixed(3)}s`.padStart(10)}  ${type.padEnd(8)}  ${text}`,
      )
      .join('\n');
  }
}

/** A text as messages quote it: on one line, and not for ever. */
export function quote(text: string): string {
  const whole = JSON.stringify(text);
  return whole.length <= MAX_QUOTE ? whole : `${whole.slice(0, MAX_QUOTE)}… (${text.length} characters)`;
}
