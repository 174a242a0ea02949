import type http from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Origin, SeenRequest } from './origin.js';
import type { Stage } from './stage.js';

/** How a request of events is answered: a body of events, or something else. */
export interface EventsResponse {
  /** @default 200 */
  readonly status?: number;
  readonly reason?: string;
  /** `null`: there is none. @default 'application/websocket-events' */
  readonly type?: string | null;
  /** As lines. */
  readonly fields?: readonly string[];
  /** In text a character is a byte. */
  readonly body?: string | Uint8Array;
}

export type EventsAnswer = string | Uint8Array | EventsResponse;

/**
 * Answers a request, whose body is all there; `text` is that body, a byte a character. Undefined: the test will answer, unless
 * it is DISCONNECT, since that comes when a test is over.
 */
export type EventsHandler = (text: string, request: SeenRequest, count: number) => EventsAnswer | undefined;

/** One event. Text is written as UTF-8. */
export function event(type: string, content?: string | Uint8Array): Buffer {
  if (content === undefined || content.length === 0) return Buffer.from(`${type}\r\n`);
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`${type} ${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Several events. */
export function events(...list: readonly (readonly [type: string, content?: string | Uint8Array])[]): Buffer {
  return Buffer.concat(list.map(([type, content]) => event(type, content)));
}

/** An event CLOSE. */
export function closeEvent(code: number, reason = ''): Buffer {
  return event('CLOSE', Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
}

/** Answers a request of events. */
export function answerEvents(res: ServerResponse, answer: EventsAnswer): void {
  const response = typeof answer === 'string' || answer instanceof Uint8Array ? { body: answer } : answer;
  const { status = 200, reason, fields = [], body = '', type = 'application/websocket-events' } = response;
  const list = fields.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  if (type !== null) list.unshift('Content-Type', type);
  if (reason === undefined) res.writeHead(status, list);
  else res.writeHead(status, reason, list);
  res.end(typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
}

/** What an origin with nothing to say answers: what lets a client in, what lets it go, and nothing else. */
export function obliging(text: string): EventsAnswer {
  if (text.startsWith('OPEN\r\n')) return 'OPEN\r\n';
  const close = text.search(/CLOSE( [0-9a-f]+)?\r\n/);
  return close === -1 ? '' : text.slice(close);
}

/** An origin that gets the events of WebSockets over HTTP. */
export async function eventsOrigin(
  stage: Stage,
  handler: EventsHandler = obliging,
  server?: http.Server,
): Promise<Origin> {
  return await stage.origin((res, request, count) => {
    whenComplete(request, res, () => {
      const text = bodyOf(request);
      const answer = handler(text, request, count) ?? (text === 'DISCONNECT\r\n' ? '' : undefined);
      if (answer !== undefined) answerEvents(res, answer);
    });
  }, server);
}

/** The body of a request, a byte a character. */
export function bodyOf({ body }: SeenRequest): string {
  return body.toString('latin1');
}

/** The bodies of all requests that have come whole. */
export function bodiesOf({ requests }: Origin): string[] {
  return requests.filter(({ complete }) => complete).map(bodyOf);
}

function whenComplete(request: SeenRequest, { req }: ServerResponse, then: () => void): void {
  if (request.complete) then();
  else req.on('end', then);
}
