import {
  filterHeaders,
  type GripExtension,
  type HeaderList,
  headerValues,
  parseGripExtension,
  parseSlowClient,
  type SlowClientPolicy,
  sendableClose,
  type WsMessageFormat,
} from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import { failureText } from '../http/error-response.js';
import { relayedHeaders } from '../http/forwarded-headers.js';
import type { HoldEnd, HoldInfo } from '../hub/hold-info.js';
import type { OverflowReason } from '../hub/overflow.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { Subscription } from '../hub/session.js';
import type { LimitName } from '../limits.js';
import type { Destination, Origin, SlowClientLimits, WebSocketTarget } from '../routing/origin.js';
import { Timer, type TimerOwner } from '../timers.js';
import type { ClientWebSocket, ClientWebSocketOwner } from '../websocket/client-web-socket.js';
import { type MessageType, WebSocketMessage } from '../websocket/message.js';
import type { OriginWebSocket, OriginWebSocketOwner } from '../websocket/origin-web-socket.js';
import { FULL } from './admission.js';
import type { Backlogged } from './backlog.js';
import { type FilteringSession, FilterLine } from './filter-line.js';
import { FilterRun } from './filter-run.js';
import type { SessionServices } from './held-request.js';
import type { FilterVerdict } from './http-filter.js';
import { openOrigin } from './open-origin.js';
import { WebSocketCall } from './web-socket-call.js';
import { type GripConnection, WebSocketGrip } from './web-socket-grip.js';
import { WebSocketOutlet } from './web-socket-outlet.js';

// RFC 6455 7.4.1, and IANA's registry of close codes.
const CLOSE_NORMAL = 1000;
const CLOSE_INTERNAL_ERROR = 1011;
const CLOSE_SERVICE_RESTART = 1012;
const CLOSE_TRY_AGAIN_LATER = 1013;

/** Milliseconds that an origin has to answer a client's Close: enough to be asked once more, where it is kept alive. */
const ANSWER_TIMEOUT = 30_000;

/** A client that has asked for a WebSocket, and the origin that decides. */
export interface WebSocketRequest {
  readonly client: ClientWebSocket;
  readonly request: ClientRequest;
  readonly origin: Origin;
  /** It comes from a GRIP proxy in front, which does the subscribing itself. */
  readonly trusted: boolean;
}

/** `opening`: no target has let the client in yet; `closing`: the client has been sent a Close; `done`: it is gone. */
type State = 'opening' | 'open' | 'closing' | 'done';

/** One WebSocket: the client on one side, the origin on the other, and GRIP between them. Source: Pushpin 1.41. */
export class WebSocketSession
  implements
    GripConnection,
    FilteringSession,
    ClientWebSocketOwner,
    OriginWebSocketOwner,
    TimerOwner,
    Backlogged
{
  readonly #services: SessionServices;
  #request: WebSocketRequest;
  readonly #client: ClientWebSocket;
  readonly #call: WebSocketCall;
  readonly #grip: WebSocketGrip;
  readonly #outlet: WebSocketOutlet;
  #state: State = 'opening';
  /** How many targets have been tried. */
  #tried = 0;
  /** 503: one of them could be reached, were there not so many who want to. */
  #unreachedStatus = 502;
  /** What became of the targets that could not be reached. */
  #unreached = '';
  #target: WebSocketTarget | undefined;
  /** Undefined: it is not part of the connection any more. */
  #origin: OriginWebSocket | undefined;
  /** The client has sent a Close. */
  #clientClosed = false;
  #closeTimer: Timer | undefined;
  /** What has made it end, as far as that is known. */
  #end: HoldEnd | undefined;
  /** Items that wait while filters are asked. Undefined: none has been asked yet. */
  #line: FilterLine | undefined;
  /** It is being closed since it is too slow. */
  #isTooSlow = false;

  constructor(services: SessionServices, request: WebSocketRequest) {
    this.#services = services;
    this.#request = request;
    this.#client = request.client;
    this.#call = new WebSocketCall(request.origin, request.request.facts, request.trusted);
    this.#grip = new WebSocketGrip(services, this);
    this.#outlet = new WebSocketOutlet(request.client, request.origin.limits.queueBytes);
    request.client.owner = this;
  }

  get uri(): string {
    return this.#request.origin.uri(this.#request.request);
  }

  get prefix(): string {
    return this.#request.origin.prefix;
  }

  get debug(): boolean {
    return this.#request.origin.debug;
  }

  info(): HoldInfo {
    return { mode: 'websocket', uri: this.uri, channels: this.#grip.channels };
  }

  /** Asks the origin whether the client may come in. */
  open(): void {
    // It may have left while a signature was verified.
    if (this.#client.gone) return;
    if (this.#services.hub.closed) {
      this.#refuse(503, 'Closing.');
      return;
    }
    if (!this.#services.admission.admits({ uri: this.uri })) {
      this.#refuse(503, FULL);
      return;
    }
    this.#services.hub.addSession(this);
    this.#tryNextTarget();
  }

  onClientMessage(type: MessageType, content: Uint8Array): void {
    const origin = this.#origin;
    // Nobody listens to a client that has been detached, or closed by a publisher.
    if (origin === undefined) return;
    origin.send(type, content);
    if (origin.blocked) this.#client.pause();
  }

  onClientClose(code: number | undefined, reason: string): void {
    this.#clientClosed = true;
    this.#end ??= 'client';
    this.#origin?.close(code, reason);
    if (this.#state === 'closing') {
      // Both have closed; the origin's answer, if there is one still to come, is for nobody.
      this.#finish();
    } else if (this.#origin === undefined) {
      this.#closeClient(CLOSE_NORMAL, '');
    } else {
      // It is for the origin to answer; but not for ever.
      this.#closeTimer = new Timer(this);
      this.#services.timers.start(this.#closeTimer, ANSWER_TIMEOUT);
    }
  }

  onClientGone(detail: string, limit?: LimitName): void {
    this.#services.logger.debug({ uri: this.uri, detail }, 'WebSocket client lost');
    this.#end ??= 'client';
    this.#disconnect();
    this.#finish();
    if (limit !== undefined) this.#services.limits.reached(limit, { uri: this.uri });
  }

  onClientBlocked(): void {
    this.#account();
  }

  onClientDrained(): void {
    this.#services.backlog.remove(this);
    this.#sendConflated();
    this.#origin?.resume();
  }

  get given(): number {
    return this.#outlet.given;
  }

  get unsent(): number {
    return this.#outlet.unsent;
  }

  get over(): boolean {
    return this.#state === 'done';
  }

  get waitingBytes(): number {
    return this.#outlet.waitingBytes;
  }

  get progress(): number {
    return this.#client.progress;
  }

  shed(): void {
    if (this.#state === 'open') {
      this.#closeSlowClient('ceiling', undefined);
      // What the connection has already been given still waits.
      this.#account();
    } else {
      this.#cutSlowClient('ceiling');
    }
  }

  /** A client that takes nothing would not read a Close either. */
  stalled(): void {
    this.#cutSlowClient('stall');
  }

  /** The origin has not answered the client's Close in time. */
  onTimer(): void {
    this.#services.logger.info({ uri: this.uri }, 'the origin did not answer a Close in time');
    // It still gets all that the client has sent, and the Close.
    this.#origin?.release();
    this.#origin = undefined;
    this.#closeClient(CLOSE_NORMAL, '');
  }

  get room(): number {
    return this.#outlet.room;
  }

  get clientBlocked(): boolean {
    return this.#client.blocked;
  }

  onOriginUnreachable(detail: string, status: number, cause: string): void {
    if (this.#state === 'done') return;
    this.#unreachedStatus = Math.max(this.#unreachedStatus, status);
    const target = this.#target?.name ?? '';
    this.#unreached += `${this.#unreached && '; '}${target}: ${cause}`;
    this.#services.logger.info({ uri: this.uri, target, detail, cause }, 'target not reached');
    this.#tryNextTarget();
  }

  onOriginAccept(headers: HeaderList): void {
    if (this.#state === 'done') return;
    const { origin, trusted, request } = this.#request;
    const takesPart = origin.grip && !trusted;
    const extension = takesPart ? parseGripExtension(headers) : undefined;
    const fields = filterHeaders(relayedHeaders(headers), (name) => name !== 'sec-websocket-extensions');
    // What it did not offer would make a client fail the connection: RFC 6455 9.1.
    const offered = !takesPart && parseGripExtension(request.headers) !== undefined;
    if (offered) fields.push(...gripExtensionFields(headers));
    const policies = takesPart ? parseSlowClient(headers) : undefined;
    this.#state = 'open';
    // What the origin is asked from now on repeats its own copy of the handshake; links carry on which way it has come.
    const kept = filterHeaders(request.headers, (name) => name === 'cdn-loop');
    this.#request = { ...this.#request, request: { ...request, headers: kept } };
    this.#client.accept(fields);
    if (policies?.ok) this.#grip.slowClient = policies.value;
    else if (policies !== undefined) this.#services.logger.info({ uri: this.uri }, policies.message);
    this.#open(extension);
  }

  onOriginReject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.#state === 'done') return;
    this.#noteRefusal(status);
    this.#client.reject(status, reason, relayedHeaders(headers), body);
    this.#finish();
  }

  /** An origin that does not speak WebSocket takes its handshake for a plain request. */
  #noteRefusal(status: number): void {
    const { logger, warnings } = this.#services;
    const { connect, name = '' } = this.#target ?? {};
    logger.info({ uri: this.uri, target: name, status }, 'WebSocket refused by its origin');
    if (connect === undefined || REFUSALS.has(status)) return;
    warnings.give(
      'P8_NO_OVER_HTTP',
      `a WebSocket for ${this.uri} is refused, since ${name} answers its handshake with ${status}, and so seems not to speak WebSocket: if it takes WebSocket-over-HTTP, set overHttp of its target (over_http in a routes file)`,
      name,
    );
  }

  onOriginMessage(type: MessageType, content: Uint8Array): void {
    if (this.#origin === undefined) return;
    const message = this.#grip.receive(type, content);
    if (message !== undefined) this.push(message);
  }

  onOriginClose(code: number | undefined, reason: string): void {
    if (this.#origin === undefined) return;
    this.#end ??= 'ended';
    const close = sendableClose({ code, reason });
    this.#closeClient(close.code, close.reason);
  }

  onOriginClosed(): void {
    this.#origin = undefined;
  }

  onOriginFailed(detail: string): void {
    if (this.#state === 'opening') {
      this.#refuseOrigin(detail);
    } else if (this.#state === 'open' && this.#origin !== undefined) {
      this.#services.logger.warn({ uri: this.uri, detail }, 'WebSocket closed: its origin failed');
      this.#end ??= 'error';
      this.#sendConflated();
      const { code, reason } = this.#errorClose(detail);
      this.#client.fail(code, reason);
      this.#finish();
    } else {
      // The client goes its own way already.
      this.#services.logger.info({ uri: this.uri, detail }, 'the origin of an ending WebSocket failed');
      this.#origin = undefined;
    }
  }

  onOriginOverloaded(): void {
    this.#origin = undefined;
    this.#services.logger.info({ uri: this.uri }, 'WebSocket closed: its origin takes too little');
    this.#end ??= 'error';
    this.#closeClient(CLOSE_TRY_AGAIN_LATER, 'too many messages wait');
  }

  onOriginDrained(): void {
    this.#client.resume();
  }

  onOriginOddity(detail: string): void {
    this.#services.logger.info({ uri: this.uri }, detail);
  }

  takes({ item }: PublishedItem): boolean {
    return this.#state === 'open' && item.wsMessage !== undefined && item.wsMessage.action !== 'hint';
  }

  deliver(published: PublishedItem, subscription: Subscription): Outcome {
    if (!this.takes(published)) return undefined;
    const outcome =
      this.#line === undefined
        ? this.#deliverFirst(published, subscription)
        : this.#line.deliver(published, subscription);
    if (outcome !== 'full') return outcome;
    this.#closeSlowClient('queue', subscription.channel);
    return 'dropped';
  }

  takeTurn(published: PublishedItem, subscription: Subscription): Outcome | FilterRun {
    const format = published.item.wsMessage;
    if (this.#state !== 'open' || format === undefined || format.action === 'hint') return undefined;
    const passed = this.#grip.filter(published, format, subscription);
    if (passed instanceof WebSocketMessage) return this.#deliver(passed, subscription);
    return passed === 'pass' ? this.#act(format) : passed;
  }

  onVerdict(published: PublishedItem, subscription: Subscription, verdict: FilterVerdict): Outcome {
    const format = published.item.wsMessage;
    if (verdict.action === 'drop') return 'filtered';
    if (verdict.action === 'fail') return this.#grip.failFilter(verdict.detail);
    if (format?.action !== 'send') return this.#act(format);
    const message = this.#grip.messageOf(format, verdict.content);
    return message instanceof WebSocketMessage ? this.#deliver(message, subscription) : message;
  }

  linkTo(uri: string): Destination | string {
    const { origin, request } = this.#request;
    return origin.link(uri, request, []);
  }

  push(message: WebSocketMessage): void {
    if (this.#state !== 'open') return;
    // What comes from the origin is held back by asking it no more; but not all that is asked for can wait.
    if (this.#client.blocked && this.#outlet.room < -this.#services.maxMessageBytes) {
      this.#closeSlowClient('queue', undefined);
      return;
    }
    this.#send(message);
  }

  detach(): void {
    this.#leaveOrigin();
    // Nobody holds back what nobody reads.
    this.#client.resume();
  }

  fail(detail: string): void {
    this.#services.logger.info({ uri: this.uri, detail }, 'WebSocket closed');
    this.#end ??= 'error';
    this.#closeBoth(this.#errorClose(detail));
  }

  /** A WebSocket has no link that could tell what it has missed. */
  recover(): void {}

  close(): void {
    if (this.#state === 'opening') {
      this.#refuse(503, 'Closing.');
      this.#disconnect();
      this.#finish();
    } else {
      this.#end ??= 'closing';
      this.#closeBoth({ code: CLOSE_SERVICE_RESTART, reason: '' });
    }
  }

  abort(): void {
    this.#end ??= 'error';
    this.#client.abort();
    this.#disconnect();
    this.#finish();
  }

  /** No item had to wait so far. */
  #deliverFirst(published: PublishedItem, subscription: Subscription): Outcome | 'full' {
    const outcome = this.takeTurn(published, subscription);
    if (!(outcome instanceof FilterRun)) return outcome;
    this.#line = new FilterLine(this, this.#limits.queueBytes, this.#services.onError);
    return this.#line.deliver(published, subscription, outcome);
  }

  /** What is no content. */
  #act(format: WsMessageFormat | undefined): Outcome {
    if (format?.action === 'close') {
      this.#end ??= 'ended';
      this.#closeBoth(sendableClose({ code: format.code, reason: format.reason ?? '' }));
    } else {
      this.#origin?.refresh();
    }
    return 'delivered';
  }

  #open(extension: GripExtension | undefined): void {
    this.#grip.open(extension, this.#target?.implicitChannels ?? []);
    // Whoever hears of a subscription may have ended it.
    if (this.#state !== 'open') return;
    this.#services.hub.hold(this);
    this.#services.logger.debug(
      { uri: this.uri, connectionId: this.#call.connectionId },
      'WebSocket accepted',
    );
  }

  #tryNextTarget(): void {
    const { origin, request, trusted } = this.#request;
    const { webSocketTargets: targets } = origin;
    const target = targets[this.#tried++];
    if (target === undefined) {
      const tried = targets.map(({ name }) => name).join(', ');
      const detail = `Unable to connect to any targets. Tried: ${tried}`;
      this.#refuseOrigin(detail, this.#unreachedStatus, this.#unreached);
      return;
    }
    this.#target = target;
    const handshake = origin.handshake(request, trusted);
    this.#origin = openOrigin(this.#services, target, handshake, this.#call, this);
    this.#origin.open();
  }

  get #limits(): SlowClientLimits {
    return this.#request.origin.limits;
  }

  #deliver(message: WebSocketMessage, subscription: Subscription): Outcome {
    // Filters may have been asked for longer than it stays open.
    if (this.#state !== 'open') return 'dropped';
    const { blocked } = this.#client;
    // Most clients take all that there is.
    if (blocked || this.#outlet.conflates) {
      if (this.#outlet.conflates && this.#policyFor(subscription) === 'conflate')
        return this.#conflate(message, subscription);
      if (!this.#outlet.hasRoomFor(message)) return this.#overflow(message, subscription);
    }
    this.#send(message);
    // Whoever hears of what waits may have ended it.
    if (this.#state !== 'open') return 'dropped';
    return blocked ? 'queued' : 'delivered';
  }

  #send(message: WebSocketMessage): void {
    this.#grip.onSent();
    this.#outlet.send(message);
    if (this.#client.blocked) this.#account();
  }

  #policyFor({ name }: Subscription): SlowClientPolicy | undefined {
    return this.#grip.slowClientPolicy(name) ?? this.#limits.policy;
  }

  #sendConflated(): void {
    for (const message of this.#outlet.takeConflated()) this.push(message);
  }

  /** There is no link that could tell what was missed: so the client must see that something was, unless only the newest matters. */
  #overflow(message: WebSocketMessage, subscription: Subscription): Outcome {
    if (this.#policyFor(subscription) === 'conflate') {
      this.#outlet.startConflation();
      this.#noteSlow('queue', 'conflate', subscription.channel);
      // Whoever hears of it may have ended the connection.
      return this.#state === 'open' ? this.#conflate(message, subscription) : 'dropped';
    }
    this.#closeSlowClient('queue', subscription.channel);
    return 'dropped';
  }

  #conflate(message: WebSocketMessage, { channel }: Subscription): Outcome {
    if (!this.#outlet.conflate(message, channel)) {
      this.#closeSlowClient('queue', channel);
      return 'dropped';
    }
    this.#account();
    return this.#state === 'open' ? 'queued' : 'dropped';
  }

  #closeSlowClient(reason: OverflowReason, channel: string | undefined): void {
    // Whoever hears of it may publish.
    if (this.#isTooSlow) return;
    this.#isTooSlow = true;
    this.#noteSlow(reason, 'close', channel);
    this.#end ??= 'slow';
    this.#outlet.takeConflated();
    // For its own sake a client may have what is in its queue before the Close; but not if others are in need of the room.
    if (reason === 'ceiling') this.#client.drop();
    this.#closeBoth({ code: CLOSE_TRY_AGAIN_LATER, reason: 'too slow' });
  }

  #cutSlowClient(reason: OverflowReason): void {
    if (!this.#isTooSlow) {
      this.#isTooSlow = true;
      this.#noteSlow(reason, 'close', undefined);
    }
    this.#end ??= 'slow';
    this.abort();
  }

  #noteSlow(reason: OverflowReason, action: SlowClientPolicy, channel: string | undefined): void {
    const fields = { uri: this.uri, channel, bytes: this.unsent };
    this.#services.slowClients.note(this, reason, action, fields);
  }

  #account(): void {
    if (this.#state === 'open' || this.#state === 'closing') this.#services.backlog.update(this);
  }

  #refuseOrigin(detail: string, status = 502, reason = `${this.#target?.name}: ${detail}`): void {
    const { logger, tellsLocal } = this.#services;
    logger.warn({ uri: this.uri, detail, reason }, 'WebSocket handshake failed');
    const { debug } = this;
    this.#refuse(status, failureText({ detail, reason }, this.#request.request, { debug, tellsLocal }));
    this.#finish();
  }

  #refuse(status: number, message: string): void {
    this.#client.reject(status, '', ['Content-Type', 'text/plain'], Buffer.from(`${message}\n`));
  }

  /** Only whoever debugs is told more. */
  #errorClose(detail: string): { readonly code: number; readonly reason: string } {
    return sendableClose({ code: CLOSE_INTERNAL_ERROR, reason: this.debug ? detail : '' });
  }

  /** Neither of the two sides ends the connection, but somebody else. */
  #closeBoth({ code, reason }: { readonly code: number; readonly reason: string }): void {
    this.#leaveOrigin();
    this.#closeClient(code, reason);
  }

  /** The origin is told to let go, and has no say any more. */
  #leaveOrigin(): void {
    const origin = this.#origin;
    this.#origin = undefined;
    origin?.close(undefined, '');
    origin?.release();
  }

  #closeClient(code: number, reason: string): void {
    // The newest items came before the Close.
    this.#sendConflated();
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#line?.close('dropped');
    this.#release();
    this.#grip.close();
    this.#client.close(code, reason);
    if (this.#clientClosed) this.#finish();
  }

  /** Tells the origin that the client is lost. */
  #disconnect(): void {
    const origin = this.#origin;
    this.#origin = undefined;
    origin?.disconnect();
  }

  #release(): void {
    this.#services.hub.release(this, this.#end ?? 'ended');
  }

  #finish(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#line?.close('dropped');
    this.#release();
    this.#services.backlog.remove(this);
    this.#origin?.release();
    this.#origin = undefined;
    this.#grip.close();
    if (this.#closeTimer !== undefined) this.#services.timers.stop(this.#closeTimer);
    this.#services.hub.removeSession(this);
  }
}

/** What origins that speak WebSocket refuse with: RFC 9110 15.5, 15.6. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 407, 408, 429, 500, 502, 503, 504, 508]);

/** What an origin says of GRIP, for the proxy in front that it is meant for. */
function gripExtensionFields(headers: HeaderList): string[] {
  return headerValues(headers, 'sec-websocket-extensions')
    .filter((value) => parseGripExtension(['Sec-WebSocket-Extensions', value]) !== undefined)
    .flatMap((value) => ['Sec-WebSocket-Extensions', value]);
}
