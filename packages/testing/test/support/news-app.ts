import type { RequestListener, ServerResponse } from 'node:http';
import { encodeWsEvents, parseWsEvents, type WsEvent } from '@p-8/protocol';

/** What of an app a test wants to be otherwise: listeners by path. */
export type Pages = Readonly<Record<string, RequestListener>>;

/** Answers that the client is to be held. */
export function hold(
  res: ServerResponse,
  mode: 'stream' | 'response',
  body: string,
  fields: object = {},
): void {
  const head = { 'Content-Type': 'text/plain', 'Grip-Hold': mode, 'Grip-Channel': 'news', ...fields };
  res.writeHead(200, head).end(body);
}

/** An app with a stream, a long-poll and a WebSocket, all on the channel `news`, and with pages of a test's own. */
export function newsApp(pages: Pages = {}): RequestListener {
  const all: Pages = {
    '/stream': (_req, res) => hold(res, 'stream', 'open\n'),
    '/poll': (_req, res) => hold(res, 'response', 'nothing new\n'),
    '/events': (_req, res) => hold(res, 'stream', ': hello\n\n', { 'Content-Type': 'text/event-stream' }),
    '/chat': chat,
    '/plain': (_req, res) => res.end('plain\n'),
    ...pages,
  };
  return (req, res) => {
    const page = all[new URL(req.url ?? '/', 'http://app.test').pathname];
    if (page === undefined) res.writeHead(404).end('no such page\n');
    else page(req, res);
  };
}

const chat: RequestListener = webSocket((events) =>
  events.flatMap(({ type, content }): WsEvent[] => {
    if (type === 'OPEN') return [open, control({ type: 'subscribe', channel: 'news' })];
    if (type === 'CLOSE') return [{ type, content }];
    if (type === 'PING') return [{ type: 'PONG', content }];
    return type === 'TEXT' || type === 'BINARY' ? [{ type, content }] : [];
  }),
);

const open: WsEvent = { type: 'OPEN', content: undefined };

/** A control message for the proxy. */
export function control(message: object): WsEvent {
  return text(`c:${JSON.stringify(message)}`);
}

export function text(content: string): WsEvent {
  return { type: 'TEXT', content: Buffer.from(content) };
}

/** A WebSocket over HTTP: what the client did, as events, is answered with events. */
export function webSocket(
  answer: (events: readonly WsEvent[]) => readonly WsEvent[] | Promise<readonly WsEvent[]>,
  fields: object = {},
): RequestListener {
  return async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const events = parseWsEvents(Buffer.concat(chunks));
    const answers = await answer(events.ok ? events.value : []);
    res
      .writeHead(200, {
        'Content-Type': 'application/websocket-events',
        'Sec-WebSocket-Extensions': 'grip; message-prefix=""',
        ...fields,
      })
      .end(encodeWsEvents(answers));
  };
}
