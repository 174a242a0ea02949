import {
  type FormatsInput,
  GripError,
  type ItemInput,
  type ItemOptions,
  type Receipt,
  readItem,
} from '@p-8/core';
import supertest from 'supertest';
import type { TestedApp } from './app-listener.js';
import { type DeliveryQuery, type ExpectedHolds, expectDelivered, expectHeld } from './assertions.js';
import { Bench } from './bench.js';
import type { ClientHost, OpenInit, RequestInit } from './clients/http-request.js';
import { LongPollClient } from './clients/long-poll-client.js';
import { SseClient, type SseInit } from './clients/sse-client.js';
import { StreamClient } from './clients/stream-client.js';
import { WebSocketClient, type WebSocketInit } from './clients/web-socket-client.js';
import type { GripTestOptions } from './grip-test-options.js';
import { type Held, type HoldQuery, matchingHolds } from './held.js';
import type { ItemFaults } from './item-faults.js';
import { type PublishedItem, sumReceipts } from './item-route.js';
import type { FaultOptions, OriginFaults } from './origin-faults.js';
import type { OriginRequest } from './origin-request.js';
import type { SeenInstruct } from './seen-instruct.js';
import type { TestEvent } from './timeline.js';
import type { VirtualClock } from './virtual-clock.js';

/**
 * A test of an app that pushes: a GRIP proxy in the test's process, the app as its origin, and clients for each transport.
 * All of it runs in memory, on a clock of its own. Made by {@link createGripTest}.
 */
export class GripTest {
  /** Time: stands still until the test lets it pass. */
  readonly clock: VirtualClock;
  /** Has the origin be slow, fail, or be gone. */
  readonly origin: OriginFaults;
  /** Has items get lost, doubled, or overtaken. */
  readonly items: ItemFaults;
  readonly #bench: Bench;
  #closed: Promise<void> | undefined;

  /** @throws TypeError where `app` is none; GripError `GRIP_ERR_OPTION` where an option is unknown or wrong. */
  constructor(app: TestedApp, options: GripTestOptions = {}) {
    this.#bench = new Bench(app, options);
    this.clock = this.#bench.clock;
    this.origin = this.#bench.tap.faults;
    this.items = this.#bench.items.faults;
  }

  /** Requests as the origin got them, with what it answered. */
  get originRequests(): readonly OriginRequest[] {
    return this.#bench.tap.requests;
  }

  /** What the origin told the proxy to do. */
  get instructs(): readonly SeenInstruct[] {
    return this.#bench.tap.instructs;
  }

  /** Items that were published, by whatever way, and what became of them. */
  get published(): readonly PublishedItem[] {
    return this.#bench.items.published;
  }

  /** All that happened, in its order. */
  get events(): readonly TestEvent[] {
    return this.#bench.timeline.events;
  }

  /** All that happened, as lines of text. */
  get timeline(): string {
    return this.#bench.timeline.toString();
  }

  /** What is held at the moment. */
  held(query: HoldQuery = {}): Held[] {
    return matchingHolds(this.#bench.held(), query);
  }

  /** A client of plain requests: an agent of supertest's, which keeps cookies. @throws GripError after {@link GripTest.close}, as all that ask or publish. */
  request(): ReturnType<typeof supertest.agent> {
    this.#checkOpen();
    const agent = supertest.agent(this.#bench.host.origin.origin);
    agent.use((request: supertest.Test) => request.agent(this.#bench.network.agent));
    return agent;
  }

  /** Opens a stream: waits for the head of the response. @throws Error where it does not come in time. */
  stream(path: string, init?: OpenInit): Promise<StreamClient> {
    return this.#open(StreamClient.open, path, init);
  }

  /** Opens a stream of Server-Sent Events. @throws Error where the response is none. */
  sse(path: string, init?: SseInit): Promise<SseClient> {
    return this.#open(SseClient.open, path, init);
  }

  /** Asks, for a response that may take its time: `await poll.next()`. */
  longPoll(path: string, init?: RequestInit): LongPollClient {
    this.#checkOpen();
    return new LongPollClient(this.#bench.host, path, init);
  }

  /** Opens a WebSocket. @throws WebSocketRefused where the origin does not let it in. */
  webSocket(path: string, init?: WebSocketInit): Promise<WebSocketClient> {
    return this.#open(WebSocketClient.open, path, init);
  }

  /**
   * Publishes to a channel, as any publisher. Resolves when clients have what they get of it.
   * @throws GripError `GRIP_ERR_INVALID_ITEM`; PublishRefused where the test refuses publishers.
   */
  publish(channel: string, formats: FormatsInput, options?: ItemOptions): Promise<Receipt>;
  /** Publishes one item, or several in order. */
  publish(items: ItemInput | readonly ItemInput[]): Promise<Receipt>;
  async publish(
    target: string | ItemInput | readonly ItemInput[],
    formats: FormatsInput = {},
    options: ItemOptions = {},
  ): Promise<Receipt> {
    this.#checkOpen();
    const inputs = typeof target === 'string' ? [{ ...options, channel: target, formats }] : [target].flat();
    const items = inputs.map(readItem);
    // Holds that are about to be are not to miss it.
    await this.settled();
    const receipt = sumReceipts(items.map((item) => this.#bench.items.publish(item)));
    await this.settled();
    return receipt;
  }

  /** Refuses publishers, as a control API does that is down or does not know their key. Once, unless told otherwise. */
  refusePublish(
    status = 503,
    { body = 'refused', times = 1 }: FaultOptions & { readonly body?: string } = {},
  ): void {
    this.#bench.items.refuse({ status, body }, times);
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
    expectHeld(
      this.held(),
      typeof expected === 'string' ? { channel: expected } : expected,
      this.#bench.timeline,
    );
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
    expectDelivered(this.#bench.items.published, channel, query, this.#bench.timeline);
  }

  /**
   * Resolves when what is under way has come to rest: requests are answered or held, and clients have what was sent to
   * them. What waits for virtual time to pass does not count, nor what has taken longer than {@link GripTestOptions.patience}.
   */
  settled(): Promise<void> {
    return this.#bench.settled();
  }

  /**
   * Opens ports on the loopback interface, for clients and publishers of other processes.
   * @returns the addresses of the app behind the proxy, and of the control API.
   */
  async listen(): Promise<{ readonly url: string; readonly controlUrl: string }> {
    this.#checkOpen();
    return this.#bench.ports.open();
  }

  /** Ends it all: clients are dropped, which the origin is told, and ports are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#bench.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open<C, I>(
    open: (host: ClientHost, path: string, init?: I) => Promise<C>,
    path: string,
    init: I | undefined,
  ): Promise<C> {
    this.#checkOpen();
    const opening = open(this.#bench.host, path, init);
    // Whoever awaits it hears of it; a test that has failed before need not.
    opening.catch(() => undefined);
    return opening;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined)
      throw new GripError('GRIP_ERR_CLOSED', 'the test has been closed: make another by createGripTest()');
  }
}
