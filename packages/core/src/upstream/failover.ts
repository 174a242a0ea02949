import { Readable } from 'node:stream';
import { failureCause } from './connect-failure.js';
import { PassingHandler } from './passing-handler.js';
import type { Upstream, UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** One target of a {@link FailoverUpstream}. */
export interface FailoverTarget {
  /** For messages: `host:port`. */
  readonly name: string;
  readonly upstream: Upstream;
  /** Replaces the request's `Host`. */
  readonly host: string | undefined;
}

/**
 * Several targets, tried in order. The next one is asked only when no connection could be made: then nothing of the
 * request has been read, and a body that streams is still whole.
 */
export class FailoverUpstream implements Upstream {
  readonly #targets: readonly FailoverTarget[];

  constructor(targets: readonly FailoverTarget[]) {
    this.#targets = targets;
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const call = new FailoverCall(this.#targets, request, handler);
    call.next();
    return call;
  }

  async close(): Promise<void> {
    await Promise.all(this.#targets.map(({ upstream }) => upstream.close()));
  }
}

class FailoverCall extends PassingHandler implements UpstreamCall {
  readonly #targets: readonly FailoverTarget[];
  readonly #request: UpstreamRequest;
  #index = 0;
  #call: UpstreamCall | undefined;
  #aborted = false;
  /** Why the last target could not be reached. */
  #cause: unknown;
  /** What became of each of them. */
  #reason = '';
  /** One of them could be reached, were there not so many who want to. */
  #isBusy = false;

  constructor(targets: readonly FailoverTarget[], request: UpstreamRequest, handler: UpstreamHandler) {
    super(handler);
    this.#targets = targets;
    this.#request = request;
  }

  next(): void {
    const target = this.#targets[this.#index++];
    if (target === undefined) {
      const tried = this.#targets.map(({ name }) => name).join(', ');
      const detail = `Unable to connect to any targets. Tried: ${tried}`;
      // Nobody has read it: the rest must not hold up what the client sends next.
      if (this.#request.body instanceof Readable) this.#request.body.destroy();
      const kind = this.#isBusy ? 'busy' : 'connect';
      this.handler.onError({ kind, detail, cause: this.#cause, reason: this.#reason });
      return;
    }
    const { host } = target;
    const request =
      host === undefined
        ? this.#request
        : { ...this.#request, headers: withHost(this.#request.headers, host) };
    const call = target.upstream.send(request, this);
    // A failure can come before `send` returns; then the next target's call is in place already.
    if (this.#call === undefined || this.#targets[this.#index - 1] === target) this.#call = call;
    if (this.#aborted) call.abort();
  }

  abort(): void {
    this.#aborted = true;
    this.#call?.abort();
  }

  resume(): void {
    this.#call?.resume();
  }

  override onError(error: UpstreamError): void {
    this.#cause = error.cause;
    this.#isBusy ||= error.kind === 'busy';
    const name = this.#targets[this.#index - 1]?.name ?? '';
    this.#reason += `${this.#reason && '; '}${name}: ${failureCause(error)}`;
    if (error.kind === 'connect' || error.kind === 'busy') this.next();
    else this.handler.onError({ ...error, reason: this.#reason });
  }
}

/** `headers` with `host` in place of its `Host` field. */
export function withHost(headers: readonly string[], host: string): string[] {
  const changed = [...headers];
  for (let i = 0; i < changed.length; i += 2) {
    if (changed[i]?.toLowerCase() === 'host') {
      changed[i + 1] = host;
      return changed;
    }
  }
  changed.push('Host', host);
  return changed;
}
