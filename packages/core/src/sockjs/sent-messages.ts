import { fail, ok, type Result } from '@p-8/protocol';

const NOTHING_SENT = 'Payload expected.';
const NO_JSON = 'Broken JSON encoding.';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The messages of a request that sends: a JSON array of texts. The words of errors are the protocol's. */
export function readSentMessages(body: Uint8Array): Result<readonly string[]> {
  return body.length === 0 ? fail(NOTHING_SENT) : textsOf(parseJson(body));
}

/** As {@link readSentMessages}, where a form has the array in its field `d`. */
export function readSentForm(body: Uint8Array): Result<readonly string[]> {
  const text = new URLSearchParams(Buffer.from(body).toString()).get('d');
  return readSentMessages(Buffer.from(text ?? ''));
}

/** The messages of a WebSocket's message: an array, or a single text as clients before SockJS 0.3 sent it. */
export function readWebSocketMessages(content: Uint8Array): Result<readonly string[]> {
  // A client that has nothing to say says nothing wrong.
  if (content.length === 0) return ok([]);
  const value = parseJson(content);
  return typeof value === 'string' ? ok([value]) : textsOf(value);
}

function textsOf(value: unknown): Result<readonly string[]> {
  if (value === undefined) return fail(NO_JSON);
  return isTexts(value) ? ok(value) : fail(NOTHING_SENT);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** Undefined: it is no JSON, or no UTF-8. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}
