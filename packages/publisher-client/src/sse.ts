/** An event of a `text/event-stream`. Source: HTML, 9.2 Server-sent events. */
export interface SseEvent {
  /** Type of the event. @default 'message' */
  readonly event?: string | undefined;
  /** What the browser sends as `Last-Event-ID` when it connects again; an empty string takes the last one back. */
  readonly id?: string | undefined;
  /** What the client gets, of one line or many. Without it nothing reaches the client's listeners. */
  readonly data?: string | undefined;
  /** Milliseconds that the browser waits before it connects again. */
  readonly retry?: number | undefined;
  /** What no client sees: to keep a connection alive. */
  readonly comment?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;

/**
 * Writes an event of a `text/event-stream`. Whatever it is made of, it stays one event.
 * @throws TypeError when `event` or `id` has a line end or NUL, which the format has no way to write, when `data` is no string, or
 * when `retry` is no whole number.
 *
 * @example
 * ```ts
 * await publisher.publish('news', { 'http-stream': sse({ event: 'score', id: '7', data: JSON.stringify({ home: 1 }) }) });
 * ```
 */
export function sse({ event, id, data, retry, comment }: SseEvent): string {
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
    throw new TypeError(`sse: retry must be a whole number of milliseconds, and is ${retry}`);
  }
  return [
    ...lines('', 'comment', comment),
    ...line('event', event),
    ...line('id', id),
    ...(retry === undefined ? [] : [`retry: ${retry}\n`]),
    ...lines('data', 'data', data),
    '\n',
  ].join('');
}

function line(name: string, value: string | undefined): string[] {
  if (value === undefined) return [];
  text(name, value);
  if (/[\r\n\0]/.test(value)) throw new TypeError(`sse: ${name} must not have line ends or NUL`);
  return [`${name}: ${value}\n`];
}

function lines(field: string, name: string, value: string | undefined): string[] {
  return value === undefined
    ? []
    : text(name, value)
        .split(LINE_END)
        .map((part) => `${field}: ${part}\n`);
}

/** Whoever writes no TypeScript may give us anything; `[object Object]` is what nobody wants to send. */
function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(
    `sse: ${name} must be a string, and is of type ${typeof value}; objects need JSON.stringify`,
  );
}
