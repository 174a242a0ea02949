import type { Jwk, KeyLike } from './keys.js';

/** A proxy that can be published to. A GRIP URI holds the same: see {@link parseGripUri}. */
export interface IGripConfig {
  /** Base of the control API: `/publish/` is appended to its path. */
  control_uri: string;
  /** Who a publisher claims to be, in a JWT. */
  control_iss?: string;
  /** For Basic authentication. */
  user?: string;
  pass?: string;
  /** Signs the JWT, or is the bearer token where there is no issuer. */
  key?: string | Jwk | Uint8Array | KeyLike;
  /** Who the proxy's `Grip-Sig` must be from. */
  verify_iss?: string;
  /** Verifies `Grip-Sig`. */
  verify_key?: string | Jwk | Uint8Array | KeyLike;
}
