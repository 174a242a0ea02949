import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { peek } from './peek.js';

type Done = (body: Buffer | undefined) => void;

/** The whole body of a request, gathered from now on, and left to be read by whoever is asked next. */
export class WholeBody {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #state: 'arriving' | 'complete' | 'too long' = 'arriving';
  #done: Done | undefined;

  constructor(req: IncomingMessage, maxBytes: number) {
    this.#maxBytes = maxBytes;
    if (req.readableFlowing === true) {
      // Somebody reads already: then nothing can be held back for others.
      req.on('data', (chunk: Buffer) => this.#add(chunk));
      req.once('end', () => this.#finish());
      return;
    }
    const waiting = peek(req);
    if (waiting !== undefined) this.#add(waiting);
    if (req.complete) this.#finish();
    else this.#holdBack(req);
  }

  /** Calls `done` with the body, or with undefined when it is longer than allowed; never when the client leaves before. */
  read(done: Done): void {
    // Whoever waits does so for a request of its own: what that has in an AsyncLocalStorage must be there again.
    this.#done = this.#state === 'arriving' ? AsyncResource.bind(done) : done;
    this.#tell();
  }

  /** Keeps what the parser of Node's server pushes into the stream, until it has pushed all. */
  #holdBack(req: IncomingMessage): void {
    const { push } = req;
    const held: unknown[] = [];
    const release = (): void => {
      req.push = push;
      for (const chunk of held) push.call(req, chunk);
    };
    req.push = (chunk: unknown): boolean => {
      held.push(chunk);
      if (Buffer.isBuffer(chunk)) this.#add(chunk);
      if (chunk === null || this.#state === 'too long') release();
      if (chunk === null) this.#finish();
      return true;
    };
  }

  #add(chunk: Buffer): void {
    if (this.#state !== 'arriving') return;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#bytes <= this.#maxBytes) return;
    this.#state = 'too long';
    this.#chunks = [];
    this.#tell();
  }

  #finish(): void {
    if (this.#state !== 'arriving') return;
    this.#state = 'complete';
    this.#tell();
  }

  #tell(): void {
    const done = this.#done;
    if (done === undefined || this.#state === 'arriving') return;
    this.#done = undefined;
    done(this.#state === 'complete' ? Buffer.concat(this.#chunks, this.#bytes) : undefined);
  }
}
