import { closePayload } from '../support/ws-frames.js';
import type { Answer } from './answer.js';
import type { Field } from './field.js';

/** Bytes of a response's events: an event, or what looks like one. */
export type EventBytes = string | Uint8Array;

/** One event of WebSocket-over-HTTP; without content where there is none. */
export function event(type: string, content?: string | Uint8Array): Uint8Array {
  if (content === undefined) return Buffer.from(`${type}\r\n`);
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`${type} ${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** The handshake is accepted. */
export const OPEN: Uint8Array = event('OPEN');

/** A text message as it stands; with the grip extension the client gets it only with its prefix. */
export function textEvent(content: string | Uint8Array): Uint8Array {
  return event('TEXT', content);
}

/** A text message for the client, with the prefix of the grip extension. */
export function messageEvent(content: string): Uint8Array {
  return textEvent(`m:${content}`);
}

/** A control message; text is sent as it stands. */
export function controlEvent(message: unknown): Uint8Array {
  return textEvent(`c:${typeof message === 'string' ? message : JSON.stringify(message)}`);
}

export function subscribeEvent(channel: string, filters?: readonly string[]): Uint8Array {
  return controlEvent({ type: 'subscribe', channel, ...(filters && { filters }) });
}

export function closeEvent(code?: number, reason?: string): Uint8Array {
  return code === undefined ? event('CLOSE') : event('CLOSE', closePayload(code, reason));
}

const CONTENT_TYPE: Field = ['Content-Type', 'application/websocket-events'];

/** What `events` adds its own to. */
export type EventsOptions = Omit<Answer, 'body'>;

/** An answer of events. */
export function events(list: readonly EventBytes[] = [], more: EventsOptions = {}): Answer {
  const body = Buffer.concat(list.map((bytes) => Buffer.from(bytes)));
  return { ...more, headers: [CONTENT_TYPE, ...(more.headers ?? [])], body };
}

/** An answer of events that is not given before `signal`. */
export function eventsAfter(
  signal: string,
  list: readonly EventBytes[] = [],
  more: EventsOptions = {},
): Answer {
  const { body, ...head } = events(list, more);
  return { ...head, body: [{ until: signal }, body as Uint8Array] };
}

/** An answer that accepts the handshake without the grip extension. */
export function accept(list: readonly EventBytes[] = [], more: EventsOptions = {}): Answer {
  return events([OPEN, ...list], more);
}

/** An answer that accepts the handshake with the grip extension. `parameters` follow its name. */
export function acceptGrip(
  list: readonly EventBytes[] = [],
  more: EventsOptions = {},
  parameters = '',
): Answer {
  const extension: Field = ['Sec-WebSocket-Extensions', `grip${parameters}`];
  return accept(list, { ...more, headers: [extension, ...(more.headers ?? [])] });
}
