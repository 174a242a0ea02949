import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

/** The fields that `writeHead` was given, in each of the shapes that Node allows: a flat list, pairs, or an object. */
export function* entriesOf(given: object): Generator<[name: string, value: OutgoingHttpHeader]> {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) yield [name, value];
  } else if (Array.isArray(given[0])) {
    for (const [name, value] of given) yield [name, value];
  } else {
    for (let i = 0; i + 1 < given.length; i += 2) yield [given[i], given[i + 1]];
  }
}

/** Sets them on the response, as `writeHead` would: a name that is there several times has several values. */
export function mergeHeaders(res: ServerResponse, given: unknown): void {
  if (typeof given !== 'object' || given === null) return;
  const seen = new Set<string>();
  for (const [name, value] of entriesOf(given)) {
    const lower = name.toLowerCase();
    if (seen.has(lower)) {
      res.appendHeader(name, Array.isArray(value) ? value : String(value));
    } else {
      seen.add(lower);
      res.setHeader(name, value);
    }
  }
}
