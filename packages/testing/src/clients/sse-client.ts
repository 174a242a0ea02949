import { createParser, type EventSourceParser } from 'eventsource-parser';
import { quote } from '../timeline.js';
import { type ClientHost, HttpRequest, type OpenInit } from './http-request.js';
import { PATIENCE } from './inbox.js';
import { ResponseClient } from './response-client.js';

/** An event of a Server-Sent Events stream. */
export interface SseEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** What is asked for, and from where on. */
export interface SseInit extends OpenInit {
  /** Sent as `Last-Event-ID`: what a browser does when it comes back. */
  readonly lastEventId?: string;
}

/** A client of Server-Sent Events: reads them as a browser's EventSource does, and does not come back by itself. */
export class SseClient extends ResponseClient<SseEvent> {
  readonly #comments: string[] = [];
  readonly #parser: EventSourceParser = createParser({
    onEvent: ({ event = 'message', id, data }) => {
      this.#lastEventId = id ?? this.#lastEventId;
      this.push({ event, id, data });
    },
    onComment: (comment) => {
      this.#comments.push(comment);
      this.note(`gets a comment ${quote(comment)}`);
    },
  });
  #lastEventId = '';

  /**
   * Asks, and waits for the head of the response.
   * @throws Error where the response is no event stream.
   */
  static async open(host: ClientHost, path: string, init: SseInit = {}): Promise<SseClient> {
    const { lastEventId, headers, timeout = PATIENCE, ...rest } = init;
    const last: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const name = host.name('sse');
    const request = new HttpRequest(host, name, path, {
      ...rest,
      headers: { Accept: 'text/event-stream', ...last, ...headers },
    });
    const describe = ({ event, data }: SseEvent): string => `${event} ${quote(data)}`;
    return request.response((response) => {
      const { statusCode, headers: fields } = response;
      if (statusCode !== 200 || !fields['content-type']?.startsWith('text/event-stream')) {
        request.drop();
        const got = `${statusCode} ${fields['content-type'] ?? 'without a Content-Type'}`;
        throw new Error(`${name}: the answer is ${got}, which is no event stream\n${host.timeline}`);
      }
      return new SseClient(host, request, response, { name, noun: 'event', describe });
    }, timeout);
  }

  /** The comments that have come: keep-alives, mostly. */
  get comments(): readonly string[] {
    return this.#comments;
  }

  /** What a browser sends as `Last-Event-ID` when it comes back; empty: it has got no id. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  protected override take(text: string): void {
    this.#parser.feed(text);
  }
}
