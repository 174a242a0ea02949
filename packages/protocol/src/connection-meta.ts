import type { HeaderList } from './header-list.js';
import { isFieldValue, isToken } from './header-rules.js';
import { decodeHeaderText, encodeHeaderText } from './text.js';

const META_FIELD = 'meta-';

/** What a proxy remembers of a connection for its origin, in `Meta-` fields: names in lower case. Source: WebSocket-over-HTTP. */
export function parseMeta(headers: HeaderList): Record<string, string> {
  const meta: [name: string, value: string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]?.toLowerCase() ?? '';
    if (!name.startsWith(META_FIELD)) continue;
    meta.push([name.slice(META_FIELD.length), decodeHeaderText(headers[i + 1] ?? '')]);
  }
  // Members of its own, whatever their names are.
  return Object.fromEntries(meta);
}

/**
 * The `Set-Meta-` fields that turn what is remembered from `before` to `after`: an empty one has the proxy forget.
 * @throws Error where a name or value cannot be sent.
 */
export function setMetaHeaders(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string> {
  const old = readMeta(before);
  const now = readMeta(after);
  const fields: [name: string, value: string][] = [];
  for (const name of old.keys()) if (!now.has(name)) fields.push([`Set-Meta-${name}`, '']);
  for (const [name, value] of now) {
    if (old.get(name) === value) continue;
    const field = encodeHeaderText(value);
    if (!isToken(name) || !isFieldValue(field)) throw new Error(`The meta '${name}' cannot be sent.`);
    fields.push([`Set-Meta-${name}`, field]);
  }
  return Object.fromEntries(fields);
}

function readMeta(meta: Readonly<Record<string, unknown>>): Map<string, string> {
  const read = new Map<string, string>();
  for (const [name, value] of Object.entries(meta)) {
    // Whoever writes no TypeScript may set members to anything; these are as deleted.
    if (value !== undefined && value !== null) read.set(name.toLowerCase(), String(value));
  }
  return read;
}
