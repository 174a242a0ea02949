import { algorithmOf } from '../key-algorithm.js';
import type { LoadedKey } from '../keys.js';
import { signJwt } from '../sign-jwt.js';
import type { IAuth } from './auth.js';

/** Seconds that a token is valid. Source: js-grip. */
const LIFETIME_SECONDS = 600;

/** Milliseconds after which a token is made anew: what is left is for clocks that differ and requests that take long. */
const RENEWAL = 480_000;

/**
 * A token that is signed with a key. It is made once for all who publish within eight minutes.
 *
 * @example
 * ```ts
 * const auth = new Auth.Jwt({ iss: 'realm' }, loadKey('base64:aGVsbG8='));
 * const headers = { Authorization: await auth.buildHeader() };
 * ```
 */
export class Jwt implements IAuth {
  readonly #claim: Record<string, string>;
  readonly #key: LoadedKey;
  readonly #alg: string | undefined;
  readonly #now: () => number;
  #header: Promise<string> | undefined;
  #signedAt = 0;

  /**
   * @param key a private key or a secret
   * @param alg the algorithm's name in JWA. Without one, the key tells: HS256, RS256, ES256, ES384, ES512 or EdDSA
   * @param now the time in milliseconds since 1970
   */
  constructor(claim: Record<string, string>, key: LoadedKey, alg?: string, now: () => number = Date.now) {
    this.#claim = claim;
    this.#key = key;
    this.#alg = alg;
    this.#now = now;
  }

  getClaim(): Record<string, string> {
    return this.#claim;
  }

  getKey(): LoadedKey {
    return this.#key;
  }

  /** @throws Error where the key cannot sign. */
  buildHeader(): Promise<string> {
    const now = this.#now();
    // A time that has been set back must not keep a token beyond its time.
    if (this.#header === undefined || now >= this.#signedAt + RENEWAL || now < this.#signedAt) {
      const header = this.#sign(Math.floor(now / 1000) + LIFETIME_SECONDS);
      this.#header = header;
      this.#signedAt = now;
      header.catch(() => {
        // Not kept: the next publisher tries again.
        if (this.#header === header) this.#header = undefined;
      });
    }
    return this.#header;
  }

  async #sign(exp: number): Promise<string> {
    const token = await signJwt({ ...this.#claim, exp }, this.#key, this.#alg ?? algorithmOf(this.#key));
    return `Bearer ${token}`;
  }
}
