import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An item of the log: its id is its place, from 1 on. */
export interface Entry {
  readonly id: string;
  readonly prevId: string;
  readonly content: string;
}

/**
 * An app that keeps all it has ever published to the channel `log`, and answers from there what a client lacks:
 *
 * - `/plain`: a stream without ids, on the channel `plain`.
 * - `/log`: a stream of the log, with ids and a next link.
 * - `/poll?after=ID`: the log by long-polls; the answer is the content, as it is published.
 * - `/ws`: a WebSocket on the channel `plain`.
 */
export class LogOrigin {
  readonly log: Entry[] = [];
  /** Called between the look into the log and the answer to the client. */
  beforeAnswer: (() => Promise<void>) | undefined;
  readonly #server = http.createServer((req, res) => void this.#answer(req, res));
  #port = 0;

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Notes what is going to be published. */
  add(content: string): Entry {
    const id = this.log.length + 1;
    const entry = { id: String(id), prevId: String(id - 1), content };
    this.log.push(entry);
    return entry;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const url = new URL(req.url ?? '', 'http://origin');
    const lastId = /last-id=(\d+)/.exec(String(req.headers['grip-last'] ?? ''))?.[1];
    const after = Number(lastId ?? url.searchParams.get('after') ?? 0);
    const missed = this.log.slice(after);
    const last = String(this.log.length);
    const { beforeAnswer } = this;
    this.beforeAnswer = undefined;
    await beforeAnswer?.();
    if (url.pathname === '/plain') {
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'plain' }).end('[');
    } else if (url.pathname === '/log') {
      res.writeHead(200, {
        'Grip-Hold': 'stream',
        'Grip-Channel': `log; prev-id=${last}`,
        'Grip-Link': '</log>; rel=next; timeout=10',
      });
      res.end(`[${missed.map(({ content }) => content).join('')}`);
    } else if (url.pathname === '/poll') {
      if (missed.length > 0) res.end(missed.map(({ content }) => content).join(''));
      else
        res
          .writeHead(200, {
            'Grip-Hold': 'response',
            'Grip-Channel': `log; prev-id=${last}`,
            'Grip-Timeout': '55',
          })
          .end();
    } else {
      res.writeHead(200, {
        'Content-Type': 'application/websocket-events',
        'Sec-WebSocket-Extensions': 'grip; message-prefix=""',
      });
      const subscribe = 'c:{"type":"subscribe","channel":"plain"}';
      res.end(
        body.startsWith('OPEN') ? `OPEN\r\nTEXT ${subscribe.length.toString(16)}\r\n${subscribe}\r\n` : '',
      );
    }
  }
}
