import type { ServerResponse } from 'node:http';
import type { WebSocketContext } from '@p-8/protocol';
import { mergeHeaders } from '../http/head-fields.js';
import { methodsOf, type ResponseMethods } from '../http/response-methods.js';

/** Fields that describe the content which a handler wrote, and not the events. */
const CONTENT_FIELDS = ['Content-Encoding', 'ETag', 'Transfer-Encoding'];

const kAnswer = Symbol('p-8 events answer');
type AnsweredResponse = ServerResponse & { [kAnswer]: EventsAnswer };

/** The answer to a request that carries WebSocket events. */
class EventsAnswer {
  readonly context: WebSocketContext;
  readonly methods: ResponseMethods;
  readonly onError: (error: unknown) => void;
  /** The handler has looked at the context, and so answers with it. */
  used = false;
  /** `held`: the handler has written a head, which goes out with the events. */
  phase: 'open' | 'held' | 'passing' = 'open';

  constructor(context: WebSocketContext, methods: ResponseMethods, onError: (error: unknown) => void) {
    this.context = context;
    this.methods = methods;
    this.onError = onError;
  }
}

/**
 * Has a response carry what the handler does with a context, once it has got it by the function that is returned: the
 * response's own content gives way, if its status is 200 or 204. Any other response passes untouched. Works for whatever
 * ends a `ServerResponse`, in whatever way. `onError` gets what the context cannot send.
 */
export function answerWithEvents(
  res: ServerResponse,
  context: WebSocketContext,
  onError: (error: unknown) => void,
): () => WebSocketContext {
  const answer = new EventsAnswer(context, methodsOf(res), onError);
  (res as AnsweredResponse)[kAnswer] = answer;
  res.writeHead = writeHead as ServerResponse['writeHead'];
  res.flushHeaders = flushHeaders as ServerResponse['flushHeaders'];
  res.write = write as ServerResponse['write'];
  res.end = end as ServerResponse['end'];
  return () => {
    answer.used = true;
    return context;
  };
}

/**
 * Whether the handler answers by the context, so that a response to which nothing was done means success. A client that
 * was not let in is another matter.
 */
export function isAnsweredByContext(res: ServerResponse): boolean {
  const answer = (res as Partial<AnsweredResponse>)[kAnswer];
  return answer?.used === true && (answer.context.accepted || !answer.context.isOpening());
}

/** Whether a response of this status carries events. Koa has 204 for an empty body. Source: serve-grip. */
function carriesEvents({ used }: EventsAnswer, status: number): boolean {
  return used && (status === 200 || status === 204);
}

type WriteHeadArgs = [status: number, reasonOrHeaders?: unknown, headers?: unknown];

function writeHead(this: AnsweredResponse, ...args: WriteHeadArgs): ServerResponse {
  const answer = this[kAnswer];
  if (answer.phase === 'passing' || !carriesEvents(answer, args[0])) {
    answer.phase = 'passing';
    return Reflect.apply(answer.methods.writeHead, this, args);
  }
  answer.phase = 'held';
  this.statusCode = args[0];
  mergeHeaders(this, typeof args[1] === 'string' ? args[2] : args[1]);
  return this;
}

function flushHeaders(this: AnsweredResponse): void {
  const answer = this[kAnswer];
  if (answer.phase === 'open') this.writeHead(this.statusCode);
  if (answer.phase === 'passing') answer.methods.flushHeaders.call(this);
}

function write(this: AnsweredResponse, ...args: unknown[]): boolean {
  const answer = this[kAnswer];
  if (answer.phase === 'open') this.writeHead(this.statusCode);
  if (answer.phase === 'passing') return Reflect.apply(answer.methods.write, this, args);
  const done = args.find((argument) => typeof argument === 'function');
  if (done !== undefined) process.nextTick(done as () => void);
  return true;
}

function end(this: AnsweredResponse, ...args: unknown[]): ServerResponse {
  const answer = this[kAnswer];
  // Those who watch for the head from outside have their turn.
  if (answer.phase === 'open' && carriesEvents(answer, this.statusCode)) this.writeHead(this.statusCode);
  const withEvents = answer.phase === 'held' && carriesEvents(answer, this.statusCode);
  answer.phase = 'passing';
  if (!withEvents) return Reflect.apply(answer.methods.end, this, args);
  const done = args.find((argument) => typeof argument === 'function');
  return Reflect.apply(answer.methods.end, this, [writeEvents(this, answer), done]);
}

/** Makes the response one that carries events, and gives its body. */
function writeEvents(res: AnsweredResponse, { context, onError }: EventsAnswer): Buffer {
  for (const name of CONTENT_FIELDS) res.removeHeader(name);
  res.statusCode = 200;
  res.statusMessage = 'OK';
  let body: Buffer;
  try {
    const headers = context.toHeaders();
    body = Buffer.from(context.toBody());
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  } catch (error) {
    // Whoever ended the response may be a stream, which nobody would hear scream.
    onError(error);
    res.statusCode = 500;
    res.statusMessage = 'Internal Server Error';
    body = Buffer.from('The events cannot be sent.\n');
    res.setHeader('Content-Type', 'text/plain');
  }
  res.setHeader('Content-Length', body.length);
  return body;
}
