import type { Instruct, SlowClientPolicy } from '@p-8/protocol';
import type { OverflowReason } from '../hub/overflow.js';
import type { Session, Subscription } from '../hub/session.js';
import type { Backlogged } from './backlog.js';
import type { StreamRequest } from './held-request.js';
import { SlowStreak } from './slow-streak.js';

/** Decides what is done about a stream whose client is too slow, and tells of it. Source of the policies: `Grip-Slow-Client`, route, proxy. */
export class SlowStream {
  readonly #request: StreamRequest;
  readonly #hold: Session & Backlogged;
  readonly #streak: SlowStreak;
  #isOver = false;

  constructor(request: StreamRequest, hold: Session & Backlogged) {
    this.#request = request;
    this.#hold = hold;
    this.#streak = new SlowStreak(request.services.clock);
  }

  /** Whether of this channel only the newest item counts. */
  conflates(subscription: Subscription, instruct: Instruct): boolean {
    return this.#policyFor(subscription, instruct) === 'conflate';
  }

  /**
   * The client is too slow: for an item of this channel, or for what there is altogether. Where the origin can fill the gap it
   * will; elsewhere the client must see that there is one.
   * @param canConflate there is an item that can take the place of others
   * @returns what is to be done; whoever has heard of it may have ended the hold
   */
  decide(
    reason: OverflowReason,
    subscription: Subscription | undefined,
    instruct: Instruct,
    canConflate: boolean,
  ): SlowClientPolicy {
    const policy = this.#policyFor(subscription, instruct);
    const channel = subscription?.channel;
    if (policy === 'conflate' && canConflate) {
      this.#note(reason, policy, channel);
      return policy;
    }
    const canRecover = instruct.nextLink !== undefined && !this.#streak.isTooLong;
    if (policy !== 'recover' || !canRecover) {
      this.giveUp(reason, channel);
      return 'close';
    }
    this.#streak.begin();
    this.#note(reason, policy, channel);
    return policy;
  }

  /** The connection is going to be ended. */
  giveUp(reason: OverflowReason, channel: string | undefined): void {
    // Whoever hears of it may publish.
    if (this.#isOver) return;
    this.#isOver = true;
    this.#note(reason, 'close', channel);
  }

  /** Items go straight to the client again. */
  onHold(): void {
    this.#streak.onHold();
  }

  /** The client had nothing waiting. */
  onKeptUp(): void {
    this.#streak.onKeptUp();
  }

  /** Of one channel, or of what is said of all. */
  #policyFor(subscription: Subscription | undefined, { slowClient }: Instruct): SlowClientPolicy {
    const own = subscription === undefined ? undefined : slowClient?.channels.get(subscription.name);
    return own ?? slowClient?.all ?? this.#request.limits.policy ?? 'recover';
  }

  #note(reason: OverflowReason, action: SlowClientPolicy, channel: string | undefined): void {
    const fields = { uri: this.#request.uri, channel, bytes: this.#hold.waitingBytes };
    this.#request.services.slowClients.note(this.#hold, reason, action, fields);
  }
}
