import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../../test/support/eventually.js';
import type { HttpReply } from '../../../../test/support/http-reply.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { RawClient } from '../../../../test/support/raw-client.js';
import { steadyClock } from '../../src/clock.js';
import { readClientRequest } from '../../src/http/client-request.js';
import { Flusher } from '../../src/http/flusher.js';
import { LingeringSockets } from '../../src/http/lingering-sockets.js';
import { StallWatch } from '../../src/http/stall-watch.js';
import { InputBytes } from '../../src/input-bytes.js';
import { Limits } from '../../src/limits.js';
import { silentLogger } from '../../src/logger.js';
import type { FrameworkRequest } from '../../src/mounts/framework-request.js';
import { SockJsEndpoint, type SockJsOptions } from '../../src/sockjs/sockjs-endpoint.js';
import type { SockJsServices } from '../../src/sockjs/sockjs-services.js';
import { Timers } from '../../src/timers.js';
import { SocketClient } from '../../src/websocket/socket-client.js';
import { FakeOrigin, type OriginBehaviour } from './fake-origin.js';

/** What of a stage a test may choose. */
export interface SockJsStageOptions extends Partial<SockJsOptions> {
  readonly maxMessageBytes?: number;
  readonly totalInputBytes?: number;
  /** Stands for what is mounted before the proxy. */
  readonly before?: (req: http.IncomingMessage, res: http.ServerResponse) => Promise<FrameworkRequest>;
}

/** A SockJS endpoint at `/echo` behind a server of its own, and origins that are in the test's hands. */
export class SockJsStage {
  readonly clock = new ManualClock();
  readonly errors: unknown[] = [];
  readonly timers: Timers;
  readonly limits = new Limits(silentLogger, steadyClock(this.clock), () => {});
  readonly endpoint: SockJsEndpoint;
  readonly server: http.Server;
  /** One for each WebSocket that was opened. */
  readonly origins: FakeOrigin[] = [];
  /** What the next origins do. */
  behaviour: OriginBehaviour = 'echo';
  readonly #clients: RawClient[] = [];
  readonly #before: SockJsStageOptions['before'];

  constructor(options: SockJsStageOptions = {}) {
    const onError = (error: unknown): unknown => this.errors.push(error);
    this.timers = new Timers(this.clock, onError);
    const { prefix = '/echo', asPath, clientUrl = '/sockjs.js', origins } = options;
    const { maxMessageBytes = 1024 * 1024 } = options;
    const flusher = new Flusher(onError);
    const lingering = new LingeringSockets(this.timers, this.limits, { timeout: 10_000, bytes: 1e8 });
    const input = new InputBytes(options.totalInputBytes ?? 1024 * 1024 * 1024, this.limits);
    const services: SockJsServices = {
      clock: this.clock,
      timers: this.timers,
      flusher,
      stalls: new StallWatch(60_000, this.timers, onError),
      limits: this.limits,
      lingering,
      input,
      onError,
      maxMessageBytes,
    };
    this.#before = options.before;
    this.endpoint = new SockJsEndpoint(
      { prefix, asPath, clientUrl, origins },
      (client, request) => this.origins.push(new FakeOrigin(client, request, this.behaviour)),
      services,
    );
    this.server = http.createServer((req, res) => void this.#handle(req, res));
    this.server.on('upgrade', (req, socket, head) => {
      const { timers } = this;
      const shared = { maxMessageBytes, compression: false, timers, flusher, lingering, input, onError };
      const request = readClientRequest(req, req.url ?? '', false);
      this.endpoint.upgrade(new SocketClient(req, socket, head, shared), request);
    });
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The origin of the WebSocket that was opened as the `index`th, from 0. */
  async origin(index = 0): Promise<FakeOrigin> {
    await eventually(() => this.origins.length > index, `origin ${index}`);
    const origin = this.origins[index];
    assert(origin);
    return origin;
  }

  /** Sends a request on a connection of its own, and leaves it to the caller. */
  async start(line: string, fields: readonly string[] = [], body = ''): Promise<RawClient> {
    const client = await RawClient.connect(this.port);
    this.#clients.push(client);
    client.request(line, fields, body);
    return client;
  }

  /** Sends a request, and waits for the whole answer. */
  async ask(line: string, fields: readonly string[] = [], body = ''): Promise<HttpReply> {
    const client = await this.start(line, fields, body);
    const reply = await client.reply();
    client.destroy();
    return reply;
  }

  /** As {@link SockJsStage.ask}: the status, and the body as text. */
  async post(path: string, body = '', fields: readonly string[] = []): Promise<string> {
    return text(await this.ask(`POST ${path}`, fields, body));
  }

  /** As {@link SockJsStage.post}, with GET. */
  async get(path: string): Promise<string> {
    return text(await this.ask(`GET ${path}`));
  }

  /** Ends all; nothing may be left behind. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.endpoint.close();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
    assert.equal(this.endpoint.size, 0, 'sessions are left');
    assert.deepEqual(this.errors, []);
    await eventually(
      () => this.timers.size === 0,
      () => `${this.timers.size} timers are left`,
    );
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const framework = await this.#before?.(req, res);
    const request = readClientRequest(req, req.url ?? '', false);
    assert(this.endpoint.takes(request.path), request.path);
    this.endpoint.handle(req, res, request, framework);
  }
}

function text({ status, body }: HttpReply): string {
  return `${status} ${body.toString()}`;
}

/** Gives each test of the surrounding `describe` a stage of its own, by a function that returns it. */
export function useSockJsStage(options: SockJsStageOptions = {}): () => SockJsStage {
  let stage: SockJsStage;
  beforeEach(async () => {
    stage = await new SockJsStage(options).listen();
  });
  afterEach(() => stage.close());
  return () => stage;
}
