import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FormatsInput, Item, ItemInput, ItemOptions } from '@p-8/protocol';
import type { EventEmitter } from 'eventemitter3';
import { diagnose, isDiagnosed } from './diagnostics.js';
import { GripError } from './errors.js';
import type { GripProxyEvents } from './events.js';
import { ControlApi, type ControlHandler } from './http/control-api.js';
import { Detaching } from './http/detaching.js';
import { Flusher } from './http/flusher.js';
import { isHttp2, VersionGuard } from './http/http-version.js';
import { IdleSockets } from './http/idle-sockets.js';
import { LingeringSockets } from './http/lingering-sockets.js';
import { isLast, unanswered } from './http/node-connection.js';
import { PausedBodies } from './http/paused-bodies.js';
import { isPipelined, startInTurn } from './http/pipeline.js';
import { NO_CONNECT } from './http/request-checks.js';
import { Signer } from './http/signature.js';
import { StallWatch } from './http/stall-watch.js';
import { FlushWait } from './hub/flush-wait.js';
import { adviseOnFormats } from './hub/format-advice.js';
import { History, type HistoryStats } from './hub/history.js';
import type { HoldInfo } from './hub/hold-info.js';
import { Hub } from './hub/hub.js';
import type { OverflowReason } from './hub/overflow.js';
import { readItem } from './hub/read-item.js';
import { type Receipt, ReceiptCounter } from './hub/receipt.js';
import { TableBudget } from './hub/table-budget.js';
import { InputBytes } from './input-bytes.js';
import { type LimitName, Limits } from './limits.js';
import { AppMount } from './mounts/app-mount.js';
import { Attachments, type AttachOptions } from './mounts/attachments.js';
import type { FrameworkRequest } from './mounts/framework-request.js';
import type { Mount, Next, ProxyContext } from './mounts/mount.js';
import { RouteMount } from './mounts/route-mount.js';
import { refuseHandshake } from './mounts/upgrade.js';
import { upgradeInTurn } from './mounts/upgrade-in-turn.js';
import { tellWatcher } from './mounts/watched-request.js';
import type { ControlApiOptions, GripProxyOptions, RouteOptions } from './options.js';
import { ProxyEmitter } from './proxy-emitter.js';
import { LinkHosts } from './routing/link-hosts.js';
import { Admission } from './sessions/admission.js';
import { Backlog } from './sessions/backlog.js';
import { FilterLimiter } from './sessions/filter-limiter.js';
import { FollowUps } from './sessions/follow-ups.js';
import type { SessionServices } from './sessions/held-request.js';
import { OriginGate } from './sessions/origin-gate.js';
import { PatchedBodies } from './sessions/patched-bodies.js';
import { SharedRequests } from './sessions/shared-requests.js';
import { SlowClients } from './sessions/slow-clients.js';
import { UpdateLimiter } from './sessions/update-limiter.js';
import { checkControlApiOptions, checkWaitOptions, isEmpty, readOptions, type Settings } from './settings.js';
import { Timers } from './timers.js';
import { CallCounter } from './upstream/call-counter.js';
import { Warnings } from './warnings.js';
import { Pings } from './websocket/pulse.js';
import { SocketClient } from './websocket/socket-client.js';

/** Milliseconds that clients have to answer the Close of a proxy that is closed. */
const CLOSE_GRACE = 1000;

/** Milliseconds that a publisher waits for a flush. */
const DEFAULT_FLUSH_TIMEOUT = 10_000;

/** How a proxy is closed. */
export interface CloseOptions {
  /** Seconds over which held connections are ended, so that their clients do not all come back at once. @default 0 */
  readonly drainSeconds?: number;
}

/** What a proxy holds at the moment. */
export interface ProxyStats {
  /** Held connections. */
  readonly sessions: number;
  /** Channels with subscribers. */
  readonly channels: number;
  /** Pending time-outs, keep-alives and waits. */
  readonly timers: number;
  /** Requests to origins that are under way. */
  readonly upstreamRequests: number;
  /**
   * Only there where it is false: this version of Node, or the runtime, is not known, and so held streams keep their requests. They
   * take about 8 KB more each.
   */
  readonly detaching?: false;
}

/** Clients that are slow, or were. */
export interface BacklogStats {
  /** Bytes that wait for them at the moment. */
  readonly bytes: number;
  /** How often clients were too slow since the proxy was made, by reason. */
  readonly overflows: Readonly<Record<OverflowReason, number>>;
}

/** Who takes items: a {@link Hub}, or whoever stands before one. */
export interface ItemSink {
  /** @param wait where the publisher waits for the bytes to leave: hears of the sessions that have taken the item */
  publish(item: Item, wait?: FlushWait): Receipt;
}

/** What a publisher waits for. */
export interface WaitOptions {
  /** `flush`: the bytes of what was published have left the process, or the connections have ended. @default nothing */
  readonly wait?: 'flush' | undefined;
  /** Milliseconds to wait at most; what waits for a client then still does. @default 10_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * A GRIP proxy: asks origins on behalf of clients, holds the clients that the origins' answers say to hold, and pushes
 * to them what is published. Opens no port: give it the requests of a server, or mount it by an adapter.
 *
 * @example
 * ```ts
 * const proxy = new GripProxy({ target: 'http://127.0.0.1:8000' });
 * http.createServer((req, res) => proxy.handle(req, res)).listen(7999);
 * await proxy.publish('news', { 'http-stream': 'hello\n' });
 * ```
 */
export class GripProxy extends ProxyEmitter {
  /** Channels and their subscribers. */
  readonly hub: Hub;
  readonly #settings: Settings;
  readonly #services: SessionServices;
  readonly #linkHosts: LinkHosts;
  readonly #context: ProxyContext;
  readonly #mount: Mount;
  readonly #versions: VersionGuard;
  readonly #calls = new CallCounter();
  readonly #attachments = new Attachments(
    (req, socket, head) => this.upgrade(req, socket, head),
    (req, socket, head) => this.#refuseConnect(req, socket, head),
    (error) => this.#services.onError(error),
  );
  readonly #signers = new Map<string, Signer>();
  /** Gets what is published here. */
  #sink: ItemSink;
  #closed: Promise<void> | undefined;
  /** Nothing can be published any more. */
  #refuses = false;

  /** @throws GripError `GRIP_ERR_OPTION` when an option is unknown or wrong. */
  constructor(options: GripProxyOptions = {}) {
    super();
    const settings = readOptions(options);
    const { clock, logger } = settings;
    // What one connection throws ends there.
    const onError = (error: unknown): void =>
      logger.error({ err: error }, 'an internal error ended one connection');
    const timers = new Timers(clock, onError);
    this.#settings = settings;
    const warnings = new Warnings(options.logger === undefined ? undefined : logger, settings.warns);
    this.#versions = new VersionGuard(logger);
    const history = new History(settings.history, clock);
    const flusher = new Flusher(onError);
    const limits = new Limits(logger, clock, (limit, fields) => this.#tell('limit', limit, fields));
    const { totalTableBytes } = settings;
    const stalls = new StallWatch(settings.stallTimeout, timers, onError);
    this.hub = new Hub({
      clock,
      timers,
      flusher,
      messageWait: settings.messageWait,
      idCacheTtl: settings.idCacheTtl,
      lastIdsMax: settings.lastIdsMax,
      tables: new TableBudget(totalTableBytes, () => limits.reached('tables', { bytes: totalTableBytes })),
      updateOnFirstSubscription: settings.updateOnFirstSubscription,
      history,
      onError,
      onChannel: (event, channel) => this.#tell(event, channel),
      onHold: (session) => this.#isHeard('hold') && this.#tell('hold', session.info()),
      onRelease: (session, why) => this.#isHeard('release') && this.#tell('release', session.info(), why),
      onRecover: (session, cause) => this.#isHeard('recover') && this.#tell('recover', session.info(), cause),
      onRecovered: (session, end) =>
        this.#isHeard('recovered') && this.#tell('recovered', session.info(), end),
      onUntaken: (item, subscribers) => adviseOnFormats(warnings, item, subscribers),
      onItem: (item, receipt) => this.#tell('publish', item, receipt),
    });
    this.#sink = this.hub;
    const { maxPatchBytes: bytes, maxPatchOperations: operations, maxPatchDepth: depth } = settings;
    const followUps = new FollowUps(settings.followUpTimeout, timers, limits, onError);
    const gate = new OriginGate(settings.recoveriesPerOrigin, followUps, timers, onError);
    this.#services = {
      hub: this.hub,
      history,
      input: new InputBytes(settings.totalInputBytes, limits),
      admission: new Admission(settings.maxSessions, this.hub, limits),
      clock,
      timers,
      limiter: new UpdateLimiter(clock, onError),
      sharedRequests: new SharedRequests(gate, clock, onError),
      followUps,
      eventsTimeout: settings.eventsTimeout,
      filterLimiter: new FilterLimiter(clock, onError),
      flusher,
      stalls,
      logger,
      warnings,
      tellsLocal: settings.tellsLocal,
      onError,
      limits,
      patchedBodies: new PatchedBodies({ bytes, operations, depth }, limits, logger),
      subscriptionsPerConnection: settings.subscriptionsPerConnection,
      backlog: new Backlog(settings.totalQueueBytes, stalls),
      slowClients: new SlowClients(logger, (session, overflow) => {
        this.#tell('overflow', session.info(), overflow);
      }),
      maxMessageBytes: settings.maxMessageBytes,
      compression: settings.compression,
      pings: settings.pingInterval === 0 ? undefined : new Pings(settings.pingInterval),
      lingering: new LingeringSockets(timers, limits, {
        timeout: settings.lingerTimeout,
        bytes: settings.lingerBytes,
      }),
      pausedBodies: new PausedBodies(timers),
      idleSockets: new IdleSockets(),
      detaching: new Detaching(warnings),
      farewells: new CallCounter(),
    };
    const { connectionsPerOrigin, queuedPerOrigin, connectTimeout, connectionMaxAge } = settings;
    const upstreams = {
      onError,
      calls: this.#calls,
      timers,
      clock,
      limits: this.#services.limits,
      stalls: this.#services.stalls,
      connectionsPerOrigin,
      queuedPerOrigin,
      connectTimeout,
      connectionMaxAge,
    };
    this.#linkHosts = new LinkHosts({
      settings,
      upstreams,
      signer: (iss, key) => this.#signer(iss, key),
    });
    this.#context = {
      settings,
      services: this.#services,
      linkHosts: this.#linkHosts,
      upstreams,
      isBehind: false,
      signer: (iss, key) => this.#signer(iss, key),
    };
    this.#mount =
      settings.routes === undefined
        ? new AppMount(this.#context)
        : new RouteMount(this.#context, settings.routes);
  }

  /**
   * Takes a request. With a target or routes it is proxied; `next` gets what no route takes. Without, the app behind
   * `next` is the origin. `framework`: what is known of the request besides.
   * @throws GripError `GRIP_ERR_OPTION` without a target and without `next`.
   */
  handle(req: IncomingMessage, res: ServerResponse, next?: Next, framework?: FrameworkRequest): void {
    tellWatcher(req, this);
    if (!this.#versions.admits(req, res)) return;
    if (isPipelined(res)) this.#handleInTurn(req, res, next, framework);
    else this.#mount.handle(req, res, next, framework);
  }

  /**
   * Puts the proxy in front of a request listener, before a framework's own cost. What no route takes goes to the
   * listener; without a target it is the origin.
   */
  wrap(listener: RequestListener): RequestListener {
    return (req, res) => this.handle(req, res, () => listener(req, res));
  }

  /**
   * Takes the WebSockets of a server. Also tells the proxy which server an app answers for, where it cannot find out by
   * itself.
   * @throws GripError `GRIP_ERR_OPTION` when it is given something else, as the app.
   *
   * @example
   * ```ts
   * const server = app.listen(3000);
   * grip.attach(server);
   * ```
   */
  attach(server: Server, options: AttachOptions = {}): void {
    checkServer(server);
    this.#mount.attach(server);
    this.#attachments.add(server, options);
  }

  /** Takes one request for a WebSocket, for whoever listens to a server's 'upgrade' himself. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    upgradeInTurn(req, socket, head, (rest) => {
      try {
        this.#mount.upgrade(req, socket, rest);
      } catch (error) {
        this.#services.onError(error);
        socket.destroy();
      }
    });
  }

  /**
   * Publishes to a channel of this process.
   * @returns what became of the item, counted in sessions.
   * @throws GripError `GRIP_ERR_INVALID_ITEM`; nothing is published then. `GRIP_ERR_CLOSED` after {@link GripProxy.close}.
   *
   * @example
   * ```ts
   * await grip.publish('news', { 'http-stream': 'hello\n', 'ws-message': 'hello' }, { id: '2', 'prev-id': '1' });
   * ```
   */
  publish(channel: string, formats: FormatsInput, options?: ItemOptions & WaitOptions): Promise<Receipt>;
  /** Publishes one item, or several in order. */
  publish(items: ItemInput | readonly ItemInput[], options?: WaitOptions): Promise<Receipt>;
  async publish(
    target: string | ItemInput | readonly ItemInput[],
    content: FormatsInput | WaitOptions = {},
    more: ItemOptions & WaitOptions = {},
  ): Promise<Receipt> {
    if (this.#refuses)
      throw new GripError('GRIP_ERR_CLOSED', 'the proxy is closed: nothing can be published');
    const isOne = typeof target === 'string';
    const { wait, timeoutMs, ...options } = isOne ? more : (content as WaitOptions);
    if (wait !== undefined || timeoutMs !== undefined) checkWaitOptions({ wait, timeoutMs });
    const inputs = isOne
      ? [{ ...options, channel: target, formats: content as FormatsInput }]
      : [target].flat();
    // All are read first: one that is wrong stops all.
    const items = inputs.map(readItem);
    return this.#publishAll(items, { wait, timeoutMs });
  }

  #publishAll(items: readonly Item[], { wait, timeoutMs }: WaitOptions): Receipt | Promise<Receipt> {
    const { clock } = this.#settings;
    const flush = wait === undefined ? undefined : new FlushWait(clock, this.#services.onError);
    const counter = new ReceiptCounter();
    for (const item of items) counter.add(this.#sink.publish(item, flush));
    return flush === undefined
      ? counter.receipt()
      : flush.receipt(counter.receipt(), timeoutMs ?? DEFAULT_FLUSH_TIMEOUT);
  }

  /**
   * A handler of control requests from other processes: `POST /publish`, `POST /recover`, `/`.
   * @throws GripError `GRIP_ERR_OPTION` when an option is unknown or wrong.
   */
  controlApi(options: ControlApiOptions = {}): ControlHandler {
    checkControlApiOptions(options);
    const { logger, clock } = this.#settings;
    if (options.key === undefined)
      logger.info({}, 'control API without a key: only clients on a loopback address are answered');
    const target = {
      publish: async (items: readonly Item[], options: WaitOptions) => this.#publishAll(items, options),
      recover: () => this.hub.recover(),
    };
    return new ControlApi(target, options, clock, this.#services).handle;
  }

  /** Replaces the routes; connections that are held keep theirs. @throws GripError `GRIP_ERR_OPTION`; the old ones stay then. */
  setRoutes(routes: readonly RouteOptions[]): void {
    if (!(this.#mount instanceof RouteMount))
      throw new GripError('GRIP_ERR_OPTION', 'this proxy has been made without routes');
    this.#mount.setRoutes(routes);
  }

  /**
   * Leaves all clients to another GRIP proxy of this process, and gives it what is published here: for tests, which put a
   * proxy of their own in front of an app that has this one mounted. Undefined: this proxy is on its own again.
   */
  standBehind(front: ItemSink | undefined): void {
    this.#sink = front ?? this.hub;
    this.#context.isBehind = front !== undefined;
  }

  /** Whether content of what this proxy asks may be an instruct, unless a route says otherwise. */
  get jsonInstructs(): boolean {
    return this.#settings.jsonInstructs ?? this.#settings.routes !== undefined;
  }

  /** What is held at the moment. */
  holds(): HoldInfo[] {
    return this.hub.holds();
  }

  /** What waits for slow clients, and how often they were too slow. */
  backlog(): BacklogStats {
    const { backlog, slowClients } = this.#services;
    return { bytes: backlog.bytes, overflows: { ...slowClients.counts } };
  }

  /** How often each bound was reached since the proxy was made. */
  limits(): Readonly<Record<LimitName, number>> {
    return { ...this.#services.limits.counts };
  }

  /** What is kept for clients that come back, and how often it was not enough. */
  historyStats(): HistoryStats {
    return this.#services.history.stats();
  }

  stats(): ProxyStats {
    return {
      sessions: this.hub.sessionCount,
      channels: this.hub.channelCount,
      timers: this.#services.timers.size,
      upstreamRequests: this.#calls.active,
      ...(this.#services.detaching.possible ? {} : { detaching: false }),
    };
  }

  /** Whether clients are held: false as soon as the proxy drains or closes. For the answer to whoever balances load. */
  isReady(): boolean {
    return !this.hub.closed;
  }

  /**
   * Holds no more clients, and ends those that are held, evenly over `seconds`: WebSockets with 1012, streams properly,
   * long-polls with the response that the origin has for their time-out. Clients that come meanwhile get what there is for
   * them, and are not held. Items are still delivered. Resolves when nobody is held any more and requests that were under
   * way have been answered, or when the time is up for the last of them.
   */
  async drain(seconds: number): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    await this.hub.drain(seconds * 1000);
    const left = Math.max(deadline - performance.now(), CLOSE_GRACE);
    await Promise.all([this.hub.emptied(left), this.#calls.idle(left)]);
  }

  /**
   * Ends everything that is held, and closes what is open to origins; with `drainSeconds`, after {@link GripProxy.drain}. A
   * second call without it puts an end to the draining.
   */
  close({ drainSeconds = 0 }: CloseOptions = {}): Promise<void> {
    if (drainSeconds === 0 && this.#closed !== undefined) void this.hub.drain(0);
    this.#closed ??= this.#close(drainSeconds);
    return this.#closed;
  }

  async #close(drainSeconds: number): Promise<void> {
    if (drainSeconds > 0) await this.drain(drainSeconds);
    this.#services.idleSockets.close();
    this.hub.close();
    this.#refuses = true;
    this.#services.limiter.close();
    this.#services.filterLimiter.close();
    // WebSockets have been sent a Close, which their clients answer at once or not at all.
    await Promise.all([this.hub.emptied(CLOSE_GRACE), this.#services.farewells.idle(CLOSE_GRACE)]);
    // Until now those that came were told so; left to their server, they would be plain requests.
    this.#attachments.close();
    this.#services.lingering.close();
    await Promise.all([this.#mount.close(), this.#linkHosts.close()]);
    // Whoever hears that its request has come to nothing may have wanted to ask again later.
    this.#services.timers.close();
    this.removeAllListeners();
  }

  /** A server that nobody listens to for CONNECT closes the connection without an answer. */
  #refuseConnect(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (isHttp2(req)) {
      // Servers of HTTP/2 give a response in place of the connection.
      this.#versions.admits(req, socket as unknown as ServerResponse);
      return;
    }
    const { logger } = this.#settings;
    upgradeInTurn(req, socket, head, (rest) => {
      const { status, message } = NO_CONNECT;
      logger.info({ url: req.url, status }, message);
      refuseHandshake(new SocketClient(req, socket, rest, this.#services), NO_CONNECT);
    });
  }

  /** The client has not waited for an answer to its last request. */
  #handleInTurn(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next | undefined,
    framework: FrameworkRequest | undefined,
  ): void {
    const before = unanswered(req.socket);
    if (before !== undefined && isLast(before)) return;
    const { requestsPerConnection } = this.#settings;
    const inTime = startInTurn(req, res, requestsPerConnection, this.#services.input, () => {
      try {
        this.#mount.handle(req, res, next, framework);
      } catch (error) {
        this.#services.onError(error);
        res.destroy();
      }
    });
    if (!inTime) this.#services.limits.reached('requests', { address: req.socket.remoteAddress });
  }

  protected override onListenerError(error: unknown): void {
    this.#services.onError(error);
  }

  #tell<E extends keyof GripProxyEvents>(
    event: E,
    ...args: EventEmitter.EventArgs<GripProxyEvents, E>
  ): void {
    this.emit(event, ...args);
    diagnose(event, this, args);
  }

  /** Most proxies have nobody who listens: then nothing is made for it. */
  #isHeard(event: keyof GripProxyEvents): boolean {
    return this.listenerCount(event) > 0 || isDiagnosed(event);
  }

  #signer(iss: string, key: string | Uint8Array): Signer | undefined {
    if (isEmpty(key)) return undefined;
    const id = JSON.stringify([iss, Buffer.from(key).toString('base64')]);
    const signer = this.#signers.get(id) ?? new Signer(iss, key, this.#settings.clock);
    this.#signers.set(id, signer);
    return signer;
  }
}

/** An app has the methods of a server, and nothing that comes of them. */
function checkServer(server: unknown): void {
  const { on, emit, address } = (server ?? {}) as Partial<Server>;
  if (typeof server !== 'function' && [on, emit, address].every((method) => typeof method === 'function'))
    return;
  throw new GripError(
    'GRIP_ERR_OPTION',
    'attach() takes a server, not an app: grip.attach(app.listen(3000)), or grip.attach(http.createServer(app))',
  );
}
