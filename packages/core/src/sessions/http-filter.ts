import { type HeaderList, headerValue } from '@p-8/protocol';
import type { Destination } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { codeOf, isTlsFailure } from '../upstream/connect-failure.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler } from '../upstream/upstream.js';
import type { FilterLimiter, LimitedRequest } from './filter-limiter.js';
import type { FollowUps } from './follow-ups.js';

/** The filters that ask the origin. */
export type HttpFilterName = 'http-check' | 'http-modify';

/** What a filter says of an item for one client. */
export type FilterVerdict =
  | { readonly action: 'send'; readonly content: Uint8Array }
  | { readonly action: 'drop' }
  | { readonly action: 'fail'; readonly detail: string };

/** What a filter is asked. */
export interface FilterQuestion {
  readonly name: HttpFilterName;
  /** Absolute. */
  readonly uri: string;
  readonly destination: Destination;
  readonly content: Uint8Array;
  readonly subMeta: ReadonlyMap<string, string>;
  readonly itemMeta: ReadonlyMap<string, string>;
}

/** What requests to filters share. */
export interface FilterServices {
  readonly timers: Timers;
  readonly filterLimiter: FilterLimiter;
  readonly followUps: FollowUps;
}

/** Milliseconds that a filter has for its answer at most, from when it is asked. Source: Pushpin 2.0. */
const MAX_TIME = 10_000;

/** The most bytes of a filter's answer. Source: Pushpin 2.0. */
const MAX_BYTES = 100_000;

const NO_CONTENT = new Uint8Array(0);

/** Asks a filter of the origin about one item for one client. Source: Pushpin 2.0. */
export class HttpFilterRequest implements UpstreamHandler, LimitedRequest, TimerOwner {
  readonly uri: string;
  readonly #question: FilterQuestion;
  readonly #services: FilterServices;
  readonly #timer = new Timer(this);
  /** Undefined: it has been told, or nobody wants to hear it. */
  #done: ((verdict: FilterVerdict) => void) | undefined;
  #call: UpstreamCall | undefined;
  /** What the answer's head says; undefined: the body is the content. */
  #verdict: FilterVerdict | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** `done` hears the verdict once, unless the request is given up; it may do so before {@link HttpFilterRequest.start} returns. */
  constructor(question: FilterQuestion, services: FilterServices, done: (verdict: FilterVerdict) => void) {
    this.uri = question.uri;
    this.#question = question;
    this.#services = services;
    this.#done = done;
  }

  start(): void {
    if (!this.#services.filterLimiter.add(this)) this.#finish(failed('too many filter requests wait'));
  }

  send(): void {
    const { destination, name, content, subMeta, itemMeta } = this.#question;
    const { upstream, request } = destination;
    const headers = [...request.headers, 'Sub-Meta', asJson(subMeta), 'Pub-Meta', asJson(itemMeta)];
    const body = name === 'http-modify' ? content : NO_CONTENT;
    const { timers, followUps } = this.#services;
    timers.start(this.#timer, Math.min(followUps.timeout || MAX_TIME, MAX_TIME));
    // It asks and changes nothing, so it may be sent again on another connection.
    const call = upstream.send({ ...request, method: 'POST', headers, body, mayRepeat: true }, this);
    if (this.#done === undefined) call.abort();
    else this.#call = call;
  }

  /** Nobody wants the answer any more. */
  abort(): void {
    this.#done = undefined;
    this.#stop();
  }

  onHead(status: number, _reason: string, headers: HeaderList): void {
    const { name, content } = this.#question;
    if (status !== 200 && status !== 204)
      this.#verdict = failed(`unexpected network request status: code=${status}`);
    else if (headerValue(headers, 'action') === 'drop') this.#verdict = { action: 'drop' };
    else if (name === 'http-check' || status === 204) this.#verdict = { action: 'send', content };
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BYTES)
      this.#finish(this.#verdict ?? failed(`network response exceeded ${MAX_BYTES} bytes`));
    else if (this.#verdict === undefined) this.#chunks.push(chunk);
    return true;
  }

  onEnd(): void {
    this.#call = undefined;
    this.#finish(this.#verdict ?? { action: 'send', content: Buffer.concat(this.#chunks, this.#bytes) });
  }

  onError(error: UpstreamError): void {
    this.#call = undefined;
    this.#finish(this.#verdict ?? failed(describe(error)));
  }

  /** There was no answer in time, or not all of it. */
  onTimer(): void {
    this.#services.followUps.onTimeout(this.uri);
    this.#finish(this.#verdict ?? failed('network request failed: request timed out'));
  }

  #finish(verdict: FilterVerdict): void {
    const done = this.#done;
    this.#done = undefined;
    this.#stop();
    done?.(verdict);
  }

  #stop(): void {
    const { timers, filterLimiter } = this.#services;
    filterLimiter.remove(this);
    timers.stop(this.#timer);
    this.#call?.abort();
    this.#call = undefined;
    this.#chunks = [];
  }
}

/** A verdict that there is none. */
export function failed(detail: string): FilterVerdict {
  return { action: 'fail', detail };
}

/** In a field there are only letters of ASCII. */
function asJson(meta: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(meta)).replace(
    /[\x7f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Texts of Pushpin 2.0; what the proxy itself refuses, it says. */
function describe({ kind, detail, cause }: UpstreamError): string {
  if (kind === 'blocked' || kind === 'no-server') return detail;
  return `network request failed: ${condition(kind, cause)}`;
}

function condition(kind: UpstreamError['kind'], cause: unknown): string {
  const code = cause instanceof Error ? codeOf(cause) : '';
  if (kind === 'timeout') return 'request timed out';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connection timed out';
  if (isTlsFailure(code)) return 'tls error';
  return kind === 'broken' ? 'disconnected' : 'general error';
}
