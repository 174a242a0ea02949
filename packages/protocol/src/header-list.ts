/**
 * HTTP header fields as a flat list, `[name, value, name, value, …]`: the shape of Node's `rawHeaders`, which keeps
 * order, letter case and duplicates, and needs no object per field.
 *
 * As in `rawHeaders`, each character of a value stands for one byte on the wire, so text outside ASCII appears as its
 * UTF-8 bytes.
 */
export type HeaderList = readonly string[];

/** The value of the first field called `name` (letter case does not matter), or undefined. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === wanted) return headers[i + 1];
  }
  return undefined;
}

/** The values of all fields called `name` (letter case does not matter), in their order. */
export function headerValues(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === wanted) values.push(headers[i + 1] ?? '');
  }
  return values;
}

/** The fields for which `keep` is true; it gets the name in lower case, and the value. */
export function filterHeaders(
  headers: HeaderList,
  keep: (lowerName: string, value: string) => boolean,
): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    if (keep(name.toLowerCase(), value)) kept.push(name, value);
  }
  return kept;
}
