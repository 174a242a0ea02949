import { parseJsonText } from '@p-8/protocol';
import type { ControlAnswer } from './control-port.js';
import { ownOrAll } from './current-test.js';

/** Takes what is published by `fetch`. */
export interface PublishTaker {
  /** Which control API it stands for: what is below this address; undefined: any. */
  readonly controlUri: URL | undefined;
  take(body: string, accept: string): Promise<ControlAnswer>;
}

/** The paths of control APIs that publishers POST to: Pushpin's, Fastly Fanout's, our own below a mount. */
const PUBLISH_PATH = /\/publish\/?$/;

const takers = new Map<object, PublishTaker>();
/** What stands in the place of `fetch`, and what was there before. */
let installed: { readonly ours: typeof fetch; readonly before: typeof fetch } | undefined;

/** Has `taker` get what is published by `fetch`, until the function that is returned is called. */
export function takePublishing(test: object, taker: PublishTaker): () => void {
  takers.set(test, taker);
  // Whoever has replaced it since may call what he found, or not: this one comes first anyway.
  if (globalThis.fetch !== installed?.ours) {
    const before = globalThis.fetch;
    installed = { ours: publishOr(before), before };
    globalThis.fetch = installed.ours;
  }
  return () => {
    takers.delete(test);
    if (takers.size > 0) return;
    // What somebody else has put there since is not ours to take away; ours, behind it, does nothing from now on.
    if (globalThis.fetch === installed?.ours) globalThis.fetch = installed.before;
    installed = undefined;
  };
}

function publishOr(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const href = input instanceof Request ? input.url : String(input);
    if (method.toUpperCase() !== 'POST' || !URL.canParse(href)) return send(input, init);
    const url = new URL(href);
    const taking = PUBLISH_PATH.test(url.pathname) ? takersOf(url) : [];
    if (taking.length === 0) return send(input, init);
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const body = await request.clone().text();
    // Other services have such a path too.
    if (!hasItems(body)) return isSpent(input, init) ? send(request) : send(input, init);
    const accept = request.headers.get('accept') ?? '';
    const answers = await Promise.all(taking.map((taker) => taker.take(body, accept)));
    request.signal.throwIfAborted();
    const answer = answers.find(({ status }) => status !== 200) ?? answers[0];
    return new Response(answer?.body, {
      status: answer?.status ?? 500,
      headers: { 'Content-Type': answer?.type ?? 'text/plain' },
    });
  };
}

/** Whether a body has been read that cannot be read again. */
function isSpent(input: unknown, init: RequestInit | undefined): boolean {
  const body: unknown = init?.body;
  return (
    input instanceof Request || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  );
}

function hasItems(body: string): boolean {
  const value = parseJsonText(body);
  return typeof value === 'object' && value !== null && 'items' in value;
}

function takersOf(url: URL): PublishTaker[] {
  return ownOrAll(takers).filter(
    ({ controlUri }) =>
      controlUri === undefined ||
      (controlUri.origin === url.origin && url.pathname.startsWith(controlUri.pathname.replace(/\/*$/, '/'))),
  );
}
