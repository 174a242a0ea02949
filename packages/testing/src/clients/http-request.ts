import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { type Duration, milliseconds } from '../duration.js';
import type { Timeline } from '../timeline.js';
import type { NextOptions } from './inbox.js';

/** What a client asks besides the path. */
export interface RequestInit {
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What a client asks that waits for the head of the response; so long. */
export interface OpenInit extends RequestInit, NextOptions {}

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
  readonly #name: string;
  readonly #timeline: Timeline;
  #response: IncomingMessage | undefined;

  /** @param name of the client that asks */
  constructor(
    host: ClientHost,
    name: string,
    path: string,
    { method = 'GET', headers = {}, body }: RequestInit,
  ) {
    this.#socket = host.connect();
    this.#name = name;
    this.#timeline = host.timeline;
    host.timeline.add('client', `${name} asks ${method} ${path}`);
    const url = new URL(path, host.origin);
    const isSecure = url.protocol === 'https:';
    this.request = (isSecure ? https : http).request(url, {
      method,
      // A Host without the port that goes without saying.
      defaultPort: isSecure ? 443 : 80,
      headers: { ...headers },
      createConnection: () => this.#socket,
    });
    // Whoever waits for the response hears of it; nobody else need.
    this.request.on('error', () => undefined);
    this.request.end(body);
  }

  /**
   * Waits for the response's head.
   * @param read called with the response at once: who listens later may miss what comes right after the head
   * @param timeout real time; undefined: for ever
   * @throws Error where the connection ends before, or the time is up; it says what happened in the test.
   */
  async response<T>(read: (response: IncomingMessage) => T, timeout?: Duration): Promise<T> {
    const ms = timeout === undefined ? undefined : milliseconds(timeout);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.request.once('response', (response) => {
          this.#response = response;
          try {
            resolve(read(response));
          } catch (error) {
            reject(error);
          }
        });
        this.request.once('error', () => reject(this.#failure('the connection broke')));
        if (ms === undefined) return;
        timer = setTimeout(() => {
          reject(this.#failure(`it did not come within ${ms} ms`));
          this.drop();
        }, ms);
      });
    } finally {
      clearTimeout(timer);
    }
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

  #failure(why: string): Error {
    return new Error(`${this.#name}: waited for a response, but ${why}\n${this.#timeline}`);
  }
}
