import {
  createIdFilter,
  fail,
  type IdFilter,
  type Instruct,
  ok,
  type Result,
  substituteVariables,
} from '@p-8/protocol';

/** The most bytes that a filter puts into an item's content: a directive of a few bytes may stand for very much. */
const MAX_ADDED = 1_048_576;

export type PrevIdOf = (channel: string) => string | undefined;

/** Runs the content of an item through a subscription's content filters, in their order. */
export function filterContent(
  content: Uint8Array,
  filters: readonly string[],
  meta: ReadonlyMap<string, string>,
  prevIdOf: PrevIdOf,
): Result<Uint8Array> {
  let result: Result<Uint8Array> = ok(content);
  for (const name of filters) {
    if (!result.ok) return result;
    result = applyFilter(name, result.value, meta, prevIdOf);
  }
  return result;
}

/** Runs content through one filter; through one that changes no content by itself, it passes as it is. */
export function applyFilter(
  name: string,
  content: Uint8Array,
  meta: ReadonlyMap<string, string>,
  prevIdOf: PrevIdOf,
): Result<Uint8Array> {
  if (name === 'var-subst') return prefixed(name, substituteVariables(content, meta, MAX_ADDED));
  if (name === 'build-id') return prefixed(name, buildId(content, meta, prevIdOf));
  return ok(content);
}

/** Whether any of these filters changes content: then a session cannot share an item's bytes with others. */
export function changesContent(filters: readonly string[]): boolean {
  return filters.includes('var-subst') || filters.includes('build-id');
}

/** The filter that an instruct's channels ask for on the body of the response itself; undefined: none. */
export function responseFilter(instruct: Instruct): Result<IdFilter> | undefined {
  if (!instruct.channels.some(({ filters }) => filters.includes('build-id'))) return undefined;
  const filter = createIdFilter(instruct.meta);
  return filter.ok ? filter : fail(`filter error: build-id: ${filter.message}`);
}

/** The body of an instruct's response, filtered as its channels ask. */
export function filterResponseBody(instruct: Instruct): Result<Uint8Array> {
  const { body } = instruct.response;
  const filter = responseFilter(instruct);
  if (filter === undefined) return ok(body);
  if (!filter.ok) return filter;
  const content = runIdFilter(filter.value, body);
  return content.ok ? content : fail(`filter error: build-id: ${content.message}`);
}

function buildId(
  content: Uint8Array,
  meta: ReadonlyMap<string, string>,
  prevIdOf: PrevIdOf,
): Result<Uint8Array> {
  const filter = createIdFilter(meta, prevIdOf, MAX_ADDED);
  return filter.ok ? runIdFilter(filter.value, content) : filter;
}

function runIdFilter(filter: IdFilter, content: Uint8Array): Result<Uint8Array> {
  const head = filter.update(content);
  if (!head.ok) return head;
  const tail = filter.finish();
  return tail.ok ? ok(Buffer.concat([head.value, tail.value])) : tail;
}

function prefixed(name: string, result: Result<Uint8Array>): Result<Uint8Array> {
  return result.ok ? result : fail(`filter error: ${name}: ${result.message}`);
}
