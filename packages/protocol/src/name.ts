import { fail, type Result } from './result.js';
import { encodeUtf8 } from './text.js';

/**
 * The most bytes, in UTF-8, of a name or an id: of channels with their prefix, items, filters and meta. Proxies keep tables of
 * them, so their number alone bounds no memory.
 */
export const MAX_NAME_BYTES = 1024;

/** A name or id that has been read, unless it is too long. @param prefix counts with it */
export function boundedName<T extends string | undefined>(
  name: Result<T>,
  parent: string,
  key: string,
  prefix = '',
): Result<T> {
  return name.ok ? (nameFault(name.value, parent, key, prefix) ?? name) : name;
}

/** Names or ids that have been read, unless one of them is too long. */
export function boundedNames<T extends readonly string[] | undefined>(
  names: Result<T>,
  parent: string,
  key: string,
): Result<T> {
  if (!names.ok) return names;
  for (const name of names.value ?? []) {
    const fault = nameFault(name, parent, key, '');
    if (fault !== undefined) return fault;
  }
  return names;
}

/** How many bytes a name has, where they are more than it may have. */
export function excessBytes(name: string): number | undefined {
  // A unit of UTF-16 has at most three.
  if (name.length * 3 <= MAX_NAME_BYTES) return undefined;
  const bytes = encodeUtf8(name).length;
  return bytes > MAX_NAME_BYTES ? bytes : undefined;
}

function nameFault(
  name: string | undefined,
  parent: string,
  key: string,
  prefix: string,
): ReturnType<typeof fail> | undefined {
  const bytes = name === undefined ? undefined : excessBytes(prefix + name);
  if (bytes === undefined) return undefined;
  const counted = prefix === '' ? '' : ' with its prefix';
  return fail(
    `${parent} contains '${key}' of ${bytes} bytes${counted}; at most ${MAX_NAME_BYTES} are allowed`,
  );
}
