import type { Dispatcher } from 'undici';
import { progressOf } from '../http/progress.js';
import type { Stallable, StallWatch } from '../http/stall-watch.js';
import type { Limits } from '../limits.js';
import type { CallCounter } from './call-counter.js';
import type { ConnectionUser, OriginConnection } from './origin-connection.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** Where an {@link Exchange} waits until it is dispatched. */
export interface ExchangeQueue {
  /** It need not be dispatched any more. */
  abandon(exchange: Exchange): void;
  /** It has let go of its connection. */
  leave(): void;
}

/** What finds uploads that their origins do not take. */
export interface UploadServices {
  readonly stalls: StallWatch;
  readonly limits: Limits;
}

/**
 * One request on an undici dispatcher. Uses undici's callbacks with raw headers: they keep the order and letter case of
 * fields, and are twice as fast as its streams and promises.
 */
export class Exchange implements UpstreamCall, Dispatcher.DispatchHandler, ConnectionUser, Stallable {
  connection: OriginConnection | undefined;
  readonly #handler: UpstreamHandler;
  readonly #onFailure: (exchange: Exchange, error: Error) => void;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #aborted = false;
  #finished = false;
  #headSeen = false;
  #isWatched = false;
  #hasBody = false;
  /** undici has the request. */
  #dispatched = false;
  readonly #uploads: UploadServices | undefined;
  readonly #calls: CallCounter;
  readonly #queue: ExchangeQueue | undefined;

  /**
   * @param onFailure hears of a failure before any response: it may dispatch again, or call {@link Exchange.fail}
   * @param uploads undefined: the origin may take its time for a request's body
   * @param queue what it may wait in before it is dispatched
   */
  constructor(
    handler: UpstreamHandler,
    calls: CallCounter,
    onFailure: (exchange: Exchange, error: Error) => void,
    uploads?: UploadServices,
    queue?: ExchangeQueue,
  ) {
    this.#queue = queue;
    this.#uploads = uploads;
    this.#handler = handler;
    this.#calls = calls;
    this.#onFailure = onFailure;
    calls.begin();
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  dispatch(dispatcher: Dispatcher, request: UpstreamRequest, headersTimeout: number): void {
    this.#dispatched = true;
    this.#hasBody = request.body !== null;
    dispatcher.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.path,
        headers: request.headers,
        body: request.body,
        headersTimeout,
        bodyTimeout: 0,
      },
      this,
    );
  }

  abort(): void {
    if (this.#aborted || this.#finished) return;
    this.#aborted = true;
    this.#unwatch();
    this.#calls.end();
    if (this.#dispatched) this.#abort?.(new Error('given up'));
    else this.#queue?.abandon(this);
  }

  resume(): void {
    this.#resume?.();
  }

  /** Tells the handler that there will be no response. */
  fail(error: UpstreamError): void {
    if (this.#aborted || this.#finished) return;
    this.#finished = true;
    this.#unwatch();
    this.#calls.end();
    this.#handler.onError(error);
  }

  get progress(): number {
    const socket = this.connection?.socket;
    return socket === undefined ? 0 : progressOf(socket);
  }

  stillWaits(): boolean {
    return (this.connection?.socket?.writableLength ?? 0) > 0;
  }

  stalled(): void {
    this.#uploads?.limits.reached('stalledUpload', { side: 'origin' });
    const detail = "the origin does not take the request's body";
    this.fail({ kind: 'timeout', detail });
    this.#abort?.(new Error(detail));
  }

  onBodySent(): void {
    if (this.connection?.socket?.writableNeedDrain === true) this.#watch();
  }

  onRequestSent(): void {
    if (this.#hasBody && this.stillWaits()) this.#watch();
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#aborted) abort(new Error('given up'));
    else this.#abort = abort;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, reason: string): boolean {
    if (this.#aborted) return true;
    const headers = new Array<string>(rawHeaders.length);
    for (let i = 0; i < rawHeaders.length; i++) headers[i] = rawHeaders[i]?.toString('latin1') ?? '';
    if (status < 200) {
      this.#handler.onInterim?.(status, headers);
      return true;
    }
    this.#headSeen = true;
    this.#unwatch();
    this.#resume = resume;
    this.#handler.onHead(status, reason, headers);
    return true;
  }

  onData(chunk: Buffer): boolean {
    // After a pause undici tells of the rest of a chunk, of which nothing may be left: that would cost a write.
    return this.#aborted || chunk.length === 0 || this.#handler.onData(chunk);
  }

  onComplete(rawTrailers: string[] | Buffer[] | null): void {
    this.#letGo();
    if (this.#aborted || this.#finished) return;
    this.#finished = true;
    this.#calls.end();
    this.#handler.onEnd((rawTrailers ?? []).map((part) => part.toString('latin1')));
  }

  onError(error: Error): void {
    this.#dispatched = false;
    try {
      if (this.#aborted || this.#finished) return;
      this.#unwatch();
      if (this.#headSeen)
        this.fail({ kind: 'broken', detail: `response broke off: ${error.message}`, cause: error });
      else this.#onFailure(this, error);
    } finally {
      // Unless it has been dispatched again.
      if (!this.#dispatched) this.#queue?.leave();
    }
  }

  /** A request that is given up may still be connecting: what undici has counts until undici is done with it. */
  #letGo(): void {
    this.connection?.onResponseEnd();
    this.#dispatched = false;
    this.#queue?.leave();
  }

  /** The origin takes the body, or is not worth waiting for. */
  #watch(): void {
    if (this.#uploads === undefined || this.#isWatched || this.#headSeen || this.#aborted) return;
    this.#isWatched = true;
    this.#uploads.stalls.add(this);
  }

  #unwatch(): void {
    if (this.#isWatched) this.#uploads?.stalls.remove(this);
    this.#isWatched = false;
  }
}
