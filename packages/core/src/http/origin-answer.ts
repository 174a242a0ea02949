import { type HeaderList, isInstruct } from '@p-8/protocol';
import { whenWritten } from '../upstream/block-reader.js';
import {
  failureStatus,
  type UpstreamCall,
  type UpstreamError,
  type UpstreamHandler,
} from '../upstream/upstream.js';
import { CapturedResponse, type InstructReader } from './captured-response.js';
import type { ClientOwner, ClientResponse } from './client-response.js';
import type { Flusher } from './flusher.js';
import { relayedHeaders, relayedTrailers } from './forwarded-headers.js';
import { MAX_AT_ONCE } from './write-at-once.js';

/** Who asked an origin on behalf of a client. */
export interface Asker extends InstructReader {
  /** Whether content may be an instruct. */
  readonly jsonInstructs: boolean;
  /** There is no response, or none that can be passed on. Nothing has been sent to the client. */
  onOriginFailed(detail: string, status: number, reason?: string): void;
}

/**
 * An origin's answer on its way to the client: relayed as it comes, or, when it is an instruct, gathered for the one who
 * asked. Either end going away takes the other along.
 */
export class OriginAnswer implements UpstreamHandler, ClientOwner {
  readonly #client: ClientResponse;
  readonly #asker: Asker;
  readonly #flusher: Flusher;
  readonly #readsInstructs: boolean;
  #call: UpstreamCall | undefined;
  #captured: CapturedResponse | undefined;
  #headWaits = false;
  /** The first part of the body, which waits along with the head: most bodies have no other. */
  #first: Buffer | undefined;
  #done = false;

  /** `readsInstructs`: false where Grip- fields are none of our business. */
  constructor(client: ClientResponse, asker: Asker, flusher: Flusher, readsInstructs: boolean) {
    this.#client = client;
    this.#asker = asker;
    this.#flusher = flusher;
    this.#readsInstructs = readsInstructs;
    client.owner = this;
  }

  /** The request that this is the answer to; known only once it has been sent. */
  set call(call: UpstreamCall) {
    this.#call = call;
    if (this.#client.gone) this.onClientGone();
  }

  /** Lets the origin's body go on. */
  resume(): void {
    this.#call?.resume();
  }

  /** Nobody wants the rest of the answer. */
  abandon(): void {
    this.#done = true;
    this.#call?.abort();
  }

  onInterim(status: number, headers: string[]): void {
    // That the client may send its body is the proxy's to say: it reads it.
    if (status !== 100) this.#client.sendInterim(status, relayedHeaders(headers));
  }

  onHead(status: number, reason: string, headers: string[]): void {
    if (this.#readsInstructs && isInstruct(headers, this.#asker.jsonInstructs)) {
      this.#captured = new CapturedResponse(status, reason, headers, this.#asker);
      return;
    }
    try {
      this.#client.sendHead(status, reason, relayedHeaders(headers));
    } catch (error) {
      this.#fail(`the response's head cannot be passed on: ${(error as Error).message}`);
      return;
    }
    // The head goes out with what comes of the body in the same turn, or by itself when nothing does.
    this.#headWaits = true;
    this.#flusher.add(this);
  }

  flush(): void {
    if (!this.#headWaits || this.#done) return;
    if (this.#first === undefined) {
      this.#headWaits = false;
      this.#client.flushHead();
    } else {
      this.#writeFirst();
    }
  }

  onData(chunk: Buffer): boolean {
    if (this.#captured !== undefined) return this.#captured.write(chunk);
    if (this.#headWaits && this.#first === undefined && chunk.length <= MAX_AT_ONCE) {
      this.#first = chunk;
      return true;
    }
    this.#writeFirst();
    const taken = this.#client.write(chunk, whenWritten(chunk));
    if (!taken) this.#client.mustTake();
    return taken;
  }

  onEnd(trailers: HeaderList): void {
    this.#done = true;
    if (this.#captured !== undefined) {
      this.#captured.end();
      return;
    }
    if (trailers.length > 0) {
      this.#writeFirst();
      this.#client.addTrailers(relayedTrailers(trailers));
    }
    this.#client.end(this.#first);
  }

  onError(error: UpstreamError): void {
    this.#done = true;
    if (this.#captured !== undefined) this.#captured.fail(error.detail);
    else if (this.#client.headSent) this.#cut();
    else this.#asker.onOriginFailed(error.detail, failureStatus(error), error.reason);
  }

  onClientGone(): void {
    this.abandon();
  }

  onClientDrained(): void {
    this.#call?.resume();
  }

  /** The head does not wait any longer, nor does what has come of the body. */
  #writeFirst(): void {
    this.#headWaits = false;
    if (this.#first !== undefined) this.#client.write(this.#first);
    this.#first = undefined;
  }

  /** The client gets what came before the answer broke off. */
  #cut(): void {
    this.#writeFirst();
    // What is written is on its way by then.
    setImmediate(() => this.#client.abort());
  }

  #fail(detail: string): void {
    this.abandon();
    this.#asker.onOriginFailed(detail, 502);
  }
}
