import { encodeBase64 } from './base64.js';
import { expandFormats, type ItemInput } from './item-input.js';
import { isBytes, isJsonObject, type JsonObject } from './json.js';

/**
 * An item as JSON can carry it: the short notation written out, bytes as base64. What `parseItem` makes of it is the
 * same as in the process of the publisher.
 *
 * @example
 * ```ts
 * const body = JSON.stringify({ items: [itemToJson({ channel: 'news', formats: { 'http-stream': 'hello\n' } })] });
 * ```
 */
export function itemToJson(item: ItemInput): Record<string, unknown> {
  const formats = Object.entries(expandFormats(item.formats)).map(([name, format]) => [
    name,
    isJsonObject(format) ? formatToJson(name, format) : format,
  ]);
  return { ...item, formats: Object.fromEntries(formats) };
}

function formatToJson(name: string, format: JsonObject): JsonObject {
  const json: Record<string, unknown> = { ...format };
  for (const key of ['body', 'content']) {
    const plain = format[key];
    const binary = format[`${key}-bin`];
    if (isBytes(binary)) {
      json[`${key}-bin`] = encodeBase64(binary);
    } else if (isBytes(plain) && binary === undefined) {
      delete json[key];
      json[`${key}-bin`] = encodeBase64(plain);
      // Only the member's name said that it is a text message.
      if (name === 'ws-message') json.type = format.type ?? 'text';
    }
    if (binary !== undefined) delete json[key];
  }
  return json;
}
