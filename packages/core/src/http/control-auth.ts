import type { IncomingMessage } from 'node:http';
import { isPem } from '@p-8/protocol';
import type { Clock } from '../clock.js';
import type { ControlApiOptions } from '../options.js';
import { isLoopback } from './loopback.js';
import type { Refusal } from './request-checks.js';
import { isSameSecret, keyBytes, Verifier } from './signature.js';

/** Who may use the control API: holders of the key; without one, programs on this machine. Never a page in a browser. */
export class ControlAuth {
  readonly #secret: Buffer | undefined;
  readonly #verifier: Verifier | undefined;
  readonly #iss: string | undefined;
  /** Where the last client was, and whether on this machine: it is the same one most of the time. */
  #lastAddress: string | undefined;
  #isLastLocal = false;

  constructor(options: ControlApiOptions, clock: Clock) {
    if (options.key !== undefined) {
      const key = keyBytes(options.key);
      // A PEM key is public, or is never sent: only what it has signed counts.
      this.#secret = isPem(key) ? undefined : key;
      this.#verifier = new Verifier(options.key, clock);
    }
    this.#iss = options.iss;
  }

  /** Why the request is refused; undefined: it may go on. */
  async refusal(req: IncomingMessage): Promise<Refusal | undefined> {
    const site = req.headers['sec-fetch-site'];
    if (req.headers.origin !== undefined || (site !== undefined && site !== 'none')) {
      return { status: 403, message: 'Requests of web pages are refused.' };
    }
    if (this.#verifier !== undefined) {
      return (await this.#isAuthorized(req))
        ? undefined
        : { status: 401, message: 'Authorization required.' };
    }
    // Behind a proxy on this machine everybody comes from loopback.
    const forwarded = req.headers['x-forwarded-for'] ?? req.headers.forwarded;
    if (forwarded === undefined && this.#isLocal(req.socket.remoteAddress)) return undefined;
    return { status: 403, message: 'Only clients on a loopback address are answered: set a key for others.' };
  }

  #isLocal(address: string | undefined): boolean {
    if (address !== this.#lastAddress) {
      this.#lastAddress = address;
      this.#isLastLocal = isLoopback(address);
    }
    return this.#isLastLocal;
  }

  async #isAuthorized(req: IncomingMessage): Promise<boolean> {
    const [scheme, credentials = ''] = (req.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() === 'basic') return this.#isKey(passwordOf(credentials));
    if (scheme?.toLowerCase() !== 'bearer') return false;
    if (this.#isKey(Buffer.from(credentials))) return true;
    const claims = await this.#verifier?.verify(credentials);
    return claims !== undefined && (this.#iss === undefined || claims.iss === this.#iss);
  }

  #isKey(secret: Buffer): boolean {
    return this.#secret !== undefined && isSameSecret(secret, this.#secret);
  }
}

function passwordOf(credentials: string): Buffer {
  const pair = Buffer.from(credentials, 'base64');
  return pair.subarray(pair.indexOf(':') + 1);
}
