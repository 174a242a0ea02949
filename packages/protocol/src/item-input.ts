import { isBytes } from './json.js';

/** A format that carries no content: see the actions of each format. */
export interface ActionInput {
  /**
   * - `hint`: something is new, ask the origin. A response hold is asked again, a stream hold follows its next link.
   * - `close`: end the stream.
   * - `refresh`: make a WebSocket that is carried over HTTP ask its origin.
   */
  readonly action: 'hint' | 'close' | 'refresh';
}

/** What publishers write to answer response holds: one of `body`, `body-bin` and `body-patch` is needed. */
export interface HttpResponseInput {
  /** @default 'send' */
  readonly action?: 'send';
  /** Status code, 200 to 599. @default 200 */
  readonly code?: number;
  /** Reason phrase. @default the standard phrase of the code */
  readonly reason?: string;
  /** Header fields, as an object or as pairs; those of the held response are kept unless they are given here. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  /** Base64, or bytes; wins over `body`. */
  readonly 'body-bin'?: string | Uint8Array;
  /** JSON Patch operations (RFC 6902) for the body of the held response. */
  readonly 'body-patch'?: readonly unknown[];
  /** The content filters that the subscription must have, or the item is not delivered. */
  readonly 'content-filters'?: readonly string[];
}

/** What publishers write to stream holds: one of `content` and `content-bin` is needed. */
export interface HttpStreamInput {
  /** @default 'send' */
  readonly action?: 'send';
  /** Written as it is; nothing is added. */
  readonly content?: string | Uint8Array;
  /** Base64, or bytes; wins over `content`. */
  readonly 'content-bin'?: string | Uint8Array;
  /** The content filters that the subscription must have, or the item is not delivered. */
  readonly 'content-filters'?: readonly string[];
}

/** What publishers write to WebSockets: one of `content` and `content-bin` is needed, but for `ping` and `pong`. */
export interface WsMessageInput {
  /** @default 'send' */
  readonly action?: 'send';
  /** @default 'binary' with content-bin, else 'text' */
  readonly type?: 'text' | 'binary' | 'ping' | 'pong';
  readonly content?: string | Uint8Array;
  /** Base64, or bytes; wins over `content`. */
  readonly 'content-bin'?: string | Uint8Array;
  /** The content filters that the subscription must have, or the item is not delivered. */
  readonly 'content-filters'?: readonly string[];
}

/** What publishers write to close WebSockets. */
export interface WsCloseInput {
  readonly action: 'close';
  /** Close code. @default 1000 */
  readonly code?: number;
  /** At most 123 bytes of UTF-8. */
  readonly reason?: string;
}

/**
 * What publishers write, for each kind of client. A plain string or bytes is short for the body or content; bytes make a
 * binary WebSocket message.
 */
export interface FormatsInput {
  readonly 'http-response'?: string | Uint8Array | HttpResponseInput | ActionInput;
  readonly 'http-stream'?: string | Uint8Array | HttpStreamInput | ActionInput;
  readonly 'ws-message'?: string | Uint8Array | WsMessageInput | WsCloseInput | ActionInput;
}

/** What publishers write about an item besides its formats. */
export interface ItemOptions {
  /** Names the item, so that it is delivered once and others can follow it. */
  readonly id?: string | undefined;
  /** The id of the item that comes before it on the channel. */
  readonly 'prev-id'?: string | undefined;
  /** What filters look at: `sender`, `skip_users`, `require_sub`. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Deliver at once, whatever the order. @default false */
  readonly 'no-seq'?: boolean | undefined;
  /** Bytes to count in statistics. @default the content's own size */
  readonly size?: number | undefined;
}

/** An item as publishers write it. */
export interface ItemInput extends ItemOptions {
  readonly channel: string;
  readonly formats: FormatsInput;
}

/**
 * Writes out the short notation: a format that is a string or bytes becomes an object. Everything else stays as it is,
 * for `parseItem` to judge.
 *
 * @example
 * ```ts
 * expandFormats({ 'http-stream': 'hi\n', 'http-response': 'hi' });
 * // { 'http-stream': { content: 'hi\n' }, 'http-response': { body: 'hi' } }
 * ```
 */
export function expandFormats(formats: FormatsInput): Record<string, unknown> {
  // fromEntries defines members of its own, whatever they are called.
  return Object.fromEntries(
    Object.entries(formats).map(([name, value]: [string, unknown]) => [name, expandFormat(name, value)]),
  );
}

function expandFormat(name: string, value: unknown): unknown {
  if (typeof value !== 'string' && !isBytes(value)) return value;
  if (name === 'http-response') return { body: value };
  // `content` would make it a text message.
  if (name === 'ws-message' && typeof value !== 'string') return { 'content-bin': value };
  return { content: value };
}
