import { isJsonObject, member } from './json.js';

/** Seconds that a signature is valid. Source: Pushpin 1.36. */
export const GRIP_SIG_LIFETIME_SECONDS = 3600;

/** The claims of the JWT in `Grip-Sig`. */
export interface GripSigClaims {
  /** Who signed. */
  readonly iss: string;
  /** Seconds since 1970 from which on it is not valid. */
  readonly exp: number;
}

/**
 * The claims that a `Grip-Sig` is to have now. Source: Pushpin 1.36.
 *
 * @example
 * ```ts
 * gripSigClaims('pushpin', Date.now() / 1000);
 * ```
 */
export function gripSigClaims(iss: string, nowSeconds: number): GripSigClaims {
  return { iss, exp: Math.floor(nowSeconds) + GRIP_SIG_LIFETIME_SECONDS };
}

/**
 * Whether the claims of a JWT whose signature has been verified let its sender be trusted: `exp` is an integer greater
 * than 0 and than now. The issuer does not matter. Times after 2038 are valid, which Pushpin cuts to 32 bits.
 */
export function areGripSigClaimsValid(payload: unknown, nowSeconds: number): boolean {
  const exp = isJsonObject(payload) ? member(payload, 'exp') : undefined;
  return typeof exp === 'number' && Number.isSafeInteger(exp) && exp > 0 && exp > nowSeconds;
}
