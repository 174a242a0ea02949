import {
  encodeWsClose,
  encodeWsEvents,
  filterHeaders,
  type HeaderList,
  headerValue,
  parseInteger,
  parseWsClose,
  parseWsEvents,
  type WsEvent,
} from '@p-8/protocol';
import type { KeptInput } from '../input-bytes.js';
import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { Timer, type TimerOwner } from '../timers.js';
import { type EventsAsker, EventsExchange, type EventsServices } from './events-exchange.js';
import { EventsState, isEventsField } from './events-state.js';
import { checkMessage, MESSAGE_TYPES, type MessageType } from './message.js';
import type { OriginCall, OriginWebSocket, OriginWebSocketOwner } from './origin-web-socket.js';
import { Outbox } from './outbox.js';
import type { ResponseBody } from './response-body.js';

/** Bytes and messages of a client that wait for the origin before the client is read no further. Source of the bytes: Pushpin. */
const MAX_WAITING_BYTES = 200_000;
const MAX_WAITING_MESSAGES = 1000;

/** Milliseconds until what an origin without keep-alive has not accepted is offered again where it can wait for nothing else. */
const OFFER_DELAY = 1000;

/** How often an origin is asked for the end of a WebSocket that is closing before it is told that there is none. */
const MAX_CLOSING_POLLS = 10;

/** How often an origin that does not answer is told that a client is gone. */
const MAX_FAREWELLS = 5;

/** `connecting`: the origin has not let the client in; `closing`: it is to be told of the end, or has been. */
type State = 'connecting' | 'connected' | 'closing' | 'done';

/** What went with the request that is under way. */
interface Sent {
  /** How many of the client's messages, and their bytes. */
  readonly events: number;
  readonly bytes: number;
  /** No message of the client's was left behind. */
  readonly complete: boolean;
  readonly close: WsEvent | undefined;
  readonly disconnect: boolean;
}

const NOTHING: Sent = { events: 0, bytes: 0, complete: true, close: undefined, disconnect: false };

/**
 * WebSocket-over-HTTP: an origin gets the client's messages as events in short requests, one at a time, and answers with
 * events. Source: https://pushpin.org/docs/protocols/websocket-over-http/, Pushpin 1.41.
 */
export class OverHttp implements OriginWebSocket, EventsAsker, TimerOwner, KeptInput {
  readonly #services: EventsServices;
  /** At most one event in a request. */
  readonly #oneEvent: boolean;
  readonly #exchange: EventsExchange;
  #owner: OriginWebSocketOwner | undefined;
  #state: State = 'connecting';
  readonly #outbox = new Outbox();
  readonly #memory = new EventsState();
  /** Until the origin is asked though nothing has happened. */
  #timer: Timer | undefined;
  #sent = NOTHING;
  /** Events are being passed on: what their receivers want sent waits until all have been. */
  #walking = false;
  #refresh = false;
  #disconnect = false;
  #wasBlocked = false;
  /** To be sent to the origin. */
  #close: WsEvent | undefined;
  #closeSent = false;
  /** The origin has sent a CLOSE. */
  #closeReceived = false;
  #closingPolls = 0;
  #farewells = 0;
  /** Bytes that the origin was offered and has not accepted. */
  #leftBytes = 0;

  /** `handshake`: the client's as the origin gets it, `Host` included. */
  constructor(
    services: EventsServices,
    { upstream, oneEvent }: WebSocketTarget,
    handshake: Handshake,
    call: OriginCall,
    owner: OriginWebSocketOwner,
  ) {
    this.#services = services;
    this.#oneEvent = oneEvent;
    this.#owner = owner;
    this.#exchange = new EventsExchange(services, upstream, handshake, call, this);
  }

  get blocked(): boolean {
    return this.#outbox.bytes >= MAX_WAITING_BYTES || this.#outbox.messages >= MAX_WAITING_MESSAGES;
  }

  open(): void {
    this.#send([{ type: 'OPEN', content: undefined }], NOTHING);
  }

  send(type: MessageType, content: Uint8Array): void {
    if (this.#state !== 'connected') return;
    this.#outbox.push(type, content);
    this.#wasBlocked ||= this.blocked;
    this.#next();
    this.#countInput();
  }

  close(code: number | undefined, reason: string): void {
    if (this.#state !== 'connected') return;
    this.#state = 'closing';
    const content = encodeWsClose({ code, reason });
    this.#close = { type: 'CLOSE', content: content.length === 0 ? undefined : content };
    this.#next();
  }

  disconnect(): void {
    this.#owner = undefined;
    if (this.#state === 'done') return;
    this.#disconnect = true;
    this.#clearOutbox();
    this.#next();
  }

  release(): void {
    this.#owner = undefined;
    this.#next();
  }

  refresh(): void {
    if (this.#state !== 'connected') return;
    this.#refresh = true;
    this.#next();
  }

  resume(): void {
    if (this.#state !== 'connecting') this.#next();
  }

  /** The origin wants to be asked. */
  onTimer(): void {
    if (this.#state === 'connecting') this.open();
    else this.#sendBatch();
  }

  onUnreachable(detail: string, status: number, cause: string): void {
    if (this.#state === 'connecting') this.#finish()?.onOriginUnreachable(detail, status, cause);
    else this.onFailed(detail);
  }

  onFailed(detail: string): void {
    this.#walking = false;
    // The client may have left meanwhile: the origin still has to hear of that.
    if (this.#disconnect && !this.#sent.disconnect) this.#next();
    else this.#fail(detail);
  }

  /** The origin may have taken what it was sent, and think that the client is there: it is told by the next request that gets through. */
  onTimedOut(detail: string): void {
    const owner = this.#owner;
    if (this.#sent.disconnect && ++this.#farewells === MAX_FAREWELLS) this.#finish();
    else this.disconnect();
    owner?.onOriginFailed(detail);
  }

  onResponse(response: ResponseBody): void {
    const sent = this.#sent;
    if (sent.disconnect) {
      this.#finish();
      return;
    }
    const { status, reason, headers, isEvents } = response;
    if (!isEvents) {
      const type = headerValue(headers, 'content-type') ?? 'none';
      if (this.#state !== 'connecting')
        this.#fail(`the origin answered ${status}, Content-Type ${type}, where events are expected`);
      else {
        this.#adviseOnReject(status);
        this.#finish()?.onOriginReject(status, reason, headers, response.bytes());
      }
      return;
    }
    this.#memory.readKeepAlive(headers);
    const wrong = this.#account(sent, headers);
    if (wrong !== undefined) {
      this.#fail(wrong);
      return;
    }
    if (!this.#memory.readMeta(headers)) this.#services.limits.reached('meta', {});
    const events = parseWsEvents(response.bytes());
    if (!events.ok) this.#fail(`the origin's events cannot be read: ${events.message}`);
    else if (this.#state === 'connecting') this.#readFirst(headers, events.value);
    else this.#readEvents(sent, events.value);
  }

  /** The origin answers with what makes no sense, or not at all. */
  #fail(detail: string): void {
    this.#exchange.abort();
    this.#finish()?.onOriginFailed(detail);
  }

  /** What waits for the origin is too much. */
  shedInput(): void {
    const owner = this.#owner;
    this.disconnect();
    owner?.onOriginOverloaded();
  }

  #countInput(): void {
    if (this.#state !== 'done') this.#services.input.update(this, this.#outbox.bytes);
  }

  #clearOutbox(): void {
    this.#outbox.clear();
    this.#services.input.remove(this);
  }

  /** Sends what is to be sent, if nothing is under way. */
  #next(): void {
    if (this.#exchange.busy || this.#walking || this.#state === 'done') return;
    if (this.#disconnect) {
      this.#send([{ type: 'DISCONNECT', content: undefined }], { ...NOTHING, disconnect: true });
    } else if (this.#state !== 'connecting' && this.#hasWork()) {
      this.#sendBatch();
    } else {
      this.#rest();
    }
  }

  #hasWork(): boolean {
    if (this.#refresh) return true;
    if (this.#outbox.hasFresh && this.#owner?.clientBlocked !== true) return true;
    // What the origin did not accept waits for its keep-alive: it has said that it wants no more for now.
    return this.#close !== undefined && !this.#closeSent && this.#leftBytes === 0;
  }

  /** Nothing to do: until the origin wants to be asked. */
  #rest(): void {
    if (this.#owner === undefined && this.#closeSent) {
      // Nobody waits for its answer to a CLOSE any more.
      this.disconnect();
      return;
    }
    if (this.#timer?.pending === true) return;
    const { keepAliveInterval } = this.#memory;
    const delay = keepAliveInterval ?? (this.#isStuck() ? OFFER_DELAY : undefined);
    if (delay === undefined) return;
    if (this.#state === 'closing' && this.#closingPolls++ === MAX_CLOSING_POLLS) this.disconnect();
    else {
      this.#timer ??= new Timer(this);
      this.#services.timers.start(this.#timer, delay);
    }
  }

  /** What the origin has put off would wait for ever: behind a CLOSE nothing follows, nor while the client is not read. */
  #isStuck(): boolean {
    if (this.#state === 'closing') return !this.#closeSent;
    return this.#leftBytes > 0 && this.blocked && this.#owner?.clientBlocked !== true;
  }

  #sendBatch(): void {
    const maxEvents = this.#oneEvent ? 1 : Number.POSITIVE_INFINITY;
    const batch = this.#outbox.batch(maxEvents, MAX_WAITING_BYTES);
    const withClose = this.#close !== undefined && !this.#closeSent && batch.complete;
    const close = withClose && batch.events.length < maxEvents ? this.#close : undefined;
    const events = close === undefined ? batch.events : [...batch.events, close];
    this.#closeSent ||= close !== undefined;
    const { bytes, complete } = batch;
    this.#send(events, { events: batch.events.length, bytes, complete, close, disconnect: false });
  }

  #send(events: readonly WsEvent[], sent: Sent): void {
    this.#sent = sent;
    this.#refresh = false;
    this.#stopTimer();
    const fields = this.#leftBytes > 0 ? ['Content-Bytes-Replayed', String(this.#leftBytes)] : [];
    // Before the client is in, another target may be had instead.
    const repeats = this.#state !== 'connecting' || sent.disconnect;
    this.#exchange.send(encodeWsEvents(events), [...fields, ...this.#memory.metaFields()], repeats);
  }

  /** What of the request the origin has accepted; a string says why that cannot be. */
  #account(sent: Sent, headers: HeaderList): string | undefined {
    const closeBytes = sent.close?.content?.length ?? 0;
    const offered = sent.bytes + closeBytes;
    const field = parseInteger(headerValue(headers, 'content-bytes-accepted') ?? '');
    const accepted = field === undefined || field < 0 ? offered : field;
    if (accepted > offered) return `Content-Bytes-Accepted is ${accepted} of ${offered} bytes`;
    if (accepted === 0 && offered > 0 && (!sent.complete || this.blocked))
      return 'the origin accepts nothing of a full request';
    if (accepted >= sent.bytes && accepted < offered) return 'the origin accepts a part of a CLOSE';
    this.#outbox.accept(Math.min(accepted, sent.bytes), sent.events);
    this.#countInput();
    this.#leftBytes = sent.bytes - Math.min(accepted, sent.bytes);
    // A CLOSE that stands behind what was not accepted has not been read.
    if (sent.close !== undefined && this.#leftBytes > 0) this.#closeSent = false;
    return undefined;
  }

  #readFirst(headers: HeaderList, events: readonly WsEvent[]): void {
    const [first, ...rest] = events;
    if (first === undefined && this.#memory.keepAliveInterval !== undefined) {
      // The origin wants to be asked again before it decides.
      if (this.#disconnect) this.#next();
      else this.#rest();
    } else if (first?.type !== 'OPEN') {
      this.#adviseOnOpening();
      this.#fail(
        first === undefined
          ? 'the origin gave no answer to OPEN'
          : `the origin answered OPEN with ${first.type}`,
      );
    } else {
      this.#state = 'connected';
      this.#walking = true;
      this.#owner?.onOriginAccept(filterHeaders(headers, (name) => !isEventsField(name)));
      this.#readEvents(NOTHING, rest);
    }
  }

  #adviseOnReject(status: number): void {
    if (status < 300) {
      this.#adviseOnOpening();
    } else if (status === 404 || status === 405) {
      this.#services.warnings.give(
        'P8_NO_HANDLER',
        `a WebSocket for ${this.#exchange.path} is refused, since POST ${this.#exchange.path} is answered with ${status}: its events come as POST requests, so handle these (app.post in Express), and call accept() on req.grip.wsContext`,
      );
    }
  }

  #adviseOnOpening(): void {
    this.#services.warnings.give(
      'P8_NOT_ACCEPTED',
      `a WebSocket for ${this.#exchange.path} is refused, since the answer to its opening does not accept it: call accept() on req.grip.wsContext (ctx.grip.wsContext in Koa), or answer with the event OPEN; another status, such as 403, refuses on purpose`,
    );
  }

  #readEvents(sent: Sent, events: readonly WsEvent[]): void {
    this.#walking = true;
    const closed = this.#walk(events);
    this.#walking = false;
    if (this.#isDone()) return;
    const closeAccepted = sent.close !== undefined && this.#closeSent;
    if (closeAccepted && (closed || this.#closeReceived)) {
      this.#finish()?.onOriginClosed();
      return;
    }
    if (closeAccepted && this.#memory.keepAliveInterval === undefined) {
      this.#fail('the origin did not answer a CLOSE');
      return;
    }
    if (closed && this.#closeSent) {
      this.#finish()?.onOriginClosed();
      return;
    }
    this.#closeReceived ||= closed;
    if (this.#wasBlocked && !this.blocked) {
      this.#wasBlocked = false;
      this.#owner?.onOriginDrained();
    }
    this.#next();
  }

  /** Passes events on. True: one of them was a CLOSE, which ends the list. */
  #walk(events: readonly WsEvent[]): boolean {
    for (const { type, content = new Uint8Array(0) } of events) {
      if (this.#isDone()) return false;
      const messageType = MESSAGE_TYPES.get(type);
      if (messageType !== undefined) {
        const wrong = checkMessage(messageType, content);
        if (wrong !== undefined) {
          this.#fail(`the origin's event ${type}: ${wrong}`);
          return false;
        }
        this.#owner?.onOriginMessage(messageType, content);
      } else if (type === 'CLOSE') {
        const { code, reason } = parseWsClose(content);
        this.#owner?.onOriginClose(code, reason);
        return true;
      } else if (type === 'DISCONNECT' || type === 'OPEN') {
        this.#fail(`the origin sent ${type}`);
        return false;
      } else {
        this.#owner?.onOriginOddity(`the origin sent an event of unknown type '${type.slice(0, 50)}'`);
      }
    }
    return false;
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#services.timers.stop(this.#timer);
  }

  #isDone(): boolean {
    return this.#state === 'done';
  }

  /** Nothing is sent any more. Gives the owner, if it is still there to be told. */
  #finish(): OriginWebSocketOwner | undefined {
    const owner = this.#owner;
    this.#state = 'done';
    this.#owner = undefined;
    this.#clearOutbox();
    this.#stopTimer();
    return owner;
  }
}
