import { parseMeta, setMetaHeaders } from './connection-meta.js';
import { type HeaderList, headerValue } from './header-list.js';
import { excessBytes, MAX_NAME_BYTES } from './name.js';
import { fail, ok, type Result } from './result.js';
import { concatBytes, decodeUtf8, encodeUtf8 } from './text.js';
import { WebSocketEvent } from './web-socket-event.js';
import { encodeWsClose, parseWsClose, sendableClose } from './ws-close.js';
import { encodeWsEvents, parseWsEvents, WS_EVENTS_CONTENT_TYPE, type WsEventInput } from './ws-events.js';

const MESSAGE_PREFIX = encodeUtf8('m:');
const CONTROL_PREFIX = encodeUtf8('c:');

/** The events that a handler reads: pings are answered for it, and what is unknown is ignored. */
const RECEIVED: ReadonlySet<string> = new Set(['TEXT', 'BINARY', 'CLOSE', 'DISCONNECT']);

/** How a WebSocket is subscribed. */
export interface SubscribeOptions {
  /** Names of filters, such as `skip-self`. */
  readonly filters?: readonly string[];
  /**
   * The id of the last item of the channel that the client has: P-8 sends it what came after, or tells it of a gap. Empty, null and
   * undefined: the client has nothing. Other proxies do not know it.
   */
  readonly lastId?: string | null | undefined;
}

/**
 * A WebSocket as the handler of one request sees it: what has come from the client since the last request, and what the
 * response is to send to it. Names and behaviour are those of js-grip's `WebSocketContext`. Source: WebSocket-over-HTTP.
 *
 * @example
 * ```ts
 * if (context.isOpening()) {
 *   context.accept();
 *   context.subscribe('room');
 * }
 * while (context.canRecv()) {
 *   const message = context.recv();
 *   if (message === null) context.close(context.closeCode);
 *   else context.send(message);
 * }
 * ```
 */
export class WebSocketContext {
  /** Names the client's connection: the same in all of its requests. */
  readonly id: string;
  /** What was remembered of the connection when the request came: names in lower case. */
  readonly origMeta: Readonly<Record<string, string>>;
  /** What is to be remembered of the connection, and comes with its next request. Set members, or delete them. */
  meta: Record<string, string>;
  /** Stands before the channels that {@link WebSocketContext.subscribe} and `unsubscribe` name. */
  prefix: string;
  /** The client asks to be let in: {@link WebSocketContext.accept} it, or answer with an error's status. */
  readonly opening: boolean;
  /** The client is gone, without a close. */
  readonly disconnected: boolean;
  /** {@link WebSocketContext.accept} has been called. */
  accepted = false;
  /** {@link WebSocketContext.close} has been called. */
  closed = false;
  /** The code of the client's close, once that has been read; null where there is none. */
  closeCode: number | null = null;
  /** The reason of the client's close, once that has been read; may be empty. */
  closeReason = '';
  /** The code that is sent to close; null where {@link WebSocketContext.close} has not been called. */
  outCloseCode: number | null = null;
  /** What is sent so far, besides what accepts and closes. */
  readonly outEvents: WebSocketEvent[] = [];
  readonly #inEvents: readonly WsEventInput[];
  /** Where those events begin that have not been read yet. */
  #unread = 0;
  #outCloseReason = '';

  /**
   * @param meta what is remembered of the connection
   * @param prefix stands before all channels
   */
  constructor(
    id: string,
    meta: Readonly<Record<string, string>>,
    inEvents: readonly WsEventInput[],
    prefix = '',
  ) {
    this.id = id;
    this.origMeta = { ...meta };
    this.meta = { ...meta };
    this.prefix = prefix;
    this.opening = inEvents[0]?.type === 'OPEN';
    this.disconnected = inEvents.some(({ type }) => type === 'DISCONNECT');
    this.#inEvents = inEvents;
  }

  /** The client asks to be let in: {@link WebSocketContext.accept} it, or answer with an error's status. */
  isOpening(): boolean {
    return this.opening;
  }

  /** Lets the client in, on a connection that speaks GRIP. */
  accept(): void {
    this.accepted = true;
  }

  /**
   * Closes the connection after all that is sent. A code that must not be sent, and none, is 1000.
   * @param reason cut where it is longer than 123 bytes of UTF-8
   */
  close(code?: number | null, reason = ''): void {
    const close = sendableClose({ code: code ?? undefined, reason });
    this.closed = true;
    this.outCloseCode = close.code;
    this.#outCloseReason = close.reason;
  }

  /** Whether there is something to {@link WebSocketContext.recv}. */
  canRecv(): boolean {
    for (let i = this.#unread; i < this.#inEvents.length; i++) {
      if (RECEIVED.has(this.#inEvents[i]?.type ?? '')) return true;
    }
    return false;
  }

  /**
   * The next message, as text; null is the client's close, which {@link WebSocketContext.close} answers.
   * @throws Error where there is nothing to read, or the client is gone without a close.
   */
  recv(): string | null {
    const message = this.recvRaw();
    return message === null || typeof message === 'string' ? message : decodeUtf8(message);
  }

  /**
   * The next message: text as a string, a binary one as its bytes; null is the client's close.
   * @throws Error where there is nothing to read, or the client is gone without a close.
   */
  recvRaw(): string | Uint8Array | null {
    for (;;) {
      const event = this.#inEvents[this.#unread++];
      if (event === undefined) throw new Error('Read from empty buffer.');
      const content = event.content ?? '';
      switch (event.type) {
        case 'TEXT':
          return typeof content === 'string' ? content : decodeUtf8(content);
        case 'BINARY':
          return typeof content === 'string' ? encodeUtf8(content) : content;
        case 'CLOSE': {
          // Where the code's two bytes have been made text, they are lost.
          const { code, reason } = parseWsClose(typeof content === 'string' ? undefined : content);
          this.closeCode = code ?? null;
          this.closeReason = reason;
          return null;
        }
        case 'DISCONNECT':
          throw new Error('Client disconnected unexpectedly.');
        case 'PING':
          this.outEvents.push(pongFor(event));
      }
    }
  }

  /** Sends text to the client; bytes must be UTF-8. */
  send(message: string | Uint8Array): void {
    this.#push('TEXT', MESSAGE_PREFIX, message);
  }

  /** Sends bytes to the client; text goes as its UTF-8. */
  sendBinary(message: string | Uint8Array): void {
    this.#push('BINARY', MESSAGE_PREFIX, message);
  }

  /** Sends a control message, which is JSON, to the proxy. */
  sendControl(message: string | Uint8Array): void {
    this.#push('TEXT', CONTROL_PREFIX, message);
  }

  /**
   * Has what is published to a channel sent to the client.
   * @param options names of filters, such as `skip-self`; or those and more
   * @throws RangeError where a name or id is longer than {@link MAX_NAME_BYTES}: the proxy would not take the message.
   */
  subscribe(channel: string, options: readonly string[] | SubscribeOptions = []): void {
    const { filters = [], lastId } = isList(options) ? { filters: options } : options;
    for (const name of [this.prefix + channel, lastId ?? '', ...filters]) checkLength(name);
    const message = {
      type: 'subscribe',
      channel: this.prefix + channel,
      ...(filters.length > 0 && { filters }),
      // A client that has nothing yet has no id, or in a query an empty one.
      ...(lastId && { 'last-id': lastId }),
    };
    this.sendControl(JSON.stringify(message));
  }

  /** Ends what {@link WebSocketContext.subscribe} has begun. */
  unsubscribe(channel: string): void {
    this.sendControl(JSON.stringify({ type: 'unsubscribe', channel: this.prefix + channel }));
  }

  /** Leaves the client to what is published: no requests come for it any more. */
  detach(): void {
    this.sendControl(JSON.stringify({ type: 'detach' }));
  }

  /** Has the client's connection cut, without a close. */
  disconnect(): void {
    this.outEvents.push(new WebSocketEvent('DISCONNECT'));
  }

  /** All that the response sends. Pings are answered, whether or not they have been read past. */
  getOutgoingEvents(): WebSocketEvent[] {
    const open = this.accepted ? [new WebSocketEvent('OPEN')] : [];
    // Before the client is let in nothing else may be said.
    const unread = this.accepted || !this.opening ? this.#inEvents.slice(this.#unread) : [];
    const pongs = unread.filter(({ type }) => type === 'PING').map(pongFor);
    const events = [...open, ...this.outEvents, ...pongs];
    if (this.closed) {
      const close = { code: this.outCloseCode ?? undefined, reason: this.#outCloseReason };
      events.push(new WebSocketEvent('CLOSE', encodeWsClose(close)));
    }
    return events;
  }

  /**
   * The fields of the response; its status must be 200.
   * @throws Error where something in {@link WebSocketContext.meta} cannot be sent.
   */
  toHeaders(): Record<string, string> {
    const headers: Record<string, string> = { 'Content-Type': WS_EVENTS_CONTENT_TYPE };
    if (this.accepted) headers['Sec-WebSocket-Extensions'] = 'grip';
    return { ...headers, ...setMetaHeaders(this.origMeta, this.meta) };
  }

  /** The body of the response. */
  toBody(): Uint8Array {
    return encodeWsEvents(this.getOutgoingEvents());
  }

  #push(type: string, prefix: Uint8Array, message: string | Uint8Array): void {
    const bytes = typeof message === 'string' ? encodeUtf8(message) : message;
    this.outEvents.push(new WebSocketEvent(type, concatBytes([prefix, bytes])));
  }
}

/**
 * Reads a request that has WebSocket events: `Connection-Id`, `Meta-` fields, and the events in its body. A failure says
 * what is wrong in a sentence for the response.
 *
 * @param prefix stands before all channels
 */
export function parseWebSocketContext(
  headers: HeaderList,
  body: Uint8Array,
  prefix = '',
): Result<WebSocketContext> {
  const id = headerValue(headers, 'connection-id') ?? '';
  if (id === '') return fail('WebSocket event missing connection-id header.');
  const events = parseWsEvents(body);
  if (!events.ok) return fail('Error parsing WebSocket events.');
  return ok(new WebSocketContext(id, parseMeta(headers), events.value, prefix));
}

/** `Array.isArray` does not know lists that are read only. */
function isList(value: readonly string[] | SubscribeOptions): value is readonly string[] {
  return Array.isArray(value);
}

function pongFor(ping: WsEventInput): WebSocketEvent {
  return new WebSocketEvent('PONG', ping.content);
}

function checkLength(name: string): void {
  const bytes = excessBytes(name);
  if (bytes !== undefined)
    throw new RangeError(`A name or id has ${bytes} bytes; at most ${MAX_NAME_BYTES} are allowed.`);
}
