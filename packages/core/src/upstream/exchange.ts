import { Readable } from 'node:stream';
import type { HeaderList } from '@p-8/protocol';
import type { OnError } from '../logger.js';
import type { CallCounter } from './call-counter.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** Where an {@link Exchange} waits for a connection, or has one. */
export interface ExchangePlace {
  /** It need not be carried any more, or any further. */
  abandon(exchange: Exchange): void;
  /** The body may go on. */
  resume(exchange: Exchange): void;
}

/** What all requests of a proxy to its origins share. */
export interface ExchangeServices {
  /** Gets what a handler throws. */
  readonly onError: OnError;
  readonly calls: CallCounter;
}

/** One request, from when it is made to the end of its response. */
export class Exchange implements UpstreamCall {
  readonly request: UpstreamRequest;
  /** Undefined: it is over, or has not begun. */
  place: ExchangePlace | undefined;
  /** It may be sent again, once, where the origin closed its connection just when it was sent: RFC 9110 9.2.2. */
  mayRepeat: boolean;
  /** Milliseconds: since when it waits for a connection. */
  waitsSince = 0;
  /** Those that wait next to it. */
  previous: Exchange | undefined;
  next: Exchange | undefined;
  readonly #handler: UpstreamHandler;
  readonly #services: ExchangeServices;
  #isOver = false;

  constructor(request: UpstreamRequest, handler: UpstreamHandler, services: ExchangeServices) {
    this.request = request;
    this.#handler = handler;
    this.#services = services;
    this.mayRepeat = isRepeatable(request);
    services.calls.begin();
  }

  /** Nobody waits for it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  abort(): void {
    if (this.#isOver) return;
    this.#finish()?.abandon(this);
    // Nobody will read it: what the client sends behind it must not wait for that.
    if (this.request.body instanceof Readable) this.request.body.destroy();
  }

  resume(): void {
    this.place?.resume(this);
  }

  interim(status: number, headers: string[]): void {
    this.#handler.onInterim?.(status, headers);
  }

  head(status: number, reason: string, headers: string[]): void {
    this.#handler.onHead(status, reason, headers);
  }

  /** @returns false: the body waits until it is resumed */
  data(chunk: Buffer): boolean {
    return this.#handler.onData(chunk);
  }

  /** The response is complete. What the handler throws now is of nobody's concern but its own. */
  end(trailers: HeaderList): void {
    if (this.#isOver) return;
    this.#finish();
    try {
      this.#handler.onEnd(trailers);
    } catch (error) {
      this.#services.onError(error);
    }
  }

  /** There will be no response, or no more of it. */
  fail(error: UpstreamError): void {
    if (this.#isOver) return;
    this.#finish();
    try {
      this.#handler.onError(error);
    } catch (thrown) {
      this.#services.onError(thrown);
    }
  }

  #finish(): ExchangePlace | undefined {
    const { place } = this;
    this.place = undefined;
    this.#isOver = true;
    this.#services.calls.end();
    return place;
  }
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

function isRepeatable({ mayRepeat, method, body }: UpstreamRequest): boolean {
  return (mayRepeat === true || IDEMPOTENT.has(method)) && (body === null || body instanceof Uint8Array);
}
