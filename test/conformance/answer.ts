import type { Field } from './field.js';

/** A part of a body, or a place where the origin waits until the scenario's `release` step names the signal. */
export type Part = string | Uint8Array | { readonly until: string };

/** What the origin answers to one request. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  /** @default the standard phrase */
  readonly reason?: string;
  readonly headers?: readonly Field[];
  /** One string goes out with a Content-Length, a list goes out in parts without one. @default '' */
  readonly body?: string | Uint8Array | readonly Part[];
  /** The connection is dropped when all parts are out. @default false */
  readonly cut?: boolean;
  /** Answer when the request's head is there, in place of its end. @default false */
  readonly early?: boolean;
  /** Bytes to send as they are, and then close, in place of all of the above. */
  readonly raw?: string;
  /** The origin accepts the WebSocket handshake that this answers, and speaks WebSocket itself. */
  readonly webSocket?: WebSocketScript;
}

/** What an origin does on a WebSocket of its own. */
export interface WebSocketScript {
  /** Frames, and places where it waits; with `cut` the connection is dropped after the last. @default none */
  readonly sends?: readonly (Uint8Array | { readonly until: string })[];
  /** The frame that answers a Close. @default a Close with the same payload */
  readonly onClose?: Uint8Array;
}

/** Answers in the order of the requests; the last one serves for all that follow. Or such a list for each path. */
export type OriginScript = readonly Answer[] | Readonly<Record<string, readonly Answer[]>>;

/** A plain answer. */
export function answer(body: Answer['body'], more: Omit<Answer, 'body'> = {}): Answer {
  return { body: body ?? '', ...more, headers: more.headers ?? [['Content-Type', 'text/plain']] };
}

/** An answer that holds the client on `channels`, each with its parameters as Grip-Channel has them. */
export function hold(
  mode: 'response' | 'stream',
  channels: string | readonly string[],
  more: Answer = {},
): Answer {
  const names = typeof channels === 'string' ? [channels] : channels;
  const headers: Field[] = [
    ['Content-Type', 'text/plain'],
    ['Grip-Hold', mode],
    ...names.map((name): Field => ['Grip-Channel', name]),
  ];
  return { body: '', ...more, headers: [...headers, ...(more.headers ?? [])] };
}

/** An answer whose JSON body is the instruct. */
export function instruct(json: unknown, more: Omit<Answer, 'body'> = {}): Answer {
  const headers: Field[] = [['Content-Type', 'application/grip-instruct'], ...(more.headers ?? [])];
  return { ...more, headers, body: typeof json === 'string' ? json : JSON.stringify(json) };
}
