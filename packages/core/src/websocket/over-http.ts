import {
  encodeWsClose,
  encodeWsEvents,
  filterHeaders,
  type HeaderList,
  headerValue,
  isWsEventsType,
  parseInteger,
  parseWsClose,
  parseWsEvents,
  WS_EVENTS_CONTENT_TYPE,
  type WsEvent,
} from '@p-8/protocol';
import type { Clock } from '../clock.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import type {
  ClientFacts,
  Upstream,
  UpstreamCall,
  UpstreamError,
  UpstreamHandler,
} from '../upstream/upstream.js';
import { EventsState, isEventsField } from './events-state.js';
import { checkMessage, MESSAGE_TYPES, type MessageType } from './message.js';
import type { OriginWebSocket, OriginWebSocketOwner } from './origin-web-socket.js';
import { Outbox } from './outbox.js';
import { ResponseBody } from './response-body.js';

/** Bytes and messages of a client that wait for the origin before the client is read no further. Source of the bytes: Pushpin. */
const MAX_WAITING_BYTES = 200_000;
const MAX_WAITING_MESSAGES = 1000;

/** How often a request is repeated that has not reached the origin, after how many milliseconds first. Source: Pushpin. */
const MAX_RETRIES = 5;
const RETRY_DELAY = 1000;

/** The most bytes of a refusal's body that the client gets. Source: Pushpin. */
const MAX_REJECTION = 100_000;

/** Room in a response for what is no content: the names and lengths of events. */
const EVENTS_OVERHEAD = 65_536;

/** What an {@link OverHttp} needs to know. */
export interface OverHttpOptions {
  readonly upstream: Upstream;
  readonly path: string;
  /** The client's handshake as the origin gets it, `Host` included. */
  readonly headers: HeaderList;
  /** What changes from request to request: Grip-Sig. */
  readonly fields: () => HeaderList;
  readonly connectionId: string;
  /** At most one event in a request. */
  readonly oneEvent: boolean;
  /** The most bytes of content in one response. */
  readonly maxMessageBytes: number;
  readonly client: ClientFacts;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Hears of what is wrong and does no harm. */
  readonly onOddity: (detail: string) => void;
}

/** `connecting`: the origin has not let the client in; `closing`: it is to be told of the end, or has been. */
type State = 'connecting' | 'connected' | 'closing' | 'done';

/** A request that is under way, or waits to be repeated. */
interface Sent {
  readonly body: Uint8Array;
  readonly events: number;
  readonly bytes: number;
  readonly close: WsEvent | undefined;
  readonly disconnect: boolean;
  readonly complete: boolean;
}

const NOTHING: Sent = {
  body: new Uint8Array(0),
  events: 0,
  bytes: 0,
  close: undefined,
  disconnect: false,
  complete: true,
};

/**
 * WebSocket-over-HTTP: an origin gets the client's messages as events in short requests, one at a time, and answers with
 * events. Source: https://pushpin.org/docs/protocols/websocket-over-http/, Pushpin 1.41.
 */
export class OverHttp implements OriginWebSocket, UpstreamHandler, TimerOwner {
  readonly #options: OverHttpOptions;
  readonly #headers: HeaderList;
  #owner: OriginWebSocketOwner | undefined;
  #state: State = 'connecting';
  readonly #outbox = new Outbox();
  readonly #memory = new EventsState();
  /** For the keep-alive, and for the wait before a request is repeated: they exclude each other. */
  readonly #timer = new Timer(this);
  #sent: Sent | undefined;
  #call: UpstreamCall | undefined;
  #response: ResponseBody | undefined;
  #retries = 0;
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
  /** Bytes that the origin was offered and has not accepted. */
  #leftBytes = 0;

  constructor(options: OverHttpOptions, owner: OriginWebSocketOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#headers = filterHeaders(options.headers, isForwarded);
  }

  get blocked(): boolean {
    return this.#outbox.bytes >= MAX_WAITING_BYTES || this.#outbox.messages >= MAX_WAITING_MESSAGES;
  }

  open(): void {
    this.#send({ ...NOTHING, body: encodeWsEvents([{ type: 'OPEN', content: undefined }]) });
  }

  send(type: MessageType, content: Uint8Array): void {
    if (this.#state !== 'connected') return;
    this.#outbox.push(type, content);
    this.#wasBlocked ||= this.blocked;
    this.#next();
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
    this.#outbox.clear();
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

  /** The origin is to be asked again, or once more. */
  onTimer(): void {
    if (this.#sent !== undefined) this.#dispatch(this.#sent);
    else if (this.#state === 'connecting') this.open();
    else this.#sendBatch();
  }

  onHead(status: number, reason: string, headers: string[]): void {
    const isEvents = status === 200 && isWsEventsType(headerValue(headers, 'content-type'));
    const max = isEvents ? this.#options.maxMessageBytes + EVENTS_OVERHEAD : MAX_REJECTION;
    this.#response = new ResponseBody(status, reason, headers, isEvents, max);
  }

  onData(chunk: Buffer): boolean {
    const response = this.#response;
    if (response === undefined || response.add(chunk)) return true;
    this.#call?.abort();
    // The beginning of a refusal will do for the client.
    if (this.#state === 'connecting' && !response.isEvents) this.onEnd();
    else this.#fail('the response is larger than maxMessageBytes allows');
    return true;
  }

  onEnd(): void {
    const [sent, response] = [this.#sent, this.#response];
    this.#sent = this.#call = this.#response = undefined;
    this.#retries = 0;
    if (sent !== undefined && response !== undefined) this.#read(sent, response);
  }

  onError(error: UpstreamError): void {
    this.#call = this.#response = undefined;
    if (this.#state === 'connecting') {
      this.#sent = undefined;
      const owner = this.#finish();
      if (error.kind === 'connect') owner?.onOriginUnreachable(error.detail);
      else owner?.onOriginFailed(error.detail);
    } else if (error.kind === 'connect' && this.#retries < MAX_RETRIES) {
      const { clock, timers } = this.#options;
      const spread = Math.floor(clock.random() * RETRY_DELAY);
      timers.start(this.#timer, RETRY_DELAY * 2 ** this.#retries++ + spread);
    } else {
      this.#fail(error.detail);
    }
  }

  /** Sends what is to be sent, if nothing is under way. */
  #next(): void {
    if (this.#sent !== undefined || this.#walking || this.#state === 'done') return;
    if (this.#disconnect) {
      this.#send({
        ...NOTHING,
        body: encodeWsEvents([{ type: 'DISCONNECT', content: undefined }]),
        disconnect: true,
      });
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
    if (this.#timer.pending) return;
    const { keepAliveInterval } = this.#memory;
    // A CLOSE that the origin put off would never be sent without one.
    const delay =
      keepAliveInterval ?? (this.#state === 'closing' && !this.#closeSent ? RETRY_DELAY : undefined);
    if (delay !== undefined) this.#options.timers.start(this.#timer, delay);
  }

  #sendBatch(): void {
    const { oneEvent } = this.#options;
    const maxEvents = oneEvent ? 1 : Number.POSITIVE_INFINITY;
    const batch = this.#outbox.batch(maxEvents, MAX_WAITING_BYTES);
    const withClose = this.#close !== undefined && !this.#closeSent && batch.complete;
    const close = withClose && batch.events.length < maxEvents ? this.#close : undefined;
    const events = close === undefined ? batch.events : [...batch.events, close];
    this.#closeSent ||= close !== undefined;
    const { bytes, complete } = batch;
    this.#send({
      body: encodeWsEvents(events),
      events: batch.events.length,
      bytes,
      close,
      complete,
      disconnect: false,
    });
  }

  #send(sent: Sent): void {
    this.#sent = sent;
    this.#refresh = false;
    this.#dispatch(sent);
  }

  #dispatch(sent: Sent): void {
    const { upstream, path, fields, connectionId, client, timers } = this.#options;
    timers.stop(this.#timer);
    const headers = [...this.#headers, ...fields(), 'Accept', WS_EVENTS_CONTENT_TYPE];
    headers.push('Connection-Id', connectionId, 'Content-Type', WS_EVENTS_CONTENT_TYPE);
    if (this.#leftBytes > 0) headers.push('Content-Bytes-Replayed', String(this.#leftBytes));
    headers.push(...this.#memory.metaFields());
    // A request that met a connection which the origin was just closing has not been read: it may be sent again.
    const request = { method: 'POST', path, headers, body: sent.body, client, mayRepeat: true };
    const call = upstream.send(request, this);
    // It may have failed already.
    if (this.#sent === sent && !this.#timer.pending) this.#call = call;
  }

  #read(sent: Sent, response: ResponseBody): void {
    if (sent.disconnect) {
      this.#finish();
      return;
    }
    const { status, reason, headers } = response;
    const body = response.bytes();
    if (!response.isEvents) {
      const type = headerValue(headers, 'content-type') ?? 'none';
      if (this.#state === 'connecting') this.#finish()?.onOriginReject(status, reason, headers, body);
      else this.#fail(`the origin answered ${status}, Content-Type ${type}, where events are expected`);
      return;
    }
    this.#memory.readKeepAlive(headers);
    const wrong = this.#account(sent, headers);
    if (wrong !== undefined) {
      this.#fail(wrong);
      return;
    }
    this.#memory.readMeta(headers);
    const events = parseWsEvents(body);
    if (!events.ok) this.#fail(`the origin's events cannot be read: ${events.message}`);
    else if (this.#state === 'connecting') this.#readFirst(headers, events.value);
    else this.#readEvents(sent, events.value);
  }

  /** What of the request the origin has accepted; a string says why that cannot be. */
  #account(sent: Sent, headers: HeaderList): string | undefined {
    const closeBytes = sent.close?.content?.length ?? 0;
    const offered = sent.bytes + closeBytes;
    const field = parseInteger(headerValue(headers, 'content-bytes-accepted') ?? '');
    const accepted = field === undefined || field < 0 ? offered : field;
    if (accepted > offered) return `Content-Bytes-Accepted is ${accepted} of ${offered} bytes`;
    if (accepted === 0 && offered > 0 && !sent.complete)
      return 'the origin accepts nothing of a full request';
    if (accepted >= sent.bytes && accepted < offered) return 'the origin accepts a part of a CLOSE';
    this.#outbox.accept(Math.min(accepted, sent.bytes), sent.events);
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
        this.#options.onOddity(`the origin sent an event of unknown type '${type.slice(0, 50)}'`);
      }
    }
    return false;
  }

  #isDone(): boolean {
    return this.#state === 'done';
  }

  #fail(detail: string): void {
    this.#call?.abort();
    this.#finish()?.onOriginFailed(detail);
  }

  /** Nothing is sent any more. Gives the owner, if it is still there to be told. */
  #finish(): OriginWebSocketOwner | undefined {
    const owner = this.#owner;
    this.#state = 'done';
    this.#owner = this.#sent = this.#call = this.#response = undefined;
    this.#outbox.clear();
    this.#options.timers.stop(this.#timer);
    return owner;
  }
}

/** Fields of the client's that the proxy writes itself: an origin must not take them from elsewhere. */
function isForwarded(lowerName: string): boolean {
  switch (lowerName) {
    case 'accept':
    case 'connection-id':
    case 'content-bytes-replayed':
    case 'content-length':
    case 'content-type':
    case 'upgrade':
      return false;
    default:
      return !lowerName.startsWith('meta-');
  }
}
