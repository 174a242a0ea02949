import type { Duplex } from 'node:stream';

/** What Node knows of a connection; one in memory has none of it. */
interface Counted {
  readonly bytesWritten?: number;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/**
 * A number that changes whenever the other end of a connection takes something: a large write is taken in parts, of which
 * Node tells nobody until it is whole.
 */
export function progressOf(socket: Duplex): number {
  const { bytesWritten = 0, _handle } = socket as Duplex & Counted;
  return bytesWritten - socket.writableLength - (_handle?.writeQueueSize ?? 0);
}
