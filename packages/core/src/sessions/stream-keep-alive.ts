import type { KeepAlive } from '@p-8/protocol';
import type { ClientStream } from '../http/client-stream.js';
import { OwnChunk } from '../http/stream-chunk.js';
import { Timer, type TimerOwner } from '../timers.js';
import type { SessionServices } from './held-request.js';

/** Steps of the spread of keep-alives, so that streams that were opened together do not all speak at once. */
const SPREAD = 8;

/** What keeps one stream alive while nothing is published. */
export class StreamKeepAlive implements TimerOwner {
  readonly #services: SessionServices;
  readonly #stream: ClientStream;
  readonly #timer = new Timer(this);
  /** Seconds that this stream is early, less than one. */
  readonly #early: number;
  #keepAlive: KeepAlive | undefined;

  constructor(services: SessionServices, stream: ClientStream) {
    this.#services = services;
    this.#stream = stream;
    this.#early = Math.floor(services.clock.random() * SPREAD) / SPREAD;
  }

  /** From now on does what an instruct asks for; undefined: nothing. What runs already goes on running. */
  use(keepAlive: KeepAlive | undefined): void {
    this.#keepAlive = keepAlive;
    if (keepAlive === undefined) this.stop();
  }

  /** The stream holds. */
  start(): void {
    if (this.#keepAlive !== undefined && !this.#timer.pending) this.#start(this.#keepAlive);
  }

  /** An item has been sent. */
  onItem(): void {
    if (this.#keepAlive?.mode === 'idle') this.#start(this.#keepAlive);
  }

  stop(): void {
    this.#services.timers.stop(this.#timer);
  }

  onTimer(): void {
    if (this.#keepAlive === undefined) return;
    // A client that does not take what there is need not be told that more may come.
    if (!this.#stream.blocked) this.#stream.write(new OwnChunk(this.#keepAlive.data));
    this.#start(this.#keepAlive);
  }

  #start({ timeoutSeconds }: KeepAlive): void {
    this.#services.timers.start(this.#timer, (timeoutSeconds - this.#early) * 1000);
  }
}
