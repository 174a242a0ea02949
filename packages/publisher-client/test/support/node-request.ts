import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** A request as Node's server makes it, with WebSocket events as its body. */
export function eventsRequest(
  body: string | Uint8Array | undefined,
  headers: NodeJS.Dict<string> = {},
): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  req.method = 'POST';
  req.headers = {
    'connection-id': 'conn-1',
    'content-type': 'application/websocket-events',
    accept: 'application/websocket-events',
    ...headers,
  };
  if (body === undefined) return req;
  req.push(body);
  req.push(null);
  req.complete = true;
  return req;
}

/** Reads a request to its end, as a body parser does. */
export async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  req.on('data', (chunk) => chunks.push(chunk));
  await once(req, 'end');
  return Buffer.concat(chunks);
}

/** Whether a promise is still open when everything that is under way has had its turn. */
export async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  const settle = (): void => {
    open = false;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return open;
}
