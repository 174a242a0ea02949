import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Timeline } from '../timeline.js';

/** What a client asks besides the path. */
export interface RequestInit {
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What clients need of the test that they belong to. */
export interface ClientHost {
  /** Base of all addresses. */
  readonly origin: URL;
  readonly timeline: Timeline;
  /** A new connection to the proxy. */
  connect(): Duplex;
  /** A name that no other client has: `stream 1`. */
  name(kind: string): string;
}

/** One request on a connection of its own. */
export class HttpRequest {
  readonly request: ClientRequest;
  readonly #socket: Duplex;
  #response: IncomingMessage | undefined;

  /** @param name of the client that asks */
  constructor(
    host: ClientHost,
    name: string,
    path: string,
    { method = 'GET', headers = {}, body }: RequestInit,
  ) {
    this.#socket = host.connect();
    host.timeline.add('client', `${name} asks ${method} ${path}`);
    this.request = http.request(new URL(path, host.origin), {
      method,
      headers: { ...headers },
      createConnection: () => this.#socket,
    });
    // Whoever waits for the response hears of it; nobody else need.
    this.request.on('error', () => undefined);
    this.request.end(body);
  }

  /** Waits for the response's head. @throws Error where the connection ends before. */
  response(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      this.request.once('response', (response) => {
        this.#response = response;
        resolve(response);
      });
      this.request.once('error', reject);
    });
  }

  /** Takes no more of the response. */
  stall(): void {
    this.#response?.pause();
    this.#socket.pause();
  }

  /** Goes on with it. */
  resume(): void {
    this.#socket.resume();
    this.#response?.resume();
  }

  /** Breaks the connection. */
  drop(): void {
    this.#socket.destroy();
  }
}
