import type { HeaderList } from './header-list.js';

/** A format that carries no content. What it does depends on the kind of client; where it means nothing, nothing. */
export interface BareAction {
  readonly action: 'hint' | 'close' | 'refresh';
}

/** The answer to a response hold. */
export interface HttpResponseSend {
  readonly action: 'send';
  /** 200 to 599. */
  readonly code: number;
  readonly reason: string;
  /** Added to the headers of the instruct's response, in place of those of the same name. */
  readonly headers: HeaderList;
  /** Undefined when there is a patch. */
  readonly body: Uint8Array | undefined;
  /** JSON Patch operations (RFC 6902) for the body of the instruct's response. */
  readonly bodyPatch: readonly unknown[] | undefined;
  /** The content filters that the publisher expects the subscription to have. */
  readonly contentFilters: readonly string[] | undefined;
}

/** What is written to a stream hold, as it is. */
export interface HttpStreamSend {
  readonly action: 'send';
  readonly content: Uint8Array;
  readonly contentFilters: readonly string[] | undefined;
}

/** A message to a WebSocket. */
export interface WsMessageSend {
  readonly action: 'send';
  readonly type: 'text' | 'binary' | 'ping' | 'pong';
  /** UTF-8 where the type is `text`; at most 125 bytes where it is `ping` or `pong`. */
  readonly content: Uint8Array;
  readonly contentFilters: readonly string[] | undefined;
}

/** The end of a WebSocket. */
export interface WsMessageClose {
  readonly action: 'close';
  /** One that an endpoint may send, or undefined for none. */
  readonly code: number | undefined;
  /** At most 123 bytes of UTF-8. */
  readonly reason: string | undefined;
}

/** What an item holds for response holds. */
export type HttpResponseFormat = HttpResponseSend | BareAction;

/** What an item holds for stream holds. */
export type HttpStreamFormat = HttpStreamSend | BareAction;

/** What an item holds for WebSockets. */
export type WsMessageFormat = WsMessageSend | WsMessageClose | { readonly action: 'hint' | 'refresh' };
