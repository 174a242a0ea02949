import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { quote } from '../timeline.js';
import { type ClientHost, HttpRequest, type RequestInit } from './http-request.js';
import { Inbox, type NextOptions } from './inbox.js';

/** The response to a long-poll. */
export interface LongPollResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON. @throws SyntaxError where it is none. */
  json(): unknown;
}

/** A client that long-polls: asks at once, and again with each {@link LongPollClient.next} after the first. */
export class LongPollClient {
  readonly #host: ClientHost;
  readonly #path: string;
  readonly #init: RequestInit;
  readonly #inbox: Inbox<LongPollResponse>;
  readonly #name: string;
  #request: HttpRequest;
  /** What has become of the request, somebody has been told. */
  #taken = false;

  constructor(host: ClientHost, path: string, init: RequestInit = {}) {
    this.#host = host;
    this.#path = path;
    this.#init = init;
    this.#name = host.name('long-poll');
    this.#inbox = new Inbox({
      name: this.#name,
      noun: 'response',
      describe: ({ status, body }) => `${status} ${quote(body)}`,
      timeline: () => host.timeline.toString(),
    });
    this.#request = this.#ask();
  }

  /** All responses that have come. */
  get received(): readonly LongPollResponse[] {
    return this.#inbox.received;
  }

  /**
   * The response; waits for it. The next call asks again, as clients that long-poll do, also after the connection broke.
   * @throws Error where it does not come in time; it says what happened in the test.
   */
  next(options?: NextOptions): Promise<LongPollResponse> {
    if (this.#taken) {
      this.#taken = false;
      this.#inbox.reopen();
      this.#request = this.#ask();
    }
    const response = this.#inbox.next(options);
    const take = (): void => {
      this.#taken = true;
    };
    response.then(take, () => {
      if (this.#inbox.ending !== undefined) take();
    });
    return response;
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

  #ask(): HttpRequest {
    const request = new HttpRequest(this.#host, this.#name, this.#path, this.#init);
    this.#read(request).catch(() => {
      this.#host.timeline.add('client', `${this.#name}: the connection broke`);
      this.#inbox.end({ clean: false, how: 'the connection broke' });
    });
    return request;
  }

  async #read(request: HttpRequest): Promise<void> {
    const { status, headers, body } = await request.response(readWhole);
    this.#host.timeline.add('client', `${this.#name} gets ${status} ${quote(body)}`);
    this.#inbox.push({ status, headers, body, json: () => JSON.parse(body) as unknown });
  }
}

async function readWhole(response: IncomingMessage): Promise<Omit<LongPollResponse, 'json'>> {
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body: await text(response) };
}
