import type { IncomingMessage, ServerResponse } from 'node:http';
import { GripProxy, type HoldInfo, watchProxies } from '@p-8/core';
import { listenerOf, type TestedApp } from './app-listener.js';
import type { ClientHost } from './clients/http-request.js';
import { type ControlAnswer, ControlPort } from './control-port.js';
import { bindToTest, inTest, isInTest } from './current-test.js';
import { type GripTestOptions, testSettings } from './grip-test-options.js';
import { asHeld, describeHeld, type Held } from './held.js';
import { takePublishing } from './intercepted-fetch.js';
import { ItemRoute } from './item-route.js';
import { MemoryNetwork } from './memory-network.js';
import { OpenPorts } from './open-ports.js';
import { OriginTap } from './origin-tap.js';
import { Patience } from './patience.js';
import { ProxiesBehind } from './proxies-behind.js';
import { comeToRest } from './rest.js';
import { routesTo } from './tested-routes.js';
import { type TestEventType, Timeline } from './timeline.js';
import { VirtualClock } from './virtual-clock.js';

/** What a test is made of: the app, a proxy before it, and all ways that lead to them. */
export class Bench {
  readonly clock: VirtualClock;
  readonly timeline: Timeline;
  readonly tap: OriginTap;
  readonly items: ItemRoute;
  readonly network: MemoryNetwork;
  readonly ports: OpenPorts;
  readonly host: ClientHost;
  readonly #proxy: GripProxy;
  readonly #control: ControlPort;
  readonly #behind: ProxiesBehind;
  readonly #releaseFetch: () => void;
  /** Responses that have no head yet. */
  readonly #unanswered: Patience<ServerResponse>;

  constructor(app: TestedApp, options: GripTestOptions) {
    const { settings, proxyOptions } = testSettings(options);
    const listener = listenerOf(app, (text) => this.timeline.add('error', text));
    this.clock = new VirtualClock({
      settled: () => this.settled(),
      onAdvance: (ms) => this.timeline.add('clock', `${ms} ms pass`),
    });
    this.timeline = new Timeline(() => this.clock.elapsed);
    const asPartOfTest = (req: IncomingMessage, res: ServerResponse): void => {
      watchProxies(req, (proxy) => this.#behind.add(proxy));
      for (const emitter of [req, res]) bindToTest(this, emitter);
      inTest(this, () => listener(req, res));
    };
    this.tap = new OriginTap(asPartOfTest, this.clock, this.timeline, settings.patience);
    this.#unanswered = new Patience(settings.patience);
    this.#proxy = new GripProxy({
      debug: true,
      // Nobody vanishes from memory, and time passes in leaps.
      pingInterval: 0,
      // The app sees what it would see of a proxy in the same process.
      cdnLoop: '',
      ...proxyOptions,
      routes: [],
      clock: this.clock,
      responseTimeout: 0,
    });
    this.#watch();
    this.items = new ItemRoute(this.#proxy.hub, this.timeline, () => this.clock.elapsed);
    this.#control = new ControlPort(this.items);
    const onRequest = (req: IncomingMessage, res: ServerResponse): void => this.#handle(req, res);
    const onUpgrade: GripProxy['upgrade'] = (req, socket, head) => this.#proxy.upgrade(req, socket, head);
    const publish = (body: string, accept: string): Promise<ControlAnswer> => this.#answer(body, accept);
    this.network = new MemoryNetwork(onRequest, onUpgrade, settings.origin.protocol === 'https:');
    this.ports = new OpenPorts({ onRequest, onUpgrade, publish });
    this.host = clientHost(settings.origin, this.timeline, this.network);
    this.#behind = new ProxiesBehind(this, this.items);
    this.#behind.addMountedIn(app);
    // What the app's own proxy would not read, the one before it must not either. Any other app may be behind any proxy.
    const jsonInstructs = proxyOptions.jsonInstructs ?? this.#behind.jsonInstructs;
    this.tap.jsonInstructs = jsonInstructs;
    this.#proxy.setRoutes(routesTo(app, this.tap.listener, proxyOptions, jsonInstructs));
    this.#releaseFetch = takePublishing(this, { controlUri: settings.controlUri, take: publish });
  }

  held(): Held[] {
    return this.#proxy.holds().map(asHeld);
  }

  /** Resolves when what is under way has come to rest. */
  async settled(): Promise<void> {
    // What the app itself waits for cannot wait for the app.
    if (!isInTest(this)) await comeToRest(() => this.#isQuiet());
  }

  async close(): Promise<void> {
    await this.clock.stop();
    this.network.close();
    await this.ports.close();
    // What the app does when clients leave is part of the test.
    await this.settled();
    await this.#proxy.close();
    this.#behind.release();
    this.#releaseFetch();
  }

  /** What is published by HTTP, or as if it were. */
  async #answer(body: string, accept: string): Promise<ControlAnswer> {
    const answer = this.#control.publish(body, accept);
    // Each item is a chunk of its own, however fast they come; but who publishes may be whom all wait for.
    if (!this.#isBusy()) await this.settled();
    return answer;
  }

  #handle(req: IncomingMessage, res: ServerResponse): void {
    this.#unanswered.begin(res);
    res.once('close', () => this.#unanswered.end(res));
    this.#proxy.handle(req, res);
  }

  /** Whether the app is at a request: then nothing comes to rest before it is done. */
  #isBusy(): boolean {
    return this.#proxy.stats().upstreamRequests > this.tap.waiting;
  }

  #isQuiet(): boolean {
    if (this.#isBusy() || !this.network.quiet) return false;
    const unanswered = this.#unanswered.fresh().filter(({ headersSent }) => !headersSent).length;
    const held = this.held().filter(({ mode }) => mode === 'response').length;
    return unanswered <= held + this.tap.waiting;
  }

  #watch(): void {
    this.#proxy.on('hold', (hold) => this.timeline.add('hold', describeHeld(asHeld(hold))));
    this.#proxy.on('release', (hold, why) => this.#note('release', hold, why));
    this.#proxy.on('recover', (hold, cause) => this.#note('recover', hold, cause));
    this.#proxy.on('recovered', (hold, end) => this.#note('recover', hold, `done (${end})`));
  }

  #note(type: TestEventType, hold: HoldInfo, what: string): void {
    this.timeline.add(type, `${describeHeld(asHeld(hold))}: ${what}`);
  }
}

function clientHost(origin: URL, timeline: Timeline, network: MemoryNetwork): ClientHost {
  const counts = new Map<string, number>();
  return {
    origin,
    timeline,
    connect: () => network.connect(),
    name: (kind) => {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return `${kind} ${count}`;
    },
  };
}
