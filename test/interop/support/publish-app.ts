import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { decodeWebSocketEvents, encodeWebSocketEvents, WebSocketEvent } from '@fanoutio/grip';
import { closeLine, Lines, messageLine } from './lines.js';

/** What follows a hint. */
export const NEWS = 'there are news';
/** The body of a response hold, for patches. */
export const POLL_BODY = '{"seat":1}';

/**
 * An app whose clients choose their channel: `/stream?channel=c`, `/poll?channel=c`, `/ws?channel=c`. With `filter`, they are `user`
 * for it; with `link`, streams have a next link. Written by hand, header by header.
 */
export class PublishApp {
  readonly #seen = new Map<string, Lines>();
  /** Channels of which there are news. */
  readonly #news = new Set<string>();

  /** What the WebSockets of a channel have sent: `OPEN`, `pong x`, `close 1000`, and `nothing` for a request without events. */
  seen(channel: string): Lines {
    const lines = this.#seen.get(channel) ?? new Lines();
    this.#seen.set(channel, lines);
    return lines;
  }

  /** Has those who ask again told {@link NEWS}; until then, they are held as before. */
  hasNews(channel: string): void {
    this.#news.add(channel);
  }

  readonly listener: RequestListener = (req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost');
    if (req.method === 'POST') void this.#events(req, res, url);
    else this.#hold(res, url);
  };

  #hold(res: ServerResponse, { pathname, searchParams }: URL): void {
    const channel = searchParams.get('channel') ?? '';
    const filter = searchParams.get('filter');
    const link = `</stream?${searchParams}&more=1>; rel=next`;
    const isStream = pathname === '/stream';
    res.setHeader('Content-Type', 'text/plain');
    // Pushpin has clients ask again by itself too, a second after the first subscription of a channel.
    const isTold = this.#news.has(channel);
    if (!isTold || isStream) {
      res.setHeader('Grip-Hold', isStream ? 'stream' : 'response');
      res.setHeader('Grip-Channel', filter === null ? channel : `${channel}; filter=${filter}`);
      res.setHeader('Grip-Set-Meta', `user=${searchParams.get('user') ?? ''}`);
      res.setHeader('X-Held', 'yes');
      if (isStream && searchParams.has('link')) res.setHeader('Grip-Link', link);
    }
    if (isTold) res.end(NEWS);
    else if (searchParams.has('more')) res.end();
    else res.end(isStream ? '[open]' : POLL_BODY);
  }

  async #events(req: IncomingMessage, res: ServerResponse, { searchParams }: URL): Promise<void> {
    const events = decodeWebSocketEvents(await buffer(req));
    const answers: WebSocketEvent[] = [];
    const channel = searchParams.get('channel') ?? '';
    const seen = this.seen(channel);
    if (events.length === 0) seen.add('nothing');
    for (const event of events) {
      const content = Buffer.from(event.getContent() ?? '');
      if (event.getType() === 'OPEN') {
        seen.add('OPEN');
        const filters = searchParams.getAll('filter');
        const user = searchParams.get('user') ?? '';
        answers.push(
          new WebSocketEvent('OPEN'),
          control({ type: 'set-meta', name: 'user', value: user }),
          control({ type: 'subscribe', channel, filters }),
        );
      } else if (event.getType() === 'CLOSE') {
        seen.add(
          content.length < 2 ? 'close' : closeLine(content.readUInt16BE(0), content.toString('utf8', 2)),
        );
        answers.push(new WebSocketEvent('CLOSE', content));
      } else {
        seen.add(messageLine(event.getType().toLowerCase(), content));
      }
    }
    res.setHeader('Content-Type', 'application/websocket-events');
    res.setHeader('Sec-WebSocket-Extensions', 'grip; message-prefix=""');
    res.end(Buffer.from(encodeWebSocketEvents(answers)));
  }
}

function control(fields: object): WebSocketEvent {
  return new WebSocketEvent('TEXT', `c:${JSON.stringify(fields)}`);
}
