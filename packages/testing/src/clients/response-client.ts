import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ClientHost, HttpRequest } from './http-request.js';
import { type Ending, Inbox, type NextOptions } from './inbox.js';

/** What a client calls itself and what it gets, in messages. */
export interface ClientWords<T> {
  readonly name: string;
  readonly noun: string;
  describe(one: T): string;
}

/** A client of a response that goes on: what it has in common, whatever it makes of the bytes. */
export abstract class ResponseClient<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #request: HttpRequest;
  readonly #inbox: Inbox<T>;
  readonly #host: ClientHost;
  readonly #words: ClientWords<T>;

  protected constructor(
    host: ClientHost,
    request: HttpRequest,
    response: IncomingMessage,
    words: ClientWords<T>,
  ) {
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.#host = host;
    this.#request = request;
    this.#words = words;
    this.#inbox = new Inbox({ ...words, timeline: () => host.timeline.toString() });
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.once('end', () => this.#end({ clean: true, how: 'the response ended' }));
    response.on('error', () => this.#end({ clean: false, how: 'the connection broke' }));
  }

  /** All that has come, taken or not. */
  get received(): readonly T[] {
    return this.#inbox.received;
  }

  /**
   * The next one; waits for it.
   * @throws Error where none comes in time; it says what has come so far, and what happened in the test.
   */
  next(options?: NextOptions): Promise<T> {
    return this.#inbox.next(options);
  }

  /** Waits for the end of the response. @throws Error where it does not come in time. */
  ended(options?: NextOptions): Promise<Ending> {
    return this.#inbox.ended(options);
  }

  /** Takes no more, as a slow client does. */
  stall(): void {
    this.#request.stall();
  }

  /** Takes what there is, and what comes. */
  resume(): void {
    this.#request.resume();
  }

  /** Breaks the connection. */
  drop(): void {
    this.#request.drop();
  }

  /** Makes something of the text that has come. */
  protected abstract take(text: string): void;

  protected push(one: T): void {
    this.note(`gets ${this.#words.describe(one)}`);
    this.#inbox.push(one);
  }

  /** Notes in the timeline what the client has seen or done. */
  protected note(what: string): void {
    this.#host.timeline.add('client', `${this.#words.name} ${what}`);
  }

  #end(ending: Ending): void {
    if (this.#inbox.ending !== undefined) return;
    this.note(`sees that ${ending.how}`);
    this.#inbox.end(ending);
  }
}
