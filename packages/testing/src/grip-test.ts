import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { GripProxy, type Receipt, type RouteOptions } from '@p-8/core';
import { expandFormats, type FormatsInput, type ItemInput, type ItemOptions, parseItem } from '@p-8/protocol';
import supertest from 'supertest';
import { listenerOf, type TestedApp } from './app-listener.js';
import { type DeliveryQuery, type ExpectedHolds, expectDelivered, expectHeld } from './assertions.js';
import type { ClientHost, RequestInit } from './clients/http-request.js';
import { LongPollClient } from './clients/long-poll-client.js';
import { SseClient, type SseInit } from './clients/sse-client.js';
import { StreamClient } from './clients/stream-client.js';
import { WebSocketClient, type WebSocketInit } from './clients/web-socket-client.js';
import { type ControlAnswer, ControlPort } from './control-port.js';
import { foundProxies } from './found-proxies.js';
import type { GripTestOptions } from './grip-test-options.js';
import { asHeld, describeHeld, type Held, type HoldQuery, matchingHolds } from './held.js';
import { inTest, type PublishTaker, takePublishing } from './intercepted-fetch.js';
import type { ItemFaults } from './item-faults.js';
import { ItemRoute, type PublishedItem, sumReceipts } from './item-route.js';
import { MemoryNetwork } from './memory-network.js';
import type { FaultOptions, OriginFaults } from './origin-faults.js';
import type { OriginRequest } from './origin-request.js';
import { OriginTap } from './origin-tap.js';
import type { SeenInstruct } from './seen-instruct.js';
import { type TestEvent, Timeline } from './timeline.js';
import { VirtualClock } from './virtual-clock.js';

/** Real milliseconds to wait for an app that neither answers nor is held up by the test. */
const PATIENCE = 1000;

/** Turns of the loop without news after which nothing is taken to be under way. */
const QUIET_TURNS = 4;

/**
 * A test of an app that pushes: a GRIP proxy in the test's process, the app as its origin, and clients for each transport.
 * All of it runs in memory, on a clock of its own. Made by {@link createGripTest}.
 */
export class GripTest implements PublishTaker {
  /** Time: stands still until the test lets it pass. */
  readonly clock: VirtualClock;
  /** Has the origin be slow, fail, or be gone. */
  readonly origin: OriginFaults;
  /** Has items get lost, doubled, or overtaken. */
  readonly items: ItemFaults;
  readonly controlUri: string | undefined;
  readonly #proxy: GripProxy;
  readonly #network: MemoryNetwork;
  readonly #tap: OriginTap;
  readonly #items: ItemRoute;
  readonly #control: ControlPort;
  readonly #timeline: Timeline;
  readonly #host: ClientHost;
  readonly #behind: ReadonlySet<GripProxy>;
  readonly #releaseFetch: () => void;
  /** Responses that have no head yet. */
  readonly #unanswered = new Set<ServerResponse>();
  readonly #servers: http.Server[] = [];
  #closed: Promise<void> | undefined;

  /** @throws TypeError where `app` is none; GripError `GRIP_ERR_OPTION` where an option is unknown or wrong. */
  constructor(app: TestedApp, options: GripTestOptions = {}) {
    const { url = 'http://app.test', controlUri, ...proxyOptions } = options;
    const listener = listenerOf(app);
    this.controlUri = controlUri;
    this.clock = new VirtualClock({
      settled: () => this.settled(),
      onAdvance: (ms) => this.#timeline.add('clock', `${ms} ms pass`),
    });
    this.#timeline = new Timeline(() => this.clock.elapsed);
    this.#tap = new OriginTap(
      (req, res) => inTest(this, () => listener(req, res)),
      this.clock,
      this.#timeline,
    );
    this.origin = this.#tap.faults;
    this.#proxy = new GripProxy({
      debug: true,
      ...proxyOptions,
      routes: routesTo(app, this.#tap.listener, proxyOptions),
      clock: this.clock,
      responseTimeout: 0,
    });
    this.#watch();
    this.#items = new ItemRoute(this.#proxy.hub, this.#timeline, () => this.clock.elapsed);
    this.items = this.#items.faults;
    this.#control = new ControlPort(this.#items);
    this.#network = new MemoryNetwork(
      (req, res) => this.#handle(req, res),
      (req, socket, head) => this.#proxy.upgrade(req, socket, head),
    );
    const counts = new Map<string, number>();
    this.#host = {
      origin: new URL(url),
      timeline: this.#timeline,
      connect: () => this.#network.connect(),
      name: (kind) => {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        return `${kind} ${count}`;
      },
    };
    this.#behind = foundProxies(app);
    for (const proxy of this.#behind) proxy.standBehind(this.#items);
    this.#releaseFetch = takePublishing(this);
  }

  /** Requests as the origin got them, with what it answered. */
  get originRequests(): readonly OriginRequest[] {
    return this.#tap.requests;
  }

  /** What the origin told the proxy to do. */
  get instructs(): readonly SeenInstruct[] {
    return this.#tap.instructs;
  }

  /** Items that were published, by whatever way, and what became of them. */
  get published(): readonly PublishedItem[] {
    return this.#items.published;
  }

  /** All that happened, in its order. */
  get events(): readonly TestEvent[] {
    return this.#timeline.events;
  }

  /** All that happened, as lines of text. */
  get timeline(): string {
    return this.#timeline.toString();
  }

  /** What is held at the moment. */
  held(query: HoldQuery = {}): Held[] {
    return matchingHolds(this.#proxy.holds().map(asHeld), query);
  }

  /** A client of plain requests: an agent of supertest's, which keeps cookies. */
  request(): ReturnType<typeof supertest.agent> {
    const agent = supertest.agent(this.#host.origin.origin);
    agent.use((request: supertest.Test) => request.agent(this.#network.agent));
    return agent;
  }

  /** Opens a stream: waits for the head of the response. */
  stream(path: string, init?: RequestInit): Promise<StreamClient> {
    return StreamClient.open(this.#host, path, init);
  }

  /** Opens a stream of Server-Sent Events. @throws Error where the response is none. */
  sse(path: string, init?: SseInit): Promise<SseClient> {
    return SseClient.open(this.#host, path, init);
  }

  /** Asks, for a response that may take its time: `await poll.next()`. */
  longPoll(path: string, init?: RequestInit): LongPollClient {
    return new LongPollClient(this.#host, path, init);
  }

  /** Opens a WebSocket. @throws WebSocketRefused where the origin does not let it in. */
  webSocket(path: string, init?: WebSocketInit): Promise<WebSocketClient> {
    return WebSocketClient.open(this.#host, path, init);
  }

  /**
   * Publishes to a channel, as any publisher. Resolves when clients have what they get of it.
   * @throws TypeError where the item is none; PublishRefused where the test refuses publishers.
   */
  publish(channel: string, formats: FormatsInput, options?: ItemOptions): Promise<Receipt>;
  /** Publishes one item, or several in order. */
  publish(items: ItemInput | readonly ItemInput[]): Promise<Receipt>;
  async publish(
    target: string | ItemInput | readonly ItemInput[],
    formats: FormatsInput = {},
    options: ItemOptions = {},
  ): Promise<Receipt> {
    const inputs = typeof target === 'string' ? [{ ...options, channel: target, formats }] : [target].flat();
    const items = inputs.map((input) => {
      const item = parseItem({ ...input, formats: expandFormats(input.formats) });
      if (!item.ok) throw new TypeError(item.message);
      return item.value;
    });
    // Holds that are about to be are not to miss it.
    await this.settled();
    const receipt = sumReceipts(items.map((item) => this.#items.publish(item)));
    await this.settled();
    return receipt;
  }

  /** Refuses publishers, as a control API does that is down or does not know their key. Once, unless told otherwise. */
  refusePublish(
    status = 503,
    { body = 'refused', times = 1 }: FaultOptions & { readonly body?: string } = {},
  ): void {
    this.#items.refuse({ status, body }, times);
  }

  /**
   * Waits until what is under way has come to rest, and checks what is held.
   * @throws AssertionError with all that happened.
   *
   * @example
   * ```ts
   * await t.expectHeld('news');
   * await t.expectHeld({ mode: 'response', channel: 'news', count: 2 });
   * ```
   */
  async expectHeld(expected: string | ExpectedHolds = {}): Promise<void> {
    await this.settled();
    expectHeld(this.held(), typeof expected === 'string' ? { channel: expected } : expected, this.#timeline);
  }

  /**
   * Waits until what is under way has come to rest, and checks that the last item of a channel was delivered.
   * @throws AssertionError with all that happened.
   *
   * @example
   * ```ts
   * await t.expectDelivered('news', { to: 2 });
   * ```
   */
  async expectDelivered(channel: string, query: DeliveryQuery = {}): Promise<void> {
    await this.settled();
    expectDelivered(this.#items.published, channel, query, this.#timeline);
  }

  /**
   * Resolves when what is under way has come to rest: requests are answered or held, and clients have what was sent to
   * them. What waits for virtual time to pass does not count.
   */
  async settled(): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (let quiet = 0; quiet < QUIET_TURNS && performance.now() < deadline; ) {
      await setImmediate();
      quiet = this.#isQuiet() ? quiet + 1 : 0;
    }
  }

  /**
   * Opens ports on the loopback interface, for clients and publishers of other processes.
   * @returns the addresses of the app behind the proxy, and of the control API.
   */
  async listen(): Promise<{ readonly url: string; readonly controlUrl: string }> {
    const app = http.createServer((req, res) => this.#handle(req, res));
    app.on('upgrade', (req, socket, head) => this.#proxy.upgrade(req, socket, head));
    const control = http.createServer((req, res) => void this.#answerControl(req, res));
    const [url, controlUrl] = await Promise.all([app, control].map((server) => this.#open(server)));
    return { url: url ?? '', controlUrl: controlUrl ?? '' };
  }

  /** Ends it all: clients are dropped, holds end, ports are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For what is published by `fetch`. */
  async takePublish(body: string, accept: string): Promise<ControlAnswer> {
    const answer = this.#control.publish(body, accept);
    // Each item is a chunk of its own, however fast they come.
    if (!this.#isBusy()) await this.settled();
    return answer;
  }

  #handle(req: IncomingMessage, res: ServerResponse): void {
    this.#unanswered.add(res);
    res.once('close', () => this.#unanswered.delete(res));
    this.#proxy.handle(req, res);
  }

  /** Whether the app is at a request: then nothing comes to rest before it is done. */
  #isBusy(): boolean {
    return this.#proxy.stats().upstreamRequests > this.#tap.waiting;
  }

  #isQuiet(): boolean {
    if (this.#isBusy() || !this.#network.quiet) return false;
    let unanswered = 0;
    for (const { headersSent } of this.#unanswered) if (!headersSent) unanswered++;
    const held = this.held({ mode: 'response' }).length;
    return unanswered <= held + this.#tap.waiting;
  }

  #watch(): void {
    this.#proxy.on('hold', (hold) => this.#timeline.add('hold', describeHeld(asHeld(hold))));
    this.#proxy.on('release', (hold, why) =>
      this.#timeline.add('release', `${describeHeld(asHeld(hold))}: ${why}`),
    );
  }

  async #answerControl(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const isPublish = req.method === 'POST' && /^\/publish\/?$/.test(req.url ?? '');
    const answer = isPublish
      ? await this.takePublish(Buffer.concat(chunks).toString(), req.headers.accept ?? '')
      : { status: 404, type: 'text/plain', body: 'Not Found\n' };
    res.writeHead(answer.status, { 'Content-Type': answer.type }).end(answer.body);
  }

  async #open(server: http.Server): Promise<string> {
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #close(): Promise<void> {
    await this.clock.idle;
    this.#releaseFetch();
    for (const proxy of this.#behind) proxy.standBehind(undefined);
    for (const server of this.#servers) server.closeAllConnections();
    this.#network.close();
    await this.#proxy.close();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Routes of a proxy that has the app as its origin. */
function routesTo(
  app: TestedApp,
  listener: http.RequestListener,
  { sockjs, sockjsAsPath }: GripTestOptions,
): RouteOptions[] {
  const paths = {
    ...(sockjs !== undefined && { sockjs }),
    ...(sockjsAsPath !== undefined && { sockjsAsPath }),
  };
  const http: RouteOptions = { ...paths, target: { listener, overHttp: true } };
  // What speaks WebSocket itself is asked by itself.
  if (typeof app !== 'object' || !('target' in app) || app.overHttp !== false) return [http];
  return [
    { ...http, protocol: 'http' },
    { ...paths, protocol: 'ws', target: app.target },
  ];
}
