import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import { type BareHub, textFrame } from './bare-hub.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const EVENTS = ['Content-Type', 'application/websocket-events', 'Host', 'bench.test'];

/** WebSockets over HTTP: each frame of a client is a request to the origin. Frames are short, and come whole. */
export class BareWebSockets {
  readonly #pool: Pool;
  readonly #hub: BareHub;

  constructor(originPort: number, hub: BareHub) {
    this.#pool = new Pool(`http://127.0.0.1:${originPort}`, { pipelining: 1 });
    this.#hub = hub;
  }

  async open(req: IncomingMessage, socket: Duplex): Promise<void> {
    const path = req.url ?? '/';
    const answer = await this.#ask(path, 'OPEN\r\n');
    const accept = createHash('sha1').update(`${req.headers['sec-websocket-key']}${GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const channel = /"channel":"([^"]+)"/.exec(answer)?.[1] ?? '';
    const { sockets } = this.#hub.channel(channel);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (frame: Buffer) => void this.#say(path, socket, frame));
  }

  async #say(path: string, socket: Duplex, frame: Buffer): Promise<void> {
    if (frame[0] !== 0x81) return;
    const mask = frame.subarray(2, 6);
    const payload = frame.subarray(6);
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
    const answer = await this.#ask(
      path,
      `TEXT ${payload.length.toString(16)}\r\n${payload.toString('latin1')}\r\n`,
    );
    const end = answer.indexOf('\r\n');
    socket.write(textFrame(answer.slice(end + 2, -2)));
  }

  #ask(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      this.#pool.dispatch(
        { path, method: 'POST', headers: EVENTS, body },
        {
          onRequestStart() {},
          onResponseData(_controller, chunk) {
            answer += chunk.toString('latin1');
          },
          onResponseEnd: () => resolve(answer),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  }
}
