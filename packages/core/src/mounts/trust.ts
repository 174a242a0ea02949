import type { IncomingMessage } from 'node:http';
import { requestGrip } from '../handler/request-grip.js';
import { Verifier } from '../http/signature.js';
import type { ProxyContext } from './mount.js';

/** How many requests are looked at for a proxy in front that is not trusted. */
const MAX_REQUESTS = 1000;

/** Tells requests of a GRIP proxy in front, which proves itself by its signature, from those of anybody else. */
export class Trust {
  readonly #verifier: Verifier | undefined;
  readonly #context: ProxyContext;
  /** How many requests are still looked at for a proxy that is not trusted. */
  #left = MAX_REQUESTS;

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
      if (this.#verifier === undefined && this.#left > 0) this.#look(req);
      decided(false);
      return;
    }
    this.#verifier
      .verify(signature)
      .then((claims) => {
        if (claims === undefined)
          this.#warn(req, 'it is not signed with upstreamKey: give both the same key');
        decided(claims !== undefined);
      })
      .catch(onError);
  }

  /** Whoever has made the mistake tries it at once; later on it must cost nothing. */
  #look(req: IncomingMessage): void {
    this.#left--;
    // A proxy of the app, before one for other servers, has signed it too.
    if (req.headers['grip-sig'] === undefined || requestGrip(req)?.isProxied === true) return;
    this.#left = 0;
    this.#warn(req, 'set upstreamKey to its key, so that it does the holding, or do without one of the two');
  }

  #warn({ method, url }: IncomingMessage, remedy: string): void {
    this.#context.services.warnings.give(
      'P8_TWO_PROXIES',
      `${method} ${url} has Grip-Sig, so another GRIP proxy may be in front of this one, which holds the clients itself and does not trust it: ${remedy}`,
      'in front',
    );
  }
}
