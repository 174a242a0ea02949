import { ok, type Result } from './result.js';
import { renderTemplate } from './template.js';
import { binaryToBytes, bytesToBinary, decodeUtf8, encodeUtf8 } from './text.js';

const PERCENT = 0x25;

/**
 * The filter `var-subst`: replaces `%(NAME)s` in content by the subscription's meta, and `%%` by a percent sign. Any other
 * percent sign is an error. Content need not be text; messages have the offset in bytes. Source: GRIP, Pushpin 1.36.
 *
 * @param maxBytes what is put in may have as many bytes in all; more is an error. @default no limit
 *
 * @example
 * ```ts
 * substituteVariables(new TextEncoder().encode('hello %(user)s'), new Map([['user', 'alice']]));
 * ```
 */
export function substituteVariables(
  content: Uint8Array,
  meta: ReadonlyMap<string, string>,
  maxBytes?: number,
): Result<Uint8Array> {
  if (!content.includes(PERCENT)) return ok(content);
  const lookup = (name: string): string | undefined => {
    const value = meta.get(decodeUtf8(binaryToBytes(name)));
    return value === undefined ? undefined : bytesToBinary(encodeUtf8(value));
  };
  const rendered = renderTemplate(bytesToBinary(content), lookup, maxBytes);
  return rendered.ok ? ok(binaryToBytes(rendered.value)) : rendered;
}
