import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { BareHub } from './bare-hub.js';

/** Asks the origin, and holds the client as it says. */
export class BareHolds {
  readonly #pool: Pool;
  readonly #hub: BareHub;

  constructor(originPort: number, hub: BareHub) {
    this.#pool = new Pool(`http://127.0.0.1:${originPort}`, { pipelining: 1 });
    this.#hub = hub;
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    let hold: string | undefined;
    let channel = '';
    let first = '';
    this.#pool.dispatch(
      { path: req.url ?? '/', method: 'GET', headers: req.rawHeaders },
      {
        onRequestStart() {},
        onResponseStart(_controller, _status, fields) {
          hold = String(fields['grip-hold']);
          channel = String(fields['grip-channel']);
        },
        onResponseData(_controller, chunk) {
          first += chunk.toString('latin1');
        },
        onResponseEnd: () => {
          if (hold === 'stream') this.#stream(res, channel, first);
          else if (hold === 'response') this.#poll(res, channel);
          else res.writeHead(502).end();
        },
        onResponseError() {
          res.writeHead(502).end();
        },
      },
    );
  }

  /** The socket is ours alone from here on: chunks go to it as they are. */
  #stream(res: ServerResponse, channel: string, first: string): void {
    const { socket } = res;
    if (socket === null) return;
    res.writeHead(200, ['Content-Type', 'text/plain', 'Transfer-Encoding', 'chunked']);
    res.write(first);
    const channels = channel.split(',').map((name) => this.#hub.channel(name));
    for (const { streams } of channels) streams.add(socket);
    socket.once('close', () => {
      for (const { streams } of channels) streams.delete(socket);
    });
  }

  #poll(res: ServerResponse, channel: string): void {
    this.#hub.channel(channel).polls.push((body) => {
      res.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', String(body.length)]);
      res.end(body);
    });
  }
}
