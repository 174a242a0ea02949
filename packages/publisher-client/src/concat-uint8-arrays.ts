import { concatBytes } from '@p-8/protocol';

/** The bytes of all, one after the other. */
export function concatUint8Arrays(...arrays: Uint8Array[]): Uint8Array {
  return concatBytes(arrays);
}
