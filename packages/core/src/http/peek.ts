import type { Readable } from 'node:stream';

/**
 * What has come of a stream that nobody reads yet; it stays there to be read. All of it: from Node 26 on, `read()` without a length
 * gives one chunk.
 */
export function peek(stream: Readable): Buffer | undefined {
  const { readableLength } = stream;
  if (readableLength === 0) return undefined;
  const waiting: Buffer | string | null = stream.read(readableLength);
  if (waiting === null) return undefined;
  stream.unshift(waiting);
  return typeof waiting === 'string' ? Buffer.from(waiting, stream.readableEncoding ?? 'utf8') : waiting;
}
