import { createPublicKey } from 'node:crypto';
import { formatGripUri, type GripEndpoint, isPem, parseKey } from '@p-8/protocol';
import { type P8ServerOptions, WELL_KNOWN_KEY } from './options.js';
import type { Writable } from './writable.js';

/** Stands for a secret that is not shown. */
const HIDDEN = 'HIDDEN';

/**
 * The `GRIP_URL` that an origin needs to publish, and to see that requests come from this proxy. An asymmetric signing key is
 * given as its public half.
 *
 * @param showSecrets false puts `HIDDEN` in place of keys that are not known to everybody: standard output may end in a log
 */
export function gripUrl(controlUrl: string, options: P8ServerOptions, showSecrets: boolean): string {
  const endpoint: Partial<Writable<GripEndpoint>> = {};
  const sigKey = toBytes(options.proxy?.sigKey ?? WELL_KNOWN_KEY);
  if (sigKey !== undefined) {
    const shown = isPem(sigKey) ? toPublic(sigKey) : secret(sigKey, showSecrets);
    if (shown !== undefined) endpoint.verifyKey = shown;
  }
  const control = options.control === false ? undefined : options.control;
  const controlKey = toBytes(control?.key);
  if (controlKey !== undefined) endpoint.key = secret(controlKey, showSecrets);
  // Some libraries read no verify-key without a key, and older ones verify with the key. An API without a key takes any.
  else if (endpoint.verifyKey !== undefined)
    endpoint.key = isPem(endpoint.verifyKey) ? Buffer.from(WELL_KNOWN_KEY) : endpoint.verifyKey;
  if (control?.iss !== undefined) endpoint.controlIss = control.iss;
  return formatGripUri({ ...endpoint, controlUri: controlUrl });
}

function secret(key: Uint8Array, showSecrets: boolean): Uint8Array {
  const known = Buffer.from(key).toString() === WELL_KNOWN_KEY;
  return showSecrets || known ? key : Buffer.from(HIDDEN);
}

/** Undefined for a key that cannot be read; the proxy says so where it uses it. */
function toPublic(key: Uint8Array): Uint8Array | undefined {
  try {
    return Buffer.from(createPublicKey(Buffer.from(key)).export({ type: 'spki', format: 'pem' }));
  } catch {
    return undefined;
  }
}

function toBytes(key: string | Uint8Array | undefined): Uint8Array | undefined {
  if (key === undefined) return undefined;
  return typeof key === 'string' ? parseKey(key) : key;
}
