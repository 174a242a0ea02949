import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { HeaderList } from '@p-8/protocol';

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

/**
 * Names with a value each; the values of one that is repeated stand together where it came first. Node 20's `writeHead`
 * keeps only the last of them once a field has been set, even if it has been removed again.
 */
export function gatherRepeated(headers: HeaderList): readonly (string | string[])[] {
  const first = new Map<string, number>();
  let gathered: (string | string[])[] | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    const lower = name.toLowerCase();
    const at = first.get(lower);
    if (at === undefined) {
      first.set(lower, gathered?.length ?? i);
      gathered?.push(name, value);
    } else {
      gathered ??= headers.slice(0, i);
      gathered[at + 1] = [gathered[at + 1] ?? [], value].flat();
    }
  }
  return gathered ?? headers;
}
