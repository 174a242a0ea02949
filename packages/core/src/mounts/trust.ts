import type { IncomingMessage } from 'node:http';
import { Verifier } from '../http/signature.js';
import type { ProxyContext } from './mount.js';

/** Tells requests of a GRIP proxy in front, which proves itself by its signature, from those of anybody else. */
export class Trust {
  readonly #verifier: Verifier | undefined;
  readonly #context: ProxyContext;

  constructor(context: ProxyContext) {
    const { upstreamKey, clock } = context.settings;
    this.#context = context;
    this.#verifier = upstreamKey === undefined ? undefined : new Verifier(upstreamKey, clock);
  }

  /** Whether signatures are verified, which takes time. */
  get takesTime(): boolean {
    return this.#verifier !== undefined;
  }

  /** Calls `decided`, at once unless there is a signature to verify. `onError` gets what `decided` throws later. */
  decide(req: IncomingMessage, decided: (trusted: boolean) => void, onError: (error: unknown) => void): void {
    if (this.#context.isBehind) {
      decided(true);
      return;
    }
    const signature = this.#verifier === undefined ? undefined : req.headers['grip-sig'];
    if (this.#verifier === undefined || typeof signature !== 'string') {
      decided(false);
      return;
    }
    this.#verifier
      .verify(signature)
      .then((claims) => decided(claims !== undefined))
      .catch(onError);
  }
}
