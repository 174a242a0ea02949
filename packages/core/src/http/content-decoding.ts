import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { headerValue } from '@p-8/protocol';

interface Coding {
  decode(body: Buffer, options: { maxOutputLength: number }): Buffer;
  createDecoder(): Transform;
}

/** Node has zstd from 22.15 on; its types for Node 20 do not know it. */
interface ZstdParts {
  zstdDecompressSync?: Coding['decode'];
  createZstdDecompress?: Coding['createDecoder'];
}

const { zstdDecompressSync, createZstdDecompress } = zlib as ZstdParts;
const gzip: Coding = { decode: zlib.gunzipSync, createDecoder: zlib.createGunzip };
const codings = new Map<string, Coding>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', { decode: zlib.inflateSync, createDecoder: zlib.createInflate }],
  ['br', { decode: zlib.brotliDecompressSync, createDecoder: zlib.createBrotliDecompress }],
]);
if (zstdDecompressSync !== undefined && createZstdDecompress !== undefined) {
  codings.set('zstd', { decode: zstdDecompressSync, createDecoder: createZstdDecompress });
}

/** The most bytes that a captured body may become when decoded: a small body must not unfold without bound. */
const MAX_DECODED = 10_000_000;

/** The content coding of a response, which has to be undone before its body can be used; undefined when there is none. */
export function contentCoding(headers: readonly string[]): string | undefined {
  const value = headerValue(headers, 'content-encoding')?.trim().toLowerCase();
  return value === '' || value === 'identity' ? undefined : value;
}

/** The content behind an encoded body; undefined when it is broken, larger than it should become, or of an unknown coding. */
export function decode(coding: string, body: Buffer): Buffer | undefined {
  if (body.length === 0) return body;
  try {
    return codings.get(coding)?.decode(body, { maxOutputLength: MAX_DECODED });
  } catch {
    return undefined;
  }
}

/** A stream from encoded bytes to content; undefined: the coding is unknown. */
export function createDecoder(coding: string): Transform | undefined {
  return codings.get(coding)?.createDecoder();
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
