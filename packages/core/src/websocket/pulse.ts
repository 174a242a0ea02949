import { randomBytes } from 'node:crypto';
import { Timer } from '../timers.js';
import type { Frame } from './frame.js';
import { WebSocketMessage } from './message.js';

/** Bytes a second that even a slow client takes: a ping waits behind what was sent before it. */
const SLOWEST = 1024;

/** The pings by which a proxy finds clients that are gone without a word. Source: RFC 6455 5.5.2. */
export class Pings {
  /** Milliseconds without a sign of life until a client is pinged, and then until it is given up; 0: never. */
  readonly interval: number;
  readonly #message = new WebSocketMessage('ping', randomBytes(8));

  constructor(interval: number) {
    this.interval = interval;
  }

  get frame(): Frame {
    return this.#message.frame;
  }

  /** Whether a pong answers one of these pings, and not an origin's or a publisher's: RFC 6455 5.5.3. */
  answers(content: Uint8Array): boolean {
    return this.interval > 0 && Buffer.compare(content, this.#message.content) === 0;
  }
}

/** What the end of an interval calls for. */
export type Beat = 'wait' | 'ping' | 'lost';

/** The signs of life of one client, looked at each interval. */
export class Pulse extends Timer {
  #state: 'silent' | 'heard' | 'pinged' = 'silent';
  /** Bytes that the client had been sent at the last look, and at the one before. */
  #sent = 0;
  #sentBefore = 0;
  /** Further intervals that it has for its answer. */
  #patience = 0;

  /** The client has sent something, or taken something after it had not for a while. */
  hear(): void {
    this.#state = 'heard';
  }

  /** It was the answer to a ping: it counts for the interval before, and the client has taken all that came before the ping. */
  hearAnswer(): void {
    this.#state = 'silent';
    this.#sentBefore = this.#sent;
  }

  /** An interval of so many milliseconds is over. `sent`: bytes that the client has been sent so far. */
  beat(interval: number, sent: number): Beat {
    if (this.#state === 'pinged') return this.#patience-- > 0 ? 'wait' : 'lost';
    const wasHeard = this.#state === 'heard';
    // How much of what was sent lately is still in the system's buffers cannot be seen from here.
    const onItsWay = sent - this.#sentBefore;
    this.#sentBefore = this.#sent;
    this.#sent = sent;
    this.#state = wasHeard ? 'silent' : 'pinged';
    if (wasHeard) return 'wait';
    this.#patience = Math.floor((onItsWay * 1000) / (SLOWEST * interval));
    return 'ping';
  }
}
