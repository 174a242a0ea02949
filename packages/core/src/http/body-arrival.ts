import type { IncomingMessage } from 'node:http';
import type { Limits } from '../limits.js';
import type { Flushable, Flusher } from './flusher.js';
import type { Stallable, StallWatch } from './stall-watch.js';

/** What a client is told that stops in the midst of a body. */
export const TOO_SLOW = 'Request took too long.';

/** What all request bodies that are on their way share. */
export interface ArrivalServices {
  readonly flusher: Flusher;
  readonly stalls: StallWatch;
  readonly limits: Limits;
}

/** Who reads a body. */
export interface BodyReader {
  /** False: it is not the client that must send something next. */
  readonly wantsBody: boolean;
  /** The client has stopped in the midst of the body. */
  onBodyStalled(): void;
}

/**
 * Finds a client that stops in the midst of a request's body. Most bodies come along with their heads: only one that is not
 * there at the end of the turn is watched.
 */
export class BodyArrival implements Flushable, Stallable {
  readonly #req: IncomingMessage;
  readonly #services: ArrivalServices;
  readonly #reader: BodyReader;
  #stopped = false;

  constructor(req: IncomingMessage, services: ArrivalServices, reader: BodyReader) {
    this.#req = req;
    this.#services = services;
    this.#reader = reader;
    services.flusher.add(this);
  }

  get progress(): number {
    return this.#req.socket.bytesRead;
  }

  /** The body is there, or not wanted any more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#services.stalls.remove(this);
  }

  flush(): void {
    if (!this.#stopped && !this.#req.complete) this.#services.stalls.add(this);
  }

  stillWaits(): boolean {
    return !this.#req.complete && this.#reader.wantsBody;
  }

  stalled(): void {
    const { method, url } = this.#req;
    this.#services.limits.reached('stalledUpload', { side: 'client', method, url });
    this.#reader.onBodyStalled();
  }
}
