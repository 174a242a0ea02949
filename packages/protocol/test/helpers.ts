import assert from 'node:assert/strict';
import type { HeaderList, OriginResponse, Result } from '@p-8/protocol';

/** The value of a result that must be ok. */
export function expectOk<T>(result: Result<T>): T {
  if (!result.ok) assert.fail(`not ok: ${result.message}`);
  return result.value;
}

/** The message of a result that must not be ok. */
export function expectFailure(result: Result<unknown>): string {
  if (result.ok) assert.fail(`ok: ${JSON.stringify(result.value)}`);
  return result.message;
}

/** UTF-8 bytes, without Node's Buffer so that they compare by content only. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(content: Uint8Array | undefined): string | undefined {
  return content && new TextDecoder().decode(content);
}

/** Fields from lines such as `Grip-Hold: stream`. */
export function fields(...lines: string[]): HeaderList {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/** A plain response with some `Grip-` fields. */
export function origin(...lines: string[]): OriginResponse {
  return {
    status: 200,
    reason: 'OK',
    headers: fields('Content-Type: text/plain', ...lines),
    body: bytes('hello world'),
  };
}

/** A response that is an instruct in JSON. */
export function jsonOrigin(body: unknown, ...lines: string[]): OriginResponse {
  return {
    status: 200,
    reason: 'OK',
    headers: fields('Content-Type: application/grip-instruct', ...lines),
    body: bytes(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}
