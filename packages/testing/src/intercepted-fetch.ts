import { AsyncLocalStorage } from 'node:async_hooks';
import type { ControlAnswer } from './control-port.js';

/** Takes what is published by `fetch`. */
export interface PublishTaker {
  /** Which control API it stands for; undefined: any. */
  readonly controlUri: string | undefined;
  takePublish(body: string, accept: string): Promise<ControlAnswer>;
}

/** The paths of control APIs that publishers POST to: Pushpin's, Fastly Fanout's, our own below a mount. */
const PUBLISH_PATH = /\/publish\/?$/;

const takers = new Set<PublishTaker>();
/** Whose app is at work: what that publishes is for its own test. */
const current = new AsyncLocalStorage<PublishTaker>();
let original: typeof fetch | undefined;

/** Has `taker` get what is published by `fetch`, until the function that is returned is called. */
export function takePublishing(taker: PublishTaker): () => void {
  takers.add(taker);
  if (original === undefined) {
    original = globalThis.fetch;
    globalThis.fetch = publishOrFetch;
  }
  return () => {
    takers.delete(taker);
    // Somebody else may have replaced it since.
    if (takers.size > 0 || original === undefined || globalThis.fetch !== publishOrFetch) return;
    globalThis.fetch = original;
    original = undefined;
  };
}

/** Runs what belongs to one test. */
export function inTest<T>(taker: PublishTaker, run: () => T): T {
  return current.run(taker, run);
}

const publishOrFetch: typeof fetch = async (input, init) => {
  const send = original ?? fetch;
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  const url = new URL(input instanceof Request ? input.url : String(input), 'http://localhost');
  if (method.toUpperCase() !== 'POST' || !PUBLISH_PATH.test(url.pathname)) return send(input, init);
  const taking = takersOf(url);
  if (taking.length === 0) return send(input, init);
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  const body = await request.clone().text();
  // Other services have such a path too.
  if (!hasItems(body)) return send(request);
  const answers: ControlAnswer[] = [];
  for (const taker of taking)
    answers.push(await taker.takePublish(body, request.headers.get('accept') ?? ''));
  const answer = answers.find(({ status }) => status !== 200) ?? answers[0];
  return new Response(answer?.body, {
    status: answer?.status ?? 500,
    headers: { 'Content-Type': answer?.type ?? 'text/plain' },
  });
};

function hasItems(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && 'items' in value;
  } catch {
    return false;
  }
}

function takersOf(url: URL): PublishTaker[] {
  const own = current.getStore();
  const asked = own !== undefined && takers.has(own) ? [own] : [...takers];
  return asked.filter(({ controlUri }) => controlUri === undefined || url.href.startsWith(controlUri));
}
