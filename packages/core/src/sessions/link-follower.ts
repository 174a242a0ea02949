import { type IdFilter, type Instruct, parseLinkInstruct } from '@p-8/protocol';
import { Timer, type TimerOwner } from '../timers.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler } from '../upstream/upstream.js';
import { responseFilter } from './content-filters.js';
import type { StreamRequest } from './held-request.js';
import type { StreamHold } from './stream-hold.js';

/**
 * A link that cannot be had is tried again after 1, 2, 4, 8 and 16 seconds, source: Pushpin. While the hold before it still
 * stands, it is tried again every 16 seconds from then on.
 */
const MAX_RETRIES = 5;
const FIRST_DELAY = 1000;

/** Milliseconds that live items wait for a link at first, and after an answer that came too late for that. */
const PATIENCE = 1000;
const LONG_PATIENCE = 30_000;
const NO_CONTENT = new Uint8Array(0);

/** Follows the next links of one stream: asks, sends the content on, tries again. */
export class LinkFollower implements UpstreamHandler, TimerOwner {
  readonly #request: StreamRequest;
  readonly #hold: StreamHold;
  /** While the link is asked: until that takes too long for live items to wait; else until it is asked again. */
  readonly #timer = new Timer(this);
  /** What relative links are relative to: the last link that was followed. */
  #base: string;
  #uri = '';
  /** What the client had when the link was asked. */
  #gripLast: readonly string[] = [];
  #patience = PATIENCE;
  #call: UpstreamCall | undefined;
  #instruct: Instruct | undefined;
  #filter: IdFilter | undefined;
  #sent = false;
  #failures = 0;
  /** Links in a row that brought neither content nor a hold: a link that points to itself must not spin. */
  #idleLinks = 0;

  constructor(request: StreamRequest, hold: StreamHold) {
    this.#request = request;
    this.#hold = hold;
    this.#base = request.uri;
  }

  /** Whether content of a link is on its way to the client, and more of it may come. */
  get isSending(): boolean {
    return this.#sent && this.#call !== undefined;
  }

  /** What relative links are relative to. */
  get base(): string {
    return this.#base;
  }

  /** Asks for `link`; the hold hears of its content, its instruct, or its failure. */
  follow(link: string, gripLast: readonly string[]): void {
    this.#uri = new URL(link, this.#base).href;
    if (this.#idleLinks === 0) this.ask(gripLast);
    else this.#askLater(this.#idleLinks - 1);
  }

  /** Asks for the link that is being followed, now. */
  ask(gripLast: readonly string[]): void {
    this.close();
    this.#instruct = undefined;
    this.#filter = undefined;
    this.#sent = false;
    this.#gripLast = gripLast;
    this.#request.services.timers.start(this.#timer, this.#patience);
    this.#call = this.#request.fetchLink(this.#uri, gripLast, this);
  }

  /** Gives up what is asked, or was going to be. */
  close(): void {
    this.#stopTimer();
    this.#call?.abort();
    this.#call = undefined;
  }

  /** Gives up what is asked: its answer would tell of what the client had then. */
  giveUp(): void {
    if (this.#call !== undefined) this.#abandon();
  }

  onTimer(): void {
    if (this.#call === undefined) this.#hold.onLinkDue();
    else this.#hold.onLinkSlow();
  }

  onHead(status: number, reason: string, headers: string[]): void {
    if (status < 200 || status > 299) {
      this.#abandon();
      this.#retry(`status ${status} ${reason}`);
      return;
    }
    const { prefix, jsonInstructs } = this.#request;
    const head = { status, reason, headers, body: NO_CONTENT };
    const instruct = parseLinkInstruct(head, prefix, jsonInstructs);
    if (!instruct.ok) this.#refuse(instruct.message);
    else if (instruct.value.hold === 'response') this.#refuse('Next link returned non-stream hold.');
    else this.#begin(instruct.value);
  }

  onData(chunk: Buffer): boolean {
    const content = this.#filtered(chunk);
    if (content === undefined) return true;
    if (!this.#sent) {
      if (this.#isTooLate()) return true;
      this.#hold.onLinkContent();
    }
    this.#sent = true;
    return this.#hold.writeContent(content, this.#resume);
  }

  onEnd(): void {
    if (!this.#sent && this.#isTooLate()) return;
    this.#call = undefined;
    const tail = this.#filter?.finish();
    if (tail !== undefined && !tail.ok) {
      this.#fail(`filter error: build-id: ${tail.message}`);
      return;
    }
    const instruct = this.#instruct;
    if (instruct === undefined) return;
    this.#failures = 0;
    this.#patience = PATIENCE;
    this.#base = this.#uri;
    const stands = this.#sent || instruct.hold !== 'none';
    this.#idleLinks = stands ? 0 : this.#idleLinks + 1;
    this.#hold.onLinkDone(instruct);
  }

  onError(error: UpstreamError): void {
    this.#stopTimer();
    this.#call = undefined;
    if (error.kind === 'blocked') this.#fail(error.detail);
    else this.#retry(error.detail);
  }

  /** The answer comes. It is of no use where the client has had items since that it may bring again. */
  #isTooLate(): boolean {
    this.#stopTimer();
    if (this.#hold.takesAnswer(this.#gripLast)) return false;
    this.#abandon();
    this.#failures = 0;
    // The origin is slow, but it answers: that is worth waiting for.
    this.#patience = LONG_PATIENCE;
    this.#hold.onLinkTooLate();
    return true;
  }

  #begin(instruct: Instruct): void {
    const filter = responseFilter(instruct);
    if (filter?.ok === false) {
      this.#refuse(filter.message);
      return;
    }
    this.#instruct = instruct;
    this.#filter = filter?.value;
  }

  #filtered(chunk: Buffer): Uint8Array | undefined {
    if (this.#filter === undefined) return chunk;
    const result = this.#filter.update(chunk);
    if (result.ok) return result.value;
    this.#fail(`filter error: build-id: ${result.message}`);
    return undefined;
  }

  #retry(detail: string): void {
    this.#request.services.logger.info(
      { uri: this.#uri, detail, failures: this.#failures + 1 },
      'next link failed',
    );
    if (this.#sent) {
      this.#hold.cut(detail);
    } else if (this.#failures >= MAX_RETRIES && !this.#hold.stands) {
      this.#fail('Failed to retrieve next link.');
    } else {
      this.#askLater(this.#failures++);
      this.#hold.onLinkFailed(this.#failures);
    }
  }

  /** An answer that is of no use: where a hold stands, the origin may get over it. */
  #refuse(detail: string): void {
    if (!this.#hold.stands) {
      this.#fail(detail);
      return;
    }
    this.#abandon();
    this.#retry(detail);
  }

  #askLater(exponent: number): void {
    const { timers, clock } = this.#request.services;
    const delay = FIRST_DELAY * 2 ** Math.min(exponent, MAX_RETRIES - 1);
    timers.start(this.#timer, delay + Math.floor(clock.random() * 1000));
  }

  #fail(detail: string): void {
    this.#abandon();
    this.#hold.fail(detail);
  }

  #stopTimer(): void {
    this.#request.services.timers.stop(this.#timer);
  }

  #abandon(): void {
    this.#stopTimer();
    this.#call?.abort();
    this.#call = undefined;
  }

  readonly #resume = (): void => this.#call?.resume();
}
