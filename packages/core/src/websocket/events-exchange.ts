import {
  filterHeaders,
  type HeaderList,
  headerValue,
  isWsEventsType,
  WS_EVENTS_CONTENT_TYPE,
} from '@p-8/protocol';
import type { Clock } from '../clock.js';
import { isConnectionField } from '../http/events-fields.js';
import type { InputBytes } from '../input-bytes.js';
import type { Limits } from '../limits.js';
import type { OnError } from '../logger.js';
import type { Handshake } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { failureCause } from '../upstream/connect-failure.js';
import { TimedCall } from '../upstream/timed-call.js';
import {
  failureStatus,
  type Upstream,
  type UpstreamCall,
  type UpstreamError,
  type UpstreamHandler,
  type UpstreamRequest,
} from '../upstream/upstream.js';
import type { Warnings } from '../warnings.js';
import type { OriginCall } from './origin-web-socket.js';
import { ResponseBody } from './response-body.js';

/** How often a request is repeated that has not reached the origin, after how many milliseconds first. Source: Pushpin. */
const MAX_RETRIES = 5;
const RETRY_DELAY = 1000;

/** The most bytes of a response that holds no events. Source: Pushpin. */
const MAX_REJECTION = 100_000;

/** Room in a response for what is no content: the names and lengths of events. */
const EVENTS_OVERHEAD = 65_536;

/** What all exchanges of a proxy share. */
export interface EventsServices {
  /** The most bytes of content in one response. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Bounds what waits for origins. */
  readonly input: InputBytes;
  /** Milliseconds for a whole answer; 0: for ever. */
  readonly eventsTimeout: number;
  readonly limits: Limits;
  readonly warnings: Warnings;
  /** Gets what an asker throws. */
  readonly onError: OnError;
}

/** Who asks by an {@link EventsExchange}. */
export interface EventsAsker {
  onResponse(response: ResponseBody): void;
  /** No connection could be made. `status`: what a client is answered with that is not in yet. */
  onUnreachable(detail: string, status: number, cause: string): void;
  /** There is no whole response. */
  onFailed(detail: string): void;
  /** There is none in time: nobody knows what the origin has made of the request. */
  onTimedOut(detail: string): void;
}

/** The requests of one WebSocket to an origin that is asked over HTTP: one at a time. */
export class EventsExchange implements UpstreamHandler, TimerOwner {
  readonly #services: EventsServices;
  readonly #upstream: Upstream;
  readonly path: string;
  /** The client's handshake, as far as each request repeats it. */
  readonly #headers: HeaderList;
  readonly #call: OriginCall;
  readonly #asker: EventsAsker;
  /** For the wait before a request is repeated. */
  #timer: Timer | undefined;
  #body: Uint8Array | undefined;
  #fields: HeaderList = NO_FIELDS;
  #underWay: UpstreamCall | undefined;
  #response: ResponseBody | undefined;
  /** The client is in: the request must get through, if it takes a while. */
  #repeats = false;
  #retriesLeft = 0;

  /** `handshake`: the client's as the origin gets it, `Host` included. */
  constructor(
    services: EventsServices,
    upstream: Upstream,
    { path, headers }: Handshake,
    call: OriginCall,
    asker: EventsAsker,
  ) {
    this.#services = services;
    this.#upstream = upstream;
    this.path = path;
    this.#headers = filterHeaders(headers, isForwarded);
    this.#call = call;
    this.#asker = asker;
  }

  /** A request is under way, or waits to be repeated. */
  get busy(): boolean {
    return this.#body !== undefined;
  }

  /** Sends events. `repeats`: again, where no connection can be made. */
  send(body: Uint8Array, fields: HeaderList, repeats: boolean): void {
    this.#body = body;
    this.#fields = fields;
    this.#repeats = repeats;
    this.#retriesLeft = repeats ? MAX_RETRIES : 0;
    this.#dispatch(body);
  }

  /** Gives up what is under way; the asker hears nothing more. */
  abort(): void {
    const call = this.#underWay;
    this.#clear();
    if (this.#timer !== undefined) this.#services.timers.stop(this.#timer);
    call?.abort();
  }

  onTimer(): void {
    if (this.#body !== undefined) this.#dispatch(this.#body);
  }

  onHead(status: number, reason: string, headers: string[]): void {
    const isEvents = status === 200 && isWsEventsType(headerValue(headers, 'content-type'));
    const max = isEvents ? this.#services.maxMessageBytes + EVENTS_OVERHEAD : MAX_REJECTION;
    this.#response = new ResponseBody(status, reason, headers, isEvents, max);
  }

  onData(chunk: Buffer): boolean {
    const response = this.#response;
    if (response === undefined || response.add(chunk)) return true;
    this.abort();
    // The beginning of what is no events will do.
    if (!response.isEvents) this.#tell(() => this.#asker.onResponse(response));
    else this.#tell(() => this.#asker.onFailed('the response is larger than maxMessageBytes allows'));
    return true;
  }

  onEnd(): void {
    const response = this.#response;
    this.#clear();
    if (response !== undefined) this.#tell(() => this.#asker.onResponse(response));
  }

  onError(error: UpstreamError): void {
    const isUnreached = error.kind === 'connect' || error.kind === 'busy';
    if (isUnreached && this.#retriesLeft > 0) {
      this.#underWay = undefined;
      this.#waitToRepeat(error.kind === 'busy');
      return;
    }
    this.#clear();
    this.#tell(() => {
      if (isUnreached) this.#asker.onUnreachable(error.detail, failureStatus(error), failureCause(error));
      else if (error.kind === 'timeout') this.#asker.onTimedOut(error.detail);
      else this.#asker.onFailed(error.detail);
    });
  }

  /** An error of the asker's, or of whoever is behind it, ends this connection and no other. */
  #tell(run: () => void): void {
    const { onError } = this.#services;
    try {
      run();
    } catch (error) {
      onError(error);
      try {
        this.#asker.onFailed('an internal error');
      } catch (again) {
        onError(again);
      }
    }
  }

  /** Where the origin is only busy, it will be asked in the end. */
  #waitToRepeat(isBusy: boolean): void {
    const { clock, timers } = this.#services;
    const delay = RETRY_DELAY * 2 ** (MAX_RETRIES - this.#retriesLeft);
    if (!isBusy) this.#retriesLeft--;
    this.#timer ??= new Timer(this);
    timers.start(this.#timer, delay + Math.floor(clock.random() * RETRY_DELAY));
  }

  #dispatch(body: Uint8Array): void {
    const { connectionId, client } = this.#call;
    const path = this.path;
    const headers = [...this.#headers, ...this.#call.fields(), 'Accept', WS_EVENTS_CONTENT_TYPE];
    headers.push('Connection-Id', connectionId, 'Content-Type', WS_EVENTS_CONTENT_TYPE, ...this.#fields);
    // A request that met a connection which the origin was just closing has not been read: it may be sent again.
    const request = { method: 'POST', path, headers, body, client, mayRepeat: true };
    const call = this.#ask({ ...request, isClients: !this.#repeats });
    // It may have failed already.
    if (this.#body === body && this.#timer?.pending !== true) this.#underWay = call;
  }

  #ask(request: UpstreamRequest): UpstreamCall {
    const { eventsTimeout, timers, limits, onError } = this.#services;
    if (eventsTimeout === 0) return this.#upstream.send(request, this);
    return TimedCall.send(this.#upstream, request, this, {
      timers,
      ms: eventsTimeout,
      scope: () => 'whole',
      onTimeout: () => limits.reached('eventsTimeout', { uri: this.#uri }),
      onError,
    });
  }

  /** For the log. */
  get #uri(): string {
    const scheme = this.#call.client.encrypted ? 'wss' : 'ws';
    return `${scheme}://${headerValue(this.#headers, 'host') ?? ''}${this.path}`;
  }

  #clear(): void {
    this.#body = this.#underWay = this.#response = undefined;
    this.#fields = NO_FIELDS;
  }
}

const NO_FIELDS: HeaderList = [];

/** Fields of the client's that the proxy writes itself: an origin must not take them from elsewhere. */
function isForwarded(lowerName: string): boolean {
  // Many origins cannot tell the two: CGI, and what followed it, makes one of both.
  switch (lowerName.replaceAll('_', '-')) {
    case 'accept':
    case 'content-length':
    case 'content-type':
    case 'upgrade':
      return false;
    default:
      return !isConnectionField(lowerName);
  }
}
