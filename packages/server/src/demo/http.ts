import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import {
  type FormatsInput,
  type ItemOptions,
  isWsEventsType,
  parseWebSocketContext,
  type WebSocketContext,
} from '@p-8/protocol';

/** How the parts of the demo publish: `publish` of a proxy. */
export type Publish = (channel: string, formats: FormatsInput, item?: ItemOptions) => Promise<unknown>;

/** The most bytes of a posted body. */
const MAX_BODY = 4096;

/** Answers with `body`; nothing of the demo may be cached. */
export function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.statusCode = status;
  const all = { 'Content-Type': contentType, 'Cache-Control': 'no-store', ...headers };
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value);
  response.end(body);
}

/** Answers with an event stream that stays open: a stream hold on `channels`, with a comment every 25 seconds. */
export function holdEvents(response: ServerResponse, channels: readonly string[], body: string): void {
  answer(response, 200, 'text/event-stream', body, {
    'Grip-Hold': 'stream',
    'Grip-Channel': channels.join(', '),
    'Grip-Keep-Alive': ':\\n\\n; format=cstring; timeout=25',
  });
}

/** Whether the proxy tells of a WebSocket in this request. */
export function isWebSocketRequest(request: IncomingMessage): boolean {
  return isWsEventsType(request.headers['content-type']);
}

/** Answers a request that tells of a WebSocket with what `handle` does to its context. */
export async function answerWebSocket(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (context: WebSocketContext) => Promise<void>,
): Promise<void> {
  // The proxy bounds it.
  const context = parseWebSocketContext(request.rawHeaders, await buffer(request));
  if (!context.ok) {
    answer(response, 400, 'text/plain', `${context.message}\n`);
    return;
  }
  await handle(context.value);
  response.writeHead(200, context.value.toHeaders()).end(context.value.toBody());
}

/** An event as an EventSource reads it. */
export function formatEvent(name: string, data: string, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** The body as text, or undefined when it is too large. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks).toString();
}
