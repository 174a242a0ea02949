import type { ControlMessage } from '@p-8/protocol';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { WebSocketMessage } from '../websocket/message.js';

/** A message that an origin wants sent a little later, unless another one or a flush comes before. One for each client. */
export class DelayedMessage implements TimerOwner {
  readonly #timers: Timers;
  readonly #send: (message: WebSocketMessage) => void;
  readonly #timer = new Timer(this);
  #message: WebSocketMessage | undefined;

  constructor(timers: Timers, send: (message: WebSocketMessage) => void) {
    this.#timers = timers;
    this.#send = send;
  }

  /** Sends what waits, and lets this wait. */
  put({ message, timeoutSeconds }: Extract<ControlMessage, { type: 'send-delayed' }>): void {
    this.flush();
    this.#message = new WebSocketMessage(message.type, message.content);
    this.#timers.start(this.#timer, timeoutSeconds * 1000);
  }

  /** Sends what waits. */
  flush(): void {
    const message = this.#message;
    this.stop();
    if (message !== undefined) this.#send(message);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#message = undefined;
    this.#timers.stop(this.#timer);
  }

  onTimer(): void {
    this.flush();
  }
}
