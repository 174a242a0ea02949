import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { headerValue } from '@p-8/protocol';

/** The content coding of a response that has to be undone before its body can be used as an instruct. */
export type ContentCoding = 'gzip' | 'deflate' | 'br';

/** The most bytes that a captured body may become when decoded: a small body must not unfold without bound. */
const MAX_DECODED = 10_000_000;

/** The one content coding of a response; undefined when there is none, or one that we cannot undo. */
export function contentCoding(headers: readonly string[]): ContentCoding | undefined {
  const value = headerValue(headers, 'content-encoding')?.trim().toLowerCase();
  if (value === 'gzip' || value === 'x-gzip') return 'gzip';
  return value === 'deflate' || value === 'br' ? value : undefined;
}

/** The content behind an encoded body; undefined when it is broken, or larger than a captured body should become. */
export function decode(coding: ContentCoding, body: Buffer): Buffer | undefined {
  if (body.length === 0) return body;
  const options = { maxOutputLength: MAX_DECODED };
  try {
    if (coding === 'gzip') return zlib.gunzipSync(body, options);
    return coding === 'br' ? zlib.brotliDecompressSync(body, options) : zlib.inflateSync(body, options);
  } catch {
    return undefined;
  }
}

/** A stream from encoded bytes to content. */
export function createDecoder(coding: ContentCoding): Transform {
  if (coding === 'gzip') return zlib.createGunzip();
  return coding === 'br' ? zlib.createBrotliDecompress() : zlib.createInflate();
}

/** `headers` of a response whose body has been decoded. */
export function withoutCoding(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const lower = name.toLowerCase();
    if (lower !== 'content-encoding' && lower !== 'content-length') kept.push(name, headers[i + 1] ?? '');
  }
  return kept;
}
