import type { HoldKind, PublishTarget } from './job.js';

/** Below these paths, all that is measured holds clients, on the channel that the rest of the path names. */
const PATHS: Readonly<Record<HoldKind, string>> = {
  stream: '/stream/',
  response: '/poll/',
  websocket: '/ws/',
};

/** Which member of a published item such clients get. */
const FORMATS: Readonly<Record<HoldKind, (content: string) => string>> = {
  stream: (content) => `"http-stream":{"content":"${content}"}`,
  response: (content) => `"http-response":{"body":"${content}"}`,
  websocket: (content) => `"ws-message":{"content":"${content}"}`,
};

/** An item to publish. Neither channel nor content needs to be escaped in JSON. */
export interface OutgoingItem {
  readonly channel: string;
  readonly content: string;
}

export function getRequest(path: string, accept = '*/*'): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench.test\r\nAccept: ${accept}\r\n\r\n`;
}

/** Asks for a connection to be held. */
export function holdRequest(kind: HoldKind, channel: string): string {
  const path = PATHS[kind] + channel;
  // Without this, nchan has no streams of events.
  if (kind === 'stream') return getRequest(path, 'text/event-stream');
  if (kind === 'response') return getRequest(path);
  return (
    `GET ${path} HTTP/1.1\r\nHost: bench.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  );
}

/** Publishes items: several only where the target takes GRIP's JSON. */
export function publishRequest(
  { form }: PublishTarget,
  kind: HoldKind,
  items: readonly OutgoingItem[],
): string {
  const [first] = items;
  if (form === 'raw') return post(`/publish/${first?.channel}`, 'text/plain', first?.content ?? '');
  const members = items.map(
    ({ channel, content }) => `{"channel":"${channel}","formats":{${FORMATS[kind](content)}}}`,
  );
  return post('/publish', 'application/json', `{"items":[${members.join(',')}]}`);
}

/** `body` is ASCII. */
function post(path: string, type: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: bench.test\r\nContent-Type: ${type}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
