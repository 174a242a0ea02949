import type { ControlMessage } from '@p-8/protocol';
import type { Clock } from '../clock.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { WebSocketMessage } from '../websocket/message.js';

/** What an origin's control message says of it. */
type KeepAliveMessage = Extract<ControlMessage, { type: 'keep-alive' }>;

/** Steps of the spread of keep-alives, so that clients that came together are not all written to at once. */
const SPREAD = 8;

/** What keeps one WebSocket alive while nothing is sent. */
export class WebSocketKeepAlive implements TimerOwner {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #send: (message: WebSocketMessage) => void;
  readonly #timer = new Timer(this);
  #message: WebSocketMessage | undefined;
  #delay = 0;
  #isIdle = true;

  /** `send` gets the message when it is due. */
  constructor(timers: Timers, clock: Clock, send: (message: WebSocketMessage) => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#send = send;
  }

  /** From now on does what the origin asks for. */
  use({ message, timeoutSeconds, mode }: KeepAliveMessage): void {
    this.stop();
    this.#message = message && new WebSocketMessage(message.type, message.content);
    if (this.#message === undefined) return;
    const early = Math.floor(this.#clock.random() * SPREAD) / SPREAD;
    this.#delay = Math.max(0, timeoutSeconds - early) * 1000;
    this.#isIdle = mode === 'idle';
    this.#timers.start(this.#timer, this.#delay);
  }

  /** Something has been sent to the client. */
  onSent(): void {
    if (this.#message !== undefined && this.#isIdle) this.#timers.start(this.#timer, this.#delay);
  }

  stop(): void {
    this.#message = undefined;
    this.#timers.stop(this.#timer);
  }

  onTimer(): void {
    const message = this.#message;
    if (message === undefined) return;
    this.#timers.start(this.#timer, this.#delay);
    this.#send(message);
  }
}
