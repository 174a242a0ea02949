import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isWsEventsType, parseWebSocketContext, type WebSocketContext } from '@p-8/protocol';

/** The most bytes of a request's body, unless it has WebSocket events, which the proxy bounds. Source: Pushpin 1.36. */
const MAX_BODY = 100_000;

/** The channel of a request that names none. */
const DEFAULT_CHANNEL = 'test';

/**
 * The origin behind the target `test` of a routes file: answers `/`, `/response` (a response hold), `/stream` (a stream
 * hold) and `/ws` (a WebSocket that echoes), so that a proxy can be tried without an origin of one's own. `?channel=NAME`,
 * repeatable, chooses the channels.
 *
 * @param pathPrefix the route's `path_beg`; it is dropped from paths, without its last slash
 *
 * @example
 * new GripProxy({ target: { listener: createTestTarget(), overHttp: true } });
 */
export function createTestTarget(pathPrefix?: string): RequestListener {
  const prefix = pathPrefix?.replace(/\/$/, '') ?? '';
  return (request, response) => {
    const isWebSocket = isWsEventsType(request.headers['content-type']);
    const chunks: Buffer[] = [];
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (isWebSocket) chunks.push(chunk);
    });
    request.on('end', () => {
      if (isWebSocket) echo(request, response, prefix, Buffer.concat(chunks));
      else if (received > MAX_BODY) answer(response, 400, 'request too large\n');
      else route(request, response, prefix);
    });
  };
}

function route(request: IncomingMessage, response: ServerResponse, prefix: string): void {
  const { path, channels } = readTarget(request, prefix);
  if (path === '') {
    answer(response, 200, 'Hello from the Pushpin test handler!\n');
    return;
  }
  if (path !== '/response' && path !== '/stream') {
    answer(response, 404, 'no such test resource\n');
    return;
  }
  if (!channels.every((channel) => /^[\x21-\x7e]+$/.test(channel))) {
    answer(response, 400, 'a channel name must be printable ASCII without spaces\n');
    return;
  }
  const hold = path.slice(1);
  answer(response, 200, hold === 'stream' ? '[stream opened]\n' : 'nothing for now\n', {
    'Grip-Hold': hold,
    'Grip-Channel': channels.join(', '),
  });
}

/** Answers one request of WebSocket-over-HTTP. */
function echo(request: IncomingMessage, response: ServerResponse, prefix: string, body: Buffer): void {
  const { path, channels } = readTarget(request, prefix);
  if (path !== '/ws') {
    answer(response, 404, 'no such test resource\n');
    return;
  }
  const context = parseWebSocketContext(request.rawHeaders, body);
  if (!context.ok) {
    answer(response, 400, `${context.message}\n`);
    return;
  }
  answerEvents(context.value, channels);
  for (const [name, value] of Object.entries(context.value.toHeaders())) response.setHeader(name, value);
  response.end(context.value.toBody());
}

function answerEvents(context: WebSocketContext, channels: readonly string[]): void {
  if (context.isOpening()) {
    context.accept();
    for (const channel of channels) context.subscribe(channel);
  }
  while (!context.disconnected && context.canRecv()) {
    const message = context.recvRaw();
    if (message === null) context.close(context.closeCode, context.closeReason);
    else if (typeof message === 'string') context.send(message);
    else context.sendBinary(message);
  }
}

/** Path and channels that a request asks for. */
function readTarget({ url = '/' }: IncomingMessage, prefix: string): { path: string; channels: string[] } {
  const [fullPath = '/', query = ''] = url.split('?', 2);
  const path = (fullPath.startsWith(prefix) ? fullPath.slice(prefix.length) : fullPath).replace(/\/$/, '');
  const channels = new URLSearchParams(query).getAll('channel');
  return { path, channels: channels.length === 0 ? [DEFAULT_CHANNEL] : channels };
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}
