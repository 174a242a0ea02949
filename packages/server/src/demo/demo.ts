import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '@p-8/core';
import { errorText } from '../error-text.js';
import { CHAT_CHANNEL, ChatRoom } from './chat-room.js';
import { ChatSockets } from './chat-sockets.js';
import { CLOCK_CHANNEL, ClockFeed } from './clock-feed.js';
import { Counter } from './counter.js';
import { answer, answerWebSocket, holdEvents, isWebSocketRequest, type Publish, readBody } from './http.js';
import { renderPage } from './page.js';

/** What the demo needs of the server that it runs in. */
export interface DemoOptions {
  readonly publish: Publish;
  /** Base of the control API, asked for with each page. */
  readonly controlUrl: () => string | undefined;
  readonly controlNeedsKey: boolean;
  readonly logger: Logger;
}

const TEXT = 'text/plain; charset=utf-8';

/** The channel of `/stream` when the request names none. */
const STREAM_CHANNEL = 'news';

/** The page needs nothing but itself. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * An origin to try the proxy with, in the proxy's own process. It answers short requests and holds nothing itself: all that
 * is live in it is done with GRIP headers and `publish`.
 */
export class Demo {
  readonly #options: DemoOptions;
  readonly #clock: ClockFeed;
  readonly #chat: ChatRoom;
  readonly #chatSockets: ChatSockets;
  readonly #counter: Counter;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#clock = new ClockFeed(options.publish);
    this.#chat = new ChatRoom(options.publish);
    this.#chatSockets = new ChatSockets(this.#chat, options.publish);
    this.#counter = new Counter(options.publish);
  }

  /** To be given to the proxy as a target that takes WebSockets over HTTP. */
  readonly listener: RequestListener = (request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      this.#options.logger.error({ url: request.url }, `the demo could not answer: ${errorText(error)}`);
      if (response.headersSent) response.destroy();
      else answer(response, 500, TEXT, 'The demo could not answer; the log says why.\n');
    });
  };

  /** Starts the clock. */
  start(): void {
    this.#clock.start();
  }

  close(): void {
    this.#clock.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://demo');
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    switch (`${method} ${pathname}`) {
      case 'GET /':
        return this.#page(response);
      case 'GET /live':
        return holdEvents(
          response,
          [CLOCK_CHANNEL, CHAT_CHANNEL],
          this.#clock.event() + this.#missed(request),
        );
      case 'GET /clock':
        return holdEvents(response, [CLOCK_CHANNEL], this.#clock.event());
      case 'GET /chat':
        return holdEvents(response, [CHAT_CHANNEL], this.#missed(request));
      case 'POST /chat':
        return isWebSocketRequest(request)
          ? answerWebSocket(request, response, (context) => this.#chatSockets.answer(context))
          : this.#post(request, response);
      case 'GET /poll':
        return this.#counter.poll(response, searchParams.get('after'));
      case 'POST /poll':
        return this.#counter.add(response);
      case 'GET /stream':
        return this.#stream(response, searchParams.get('channel') ?? STREAM_CHANNEL);
      default:
        return answer(response, 404, TEXT, 'The demo has /, /live, /clock, /chat, /poll and /stream.\n');
    }
  }

  #page(response: ServerResponse): void {
    const { controlUrl, controlNeedsKey } = this.#options;
    const page = renderPage({ controlUrl: controlUrl(), controlNeedsKey });
    answer(response, 200, 'text/html; charset=utf-8', page, { 'Content-Security-Policy': PAGE_POLICY });
  }

  #missed(request: IncomingMessage): string {
    const lastEventId = request.headers['last-event-id'];
    return this.#chat.eventsAfter(typeof lastEventId === 'string' ? lastEventId : undefined);
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) return answer(response, 413, TEXT, 'That is too long for a chat.\n');
    const published = await this.#chat.post(body);
    answer(response, published ? 200 : 400, TEXT, published ? 'Sent\n' : 'There is no text to send.\n');
  }

  #stream(response: ServerResponse, channel: string): void {
    if (!/^[\w.:~-]{1,100}$/.test(channel)) {
      answer(response, 400, TEXT, 'A channel of the demo has 1 to 100 letters, digits, _ . : ~ -\n');
      return;
    }
    answer(response, 200, TEXT, '[stream opened]\n', { 'Grip-Hold': 'stream', 'Grip-Channel': channel });
  }
}
