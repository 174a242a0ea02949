import type { IncomingHttpHeaders } from 'node:http';
import { decodeWebSocketEvents, encodeWebSocketEvents, WebSocketEvent } from '@fanoutio/grip';
import { closeLine, Lines, messageLine } from './lines.js';

/** An answer to events. */
export interface EventsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What answers a handshake besides letting the client in. */
export const WELCOME = { protocol: 'chat.v2', cookie: 'visit=1; Path=/' } as const;

/** Whoever asks for this path is not let in. */
export const FORBIDDEN = {
  path: '/members',
  status: 403,
  body: 'members only\n',
  reason: 'no-member',
} as const;

/** The channel that all who are let in are subscribed to. */
export const ROOM = 'room';

/**
 * The WebSocket half of an app, events by hand, with the codec of @fanoutio/grip. Lets clients in, subscribes them to
 * {@link ROOM} and echoes; `bye` has them closed, `ping me` pinged, `who` told what the app knows of them.
 */
export class EventsApp {
  /** What clients have sent: `OPEN`, `text hello`, `close 1001 reason`, `DISCONNECT`. */
  readonly seen: Lines = new Lines();

  answer(url: string, headers: IncomingHttpHeaders, body: Uint8Array): EventsAnswer {
    const events = decodeWebSocketEvents(body);
    const fields: Record<string, string> = { 'Content-Type': 'application/websocket-events' };
    const answers: WebSocketEvent[] = [];
    for (const event of events) {
      if (event.getType() === 'OPEN') {
        this.seen.add('OPEN');
        if (url.startsWith(FORBIDDEN.path)) return forbidden();
        Object.assign(fields, welcome(headers));
        answers.push(new WebSocketEvent('OPEN'), control({ type: 'subscribe', channel: ROOM }));
      } else {
        answers.push(...this.#answerEvent(event.getType(), Buffer.from(event.getContent() ?? ''), headers));
      }
    }
    return { status: 200, headers: fields, body: Buffer.from(encodeWebSocketEvents(answers)) };
  }

  #answerEvent(type: string, content: Buffer, headers: IncomingHttpHeaders): WebSocketEvent[] {
    switch (type) {
      case 'TEXT':
        this.seen.add(messageLine('text', content));
        return answerText(content, headers);
      case 'BINARY':
        this.seen.add(messageLine('binary', content));
        return [new WebSocketEvent('BINARY', Buffer.concat([Buffer.from('m:'), content]))];
      case 'PING':
        this.seen.add(messageLine('ping', content));
        return [new WebSocketEvent('PONG', content)];
      case 'PONG':
        this.seen.add(messageLine('pong', content));
        return [message(`you said pong ${content}`)];
      case 'CLOSE':
        this.seen.add(
          content.length < 2 ? 'close' : closeLine(content.readUInt16BE(0), content.toString('utf8', 2)),
        );
        return [content.length < 2 ? new WebSocketEvent('CLOSE') : new WebSocketEvent('CLOSE', content)];
      default:
        this.seen.add(type);
        return [];
    }
  }
}

/** The protocol that is chosen of those that a client offers. */
export function chooseProtocol(offered: string | undefined): string | undefined {
  return offered?.split(/, */).includes(WELCOME.protocol) ? WELCOME.protocol : undefined;
}

/** What an app tells a client that asks who it is. */
export function who(headers: IncomingHttpHeaders): string {
  const { cookie, origin } = headers;
  return JSON.stringify({ cookie, origin, authorization: headers.authorization });
}

function welcome(headers: IncomingHttpHeaders): Record<string, string> {
  const protocol = chooseProtocol(headers['sec-websocket-protocol']);
  return {
    'Sec-WebSocket-Extensions': 'grip',
    'Set-Cookie': WELCOME.cookie,
    ...(protocol === undefined ? {} : { 'Sec-WebSocket-Protocol': protocol }),
  };
}

function forbidden(): EventsAnswer {
  const { status, body, reason } = FORBIDDEN;
  return { status, headers: { 'Content-Type': 'text/plain', 'X-Reason': reason }, body: Buffer.from(body) };
}

function answerText(content: Buffer, headers: IncomingHttpHeaders): WebSocketEvent[] {
  switch (content.toString()) {
    case 'bye':
      return [
        new WebSocketEvent(
          'CLOSE',
          Buffer.concat([Buffer.from([4001 >> 8, 4001 & 255]), Buffer.from('bye then')]),
        ),
      ];
    case 'ping me':
      return [new WebSocketEvent('PING', 'are you there')];
    case 'who':
      return [message(who(headers))];
    default:
      return [new WebSocketEvent('TEXT', Buffer.concat([Buffer.from('m:'), content]))];
  }
}

function message(text: string): WebSocketEvent {
  return new WebSocketEvent('TEXT', `m:${text}`);
}

function control(fields: Record<string, string>): WebSocketEvent {
  return new WebSocketEvent('TEXT', `c:${JSON.stringify(fields)}`);
}
