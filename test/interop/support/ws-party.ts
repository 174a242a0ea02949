import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ClientOptions, WebSocket } from 'ws';
import type { InteropStage } from './interop-stage.js';
import { closeLine, Lines, messageLine } from './lines.js';

/** How a {@link WsParty} opens its WebSocket. */
export interface OpenOptions extends ClientOptions {
  readonly protocols?: readonly string[];
}

/** An answer that lets nobody in. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A WebSocket of the package ws, as a client, and what it hears. */
export class WsParty {
  readonly socket: WebSocket;
  /** `text hello`, `binary 00ff`, `ping x`, `pong x`, `close 1000 reason`. */
  readonly heard: Lines = new Lines();
  #response: IncomingMessage | undefined;

  private constructor(url: string, { protocols, ...options }: OpenOptions) {
    this.socket = new WebSocket(url, [...(protocols ?? [])], { perMessageDeflate: false, ...options });
    const { socket, heard } = this;
    socket.on('upgrade', (response) => {
      this.#response = response;
    });
    socket.on('message', (data: Buffer, isBinary) =>
      heard.add(messageLine(isBinary ? 'binary' : 'text', data)),
    );
    socket.on('ping', (data) => heard.add(messageLine('ping', data)));
    socket.on('pong', (data) => heard.add(messageLine('pong', data)));
    socket.on('close', (code, reason) => heard.add(closeLine(code, reason.toString())));
  }

  /** Opens a WebSocket; rejects where it is refused. */
  static async open(stage: InteropStage, url: string, options: OpenOptions = {}): Promise<WsParty> {
    const party = new WsParty(url, options);
    stage.onLeave(() => party.socket.terminate());
    await once(party.socket, 'open');
    party.socket.on('error', (error) => party.heard.add(`error ${error.message}`));
    return party;
  }

  /** Asks for a WebSocket that is not given. */
  static async refused(url: string, options: OpenOptions = {}): Promise<Refusal> {
    const { socket } = new WsParty(url, options);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    const { statusCode = 0, headers } = response;
    return { status: statusCode, headers, body: await text(response) };
  }

  /** The fields with which it was let in. */
  get headers(): IncomingHttpHeaders {
    return this.#response?.headers ?? {};
  }

  /** Its connection, which counts bytes. */
  get connection(): Socket {
    if (this.#response === undefined) throw new Error('not open yet');
    return this.#response.socket;
  }

  send(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  next(): Promise<string> {
    return this.heard.next();
  }
}
