import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, isPem, ok, type Result } from '@p-8/protocol';
import { errorText } from '../error-text.js';
import { plainLines } from '../plain-lines.js';

/** A key as the proxy's options take it. */
export type Key = string | Uint8Array;

/**
 * Reads a key as configuration writes it: `file:PATH` is a file with a PEM key or with a secret in hexadecimal digits,
 * anything else is left to the proxy (`base64:…`, or the secret itself).
 *
 * @param directory what a relative PATH is relative to
 */
export function readKey(text: string, directory: string): Result<Key> {
  if (!text.startsWith('file:')) return ok(text);
  const path = resolve(directory, text.slice('file:'.length));
  let content: string;
  try {
    content = plainLines(readFileSync(path, 'utf8')).trim();
  } catch (error) {
    return fail(`cannot read the key file ${path}: ${errorText(error)}`);
  }
  if (isPem(content)) return ok(content);
  if (content === '' || content.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(content)) {
    return fail(
      `the key file ${path} holds neither a PEM key (-----BEGIN …) nor a secret in hexadecimal digits`,
    );
  }
  return ok(Buffer.from(content, 'hex'));
}
