import { encodeBase64, isBytes } from '@p-8/protocol';
import type { IFormatExport } from './format.js';

/** A member for text, or for bytes, in base64; none for null. */
export function exportContent(name: string, content: string | Uint8Array | null): IFormatExport {
  if (content == null) return {};
  return isBytes(content) ? { [`${name}-bin`]: encodeBase64(content) } : { [name]: content.toString() };
}
