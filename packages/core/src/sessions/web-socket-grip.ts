import {
  type ControlMessage,
  contentFilterMismatch,
  type GripExtension,
  MAX_FILTERS_PER_CHANNEL,
  parseControlMessage,
  type SlowClientPolicies,
  type SlowClientPolicy,
  shouldSkip,
  type WsMessageFormat,
  type WsMessageSend,
} from '@p-8/protocol';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import { type Session, Subscription } from '../hub/session.js';
import type { Destination } from '../routing/origin.js';
import { checkMessage, type MessageType, WebSocketMessage } from '../websocket/message.js';
import { changesContent, filterContent } from './content-filters.js';
import { DelayedMessage } from './delayed-message.js';
import { asksOrigin, FilterRun, isHttpFilter } from './filter-run.js';
import type { SessionServices } from './held-request.js';
import { replayMessages } from './message-replay.js';
import { adviseOnFilters, adviseOnLimit } from './subscription-advice.js';
import { WebSocketKeepAlive } from './web-socket-keep-alive.js';

/** What makes a text message of an origin a control message. */
const CONTROL_PREFIX = Buffer.from('c:');

/** The most values that an origin can have set for filters, and the most bytes of their names and values. */
const MAX_META = 100;
const MAX_META_BYTES = 65_536;

const NO_CONTENT = new Uint8Array(0);
const NO_FILTERS: readonly string[] = [];

/** What GRIP can have done to a connection. */
export interface GripConnection extends Session {
  /** For logs. */
  readonly uri: string;
  readonly debug: boolean;
  /** Put before channel names. */
  readonly prefix: string;
  /** The client has not taken what was sent. */
  readonly clientBlocked: boolean;
  /** Bytes that the client can be sent at once without being taken for slow. */
  readonly room: number;
  /** A request for a link. A string says why the proxy must not go there. */
  linkTo(uri: string): Destination | string;
  /** Sends the client a message. */
  push(message: WebSocketMessage): void;
  /** The origin lets go of the connection, which stays open. */
  detach(): void;
  /** Closes the connection because of an error; in debug mode the client is told `detail`. */
  fail(detail: string): void;
}

/** What GRIP adds to one WebSocket: the origin's control messages, subscriptions, and the filters of what is published. */
export class WebSocketGrip {
  readonly #services: SessionServices;
  readonly #connection: GripConnection;
  /** Undefined: the origin's messages pass as they are. */
  #messagePrefix: Buffer | undefined;
  /** By the name that publishers use. */
  readonly #subscriptions = new Map<string, Subscription>();
  #implicit: readonly string[] = [];
  /** Undefined: the origin has set none. */
  #meta: Map<string, string> | undefined;
  #keepAlive: WebSocketKeepAlive | undefined;
  #delayed: DelayedMessage | undefined;
  /** What the origin says of clients that are too slow. */
  slowClient: SlowClientPolicies | undefined;

  constructor(services: SessionServices, connection: GripConnection) {
    this.#services = services;
    this.#connection = connection;
  }

  /** The client is in. `extension`: the origin speaks GRIP; `implicit`: channels of the route, not prefixed. */
  open(extension: GripExtension | undefined, implicit: readonly string[]): void {
    if (extension !== undefined) this.#messagePrefix = sharedBytes(extension.messagePrefix);
    this.#implicit = implicit;
    for (const channel of implicit) this.#subscribe(channel, channel, [], undefined);
  }

  /** The channels that it is subscribed to. */
  get channels(): string[] {
    return [...this.#subscriptions.keys()];
  }

  /** What the origin says of a client that is too slow for a channel, by the name that it uses. */
  slowClientPolicy(name: string): SlowClientPolicy | undefined {
    return this.slowClient?.channels.get(name) ?? this.slowClient?.all;
  }

  /** What of an origin's message is for the client. Carries out control messages. */
  receive(type: MessageType, content: Uint8Array): WebSocketMessage | undefined {
    const prefix = this.#messagePrefix;
    if (prefix === undefined || type === 'ping' || type === 'pong')
      return new WebSocketMessage(type, content);
    if (type === 'text' && startsWith(content, CONTROL_PREFIX)) {
      this.#control(content.subarray(CONTROL_PREFIX.length));
      return undefined;
    }
    if (startsWith(content, prefix)) return new WebSocketMessage(type, content.subarray(prefix.length));
    this.#services.logger.debug({ uri: this.#connection.uri }, 'a message without the prefix was dropped');
    return undefined;
  }

  /** What of a published item the filters let pass: its message, or its action. Else what became of it, or who is to be asked. */
  filter(
    published: PublishedItem,
    format: WsMessageFormat,
    { filters }: Subscription,
  ): WebSocketMessage | 'pass' | FilterRun | Outcome {
    if (format.action !== 'send') {
      if (this.#skips(published, filters)) return 'filtered';
      return asksOrigin(filters) ? this.#run(published, NO_CONTENT, filters.filter(isHttpFilter)) : 'pass';
    }
    if (filters.length === 0 && format.contentFilters === undefined) return published.webSocketMessage;
    const mismatch = contentFilterMismatch(filters, format.contentFilters);
    if (mismatch !== undefined) return this.#filterError(mismatch, 'filtered');
    if (this.#skips(published, filters)) return 'filtered';
    if (asksOrigin(filters)) return this.#run(published, format.content, filters);
    if (!changesContent(filters)) return published.webSocketMessage;
    const content = filterContent(format.content, filters, this.#meta ?? NO_META, () => undefined);
    if (!content.ok) return this.failFilter(content.message);
    return this.messageOf(format, content.value);
  }

  /** The message with the content that filters have made; where there can be none such, what became of the item. */
  messageOf({ type }: WsMessageSend, content: Uint8Array): WebSocketMessage | Outcome {
    const wrong = checkMessage(type, content);
    return wrong === undefined
      ? new WebSocketMessage(type, content)
      : this.failFilter(`filter error: ${wrong}`);
  }

  /** A filter cannot do its work on an item: only this item is lost, unless whoever debugs is to see it at once. */
  failFilter(detail: string): Outcome {
    return this.#filterError(detail, 'dropped');
  }

  /** Something has been sent to the client. */
  onSent(): void {
    this.#keepAlive?.onSent();
  }

  /** Ends all of it. */
  close(): void {
    for (const subscription of this.#subscriptions.values()) this.#services.hub.unsubscribe(subscription);
    this.#subscriptions.clear();
    this.#keepAlive?.stop();
    this.#delayed?.stop();
  }

  #control(json: Uint8Array): void {
    const message = parseControlMessage(json, this.#connection.prefix);
    if (message.ok) {
      this.#carryOut(message.value);
      return;
    }
    this.#services.logger.info({ uri: this.#connection.uri }, `control message ignored: ${message.message}`);
  }

  #carryOut(message: ControlMessage): void {
    const { timers, clock } = this.#services;
    switch (message.type) {
      case 'subscribe':
        this.#trySubscribe(message.channel, message.filters, message.lastId);
        break;
      case 'unsubscribe':
        this.#unsubscribe(this.#connection.prefix + message.channel);
        break;
      case 'set-meta':
        if (message.value === undefined) this.#meta?.delete(message.name);
        else this.#setMeta(message.name, message.value);
        break;
      case 'detach':
        this.#connection.detach();
        break;
      case 'keep-alive':
        this.#keepAlive ??= new WebSocketKeepAlive(timers, clock, (sent) => this.#pushKeepAlive(sent));
        this.#keepAlive.use(message);
        break;
      case 'send-delayed':
        this.#delayed ??= new DelayedMessage(timers, (sent) => this.#connection.push(sent));
        this.#delayed.put(message);
        break;
      case 'flush-delayed':
        this.#delayed?.flush();
        break;
      case 'session':
      case 'ack':
        // Between Pushpin's own processes; here there is nothing to tell.
        break;
    }
  }

  /** A client that does not take what there is need not be told that more may come. */
  #pushKeepAlive(message: WebSocketMessage): void {
    if (!this.#connection.clientBlocked) this.#connection.push(message);
  }

  #trySubscribe(name: string, filters: readonly string[], lastId: string | undefined): void {
    const { subscriptionsPerConnection, limits, warnings } = this.#services;
    const channel = this.#connection.prefix + name;
    if (filters.length > 0) adviseOnFilters(warnings, filters, name);
    if (filters.length > MAX_FILTERS_PER_CHANNEL) {
      this.#connection.fail(`too many filters for channel '${name}'`);
      return;
    }
    if (this.#subscriptions.size >= subscriptionsPerConnection && !this.#subscriptions.has(channel)) {
      limits.reached('channels', { channel, uri: this.#connection.uri });
      adviseOnLimit(warnings, channel, subscriptionsPerConnection, this.#connection.uri);
      return;
    }
    this.#subscribe(name, channel, filters, lastId);
  }

  #subscribe(name: string, channel: string, filters: readonly string[], lastId: string | undefined): void {
    const existing = this.#subscriptions.get(channel);
    if (existing !== undefined) {
      existing.filters = filters;
      if (lastId !== undefined) replayMessages(this.#services, lastId, existing, this.#connection);
      return;
    }
    const subscription = new Subscription(
      this.#connection,
      name,
      channel,
      undefined,
      filters.length === 0 ? NO_FILTERS : filters,
    );
    this.#subscriptions.set(channel, subscription);
    // First what it has missed: nothing newer has been kept when that is out.
    if (lastId !== undefined) replayMessages(this.#services, lastId, subscription, this.#connection);
    // It may have made somebody close the connection.
    if (this.#subscriptions.has(channel)) this.#services.hub.subscribe(subscription);
  }

  #unsubscribe(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription === undefined || this.#implicit.includes(channel)) return;
    this.#services.hub.unsubscribe(subscription);
    this.#subscriptions.delete(channel);
  }

  /** Whether a filter keeps an item from this client, whatever the item does. */
  #skips({ item }: PublishedItem, filters: readonly string[]): boolean {
    return (
      filters.length > 0 &&
      shouldSkip(filters, this.#meta ?? NO_META, item.meta, (name) => this.#isSubscribed(name))
    );
  }

  #run({ item }: PublishedItem, content: Uint8Array, filters: readonly string[]): FilterRun {
    const source = {
      services: this.#services,
      currentUri: this.#connection.uri,
      // An origin may change it while it is asked.
      meta: new Map(this.#meta),
      prevIdOf: () => undefined,
      linkTo: (uri: string) => this.#connection.linkTo(uri),
    };
    return new FilterRun(source, { content, filters, itemMeta: item.meta });
  }

  #filterError(detail: string, outcome: 'filtered' | 'dropped'): Outcome {
    this.#services.logger.info({ uri: this.#connection.uri }, detail);
    if (this.#connection.debug) this.#connection.fail(detail);
    return outcome;
  }

  /** Filters name channels as the origin does. */
  #isSubscribed(name: string): boolean {
    return this.#subscriptions.has(this.#connection.prefix + name) || this.#implicit.includes(name);
  }

  #setMeta(name: string, value: string): void {
    this.#meta ??= new Map();
    this.#meta.delete(name);
    let bytes = name.length + value.length;
    for (const [one, other] of this.#meta) bytes += one.length + other.length;
    if (this.#meta.size < MAX_META && bytes <= MAX_META_BYTES) this.#meta.set(name, value);
    else this.#services.limits.reached('meta', { uri: this.#connection.uri, name });
  }
}

const NO_META: ReadonlyMap<string, string> = new Map();

let lastText = '';
let lastBytes = Buffer.alloc(0);

/** A message prefix in bytes: most connections have the same, and share it. */
function sharedBytes(text: string): Buffer {
  if (text !== lastText) {
    lastText = text;
    lastBytes = Buffer.from(text);
  }
  return lastBytes;
}

function startsWith(content: Uint8Array, prefix: Buffer): boolean {
  return content.length >= prefix.length && prefix.compare(content, 0, prefix.length) === 0;
}
