import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** The most bytes of a request's body. Source: Pushpin 1.36. */
const MAX_BODY = 100_000;

/** The channel of a request that names none. */
const DEFAULT_CHANNEL = 'test';

/**
 * The origin behind the target `test` of a routes file: answers `/`, `/response` (a response hold) and `/stream` (a
 * stream hold), so that a proxy can be tried without an origin of one's own. `?channel=NAME`, repeatable, chooses the
 * channels.
 *
 * @param pathPrefix the route's `path_beg`; it is dropped from paths, without its last slash
 *
 * @example
 * new GripProxy({ target: { listener: createTestTarget() } });
 */
export function createTestTarget(pathPrefix?: string): RequestListener {
  const prefix = pathPrefix?.replace(/\/$/, '') ?? '';
  return (request, response) => {
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => {
      if (received > MAX_BODY) answer(response, 400, 'request too large\n');
      else route(request, response, prefix);
    });
  };
}

function route(request: IncomingMessage, response: ServerResponse, prefix: string): void {
  const [fullPath = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const path = (fullPath.startsWith(prefix) ? fullPath.slice(prefix.length) : fullPath).replace(/\/$/, '');
  if (path === '') {
    answer(response, 200, 'Hello from the Pushpin test handler!\n');
    return;
  }
  if (path !== '/response' && path !== '/stream') {
    answer(response, 404, 'no such test resource\n');
    return;
  }
  const channels = new URLSearchParams(query).getAll('channel');
  if (channels.length === 0) channels.push(DEFAULT_CHANNEL);
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
