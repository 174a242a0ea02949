import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Item, parseItems, parseJsonText } from '@p-8/protocol';
import type { Clock } from '../clock.js';
import type { WaitOptions } from '../grip-proxy.js';
import type { Receipt } from '../hub/receipt.js';
import type { ControlApiOptions } from '../options.js';
import type { Warnings } from '../warnings.js';
import { negotiate } from './accept.js';
import { type ArrivalServices, BodyArrival, TOO_SLOW } from './body-arrival.js';
import { ChunkList } from './chunk-list.js';
import { ControlAuth } from './control-auth.js';
import type { LingeringSockets } from './lingering-sockets.js';
import type { ParsedBody } from './parsed-body.js';
import { adviseOnUnknownFormats } from './unknown-formats.js';

/** What the control API does to the proxy. */
export interface ControlTarget {
  publish(items: readonly Item[], options: WaitOptions): Promise<Receipt>;
  recover(): void;
}

/** What the control API shares with the rest of the proxy. */
export interface ControlServices extends ArrivalServices {
  readonly lingering: LingeringSockets;
  readonly warnings: Warnings;
}

/** A handler of Node's requests, also mountable in frameworks; `next` gets what is not for it. */
export type ControlHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
  parsed?: ParsedBody,
) => void;

const DEFAULT_MAX_BODY = 1_000_000;

/** Whoever has mistyped the name of a format does so at once; later on it must cost nothing. */
const MAX_LOOKS = 1000;

/**
 * The HTTP control API: `POST /publish`, `POST /recover`, `/`. Statuses and texts are Pushpin's, except where the
 * document of differences says otherwise.
 */
export class ControlApi {
  readonly #target: ControlTarget;
  readonly #auth: ControlAuth;
  readonly #path: string;
  readonly #maxBodySize: number;
  readonly #services: ControlServices;
  /** How many requests are still looked at for formats that there are not. */
  #left = MAX_LOOKS;

  constructor(target: ControlTarget, options: ControlApiOptions, clock: Clock, services: ControlServices) {
    this.#target = target;
    this.#services = services;
    this.#auth = new ControlAuth(options, clock);
    this.#path = (options.path ?? '').replace(/\/+$/, '');
    this.#maxBodySize = options.maxBodySize ?? DEFAULT_MAX_BODY;
  }

  /** Express leaves a parsed body on the request itself. */
  readonly handle: ControlHandler = (req, res, next, parsed = req as ParsedBody) => {
    const target = this.#targetOf(req.url ?? '/');
    if (target === undefined && next !== undefined) {
      next();
      return;
    }
    this.#handle(req, res, target ?? 'elsewhere', parsed).catch((error: unknown) => {
      if (next !== undefined) next(error);
      else res.destroy();
    });
  };

  /** What of a URL comes after the path that the API is mounted at; undefined: it is not below it. */
  #targetOf(url: string): string | undefined {
    const rest = url.startsWith(this.#path) ? url.slice(this.#path.length) : undefined;
    return rest === '' || rest?.startsWith('/') || rest?.startsWith('?') ? rest : undefined;
  }

  async #handle(
    req: IncomingMessage,
    res: ServerResponse,
    target: string,
    parsed: ParsedBody,
  ): Promise<void> {
    const reply = new Reply(res, this.#services.lingering);
    const refusal = await this.#auth.refusal(req);
    if (refusal !== undefined) {
      if (refusal.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
      reply.text(refusal.status, refusal.message);
      return;
    }
    const format = negotiate(req.headers.accept);
    if (format === undefined) {
      reply.text(406, 'Not Acceptable. Supported formats are text/plain and application/json.');
      return;
    }
    const { path, wait } = readTarget(target);
    if (path === '/' || path === '') reply.text(200, 'Pushpin API');
    else if (path !== '/publish' && path !== '/recover') reply.text(404, 'Not Found');
    else if (req.method !== 'POST') {
      res.setHeader('Allow', 'POST');
      reply.text(405, `Method not allowed: ${req.method}.`);
    } else {
      reply.json = format === 'json';
      await this.#post(path, wait, req, parsed, reply);
    }
  }

  async #post(
    path: '/publish' | '/recover',
    wait: WaitOptions,
    req: IncomingMessage,
    parsed: ParsedBody,
    reply: Reply,
  ): Promise<void> {
    const body = await this.#readBody(req, parsed, reply);
    if (body === undefined) return;
    if (path === '/recover') {
      this.#target.recover();
      reply.success({ message: 'Updated' });
      return;
    }
    if (body.value === undefined) {
      reply.text(400, 'Body is not valid JSON.');
      return;
    }
    const items = parseItems(body.value);
    if (!items.ok) {
      reply.text(400, items.message);
      return;
    }
    if (this.#left > 0) {
      this.#left--;
      adviseOnUnknownFormats(this.#services.warnings, body.value as object);
    }
    const receipt = await this.#target.publish(items.value, wait);
    reply.success({ message: 'Published', ...receipt });
  }

  /** The body as JSON; its value is undefined where it is none. Undefined: the reply has been sent. */
  async #readBody(
    req: IncomingMessage,
    { body, rawBody }: ParsedBody,
    reply: Reply,
  ): Promise<{ value: unknown } | undefined> {
    if (req.headers['content-length'] === undefined) {
      reply.text(411, 'Request requires Content-Length.');
      return undefined;
    }
    if (Number(req.headers['content-length']) > this.#maxBodySize) {
      reply.text(413, 'Request body too large.');
      return undefined;
    }
    const read = req.readableDidRead ? (rawBody ?? body) : undefined;
    if (read !== undefined) {
      const value = parsedBody(read);
      if (value !== read || !isForm(req)) return { value };
      // What `curl -d` sends without a word about its type: the JSON in it is lost.
      reply.text(
        400,
        'Body has been parsed as a form: send application/json, or mount this before the parser of forms.',
      );
      return undefined;
    }
    const bytes = await readAll(req, this.#services);
    if (bytes !== undefined) return { value: parseJson(bytes) };
    reply.text(408, TOO_SLOW);
    return undefined;
  }
}

/** One response of the control API. */
class Reply {
  json = false;
  readonly #res: ServerResponse;
  readonly #lingering: LingeringSockets;

  constructor(res: ServerResponse, lingering: LingeringSockets) {
    this.#res = res;
    this.#lingering = lingering;
  }

  text(status: number, message: string): void {
    this.#send(status, 'text/plain', `${message}\n`);
  }

  success(answer: { readonly message: string }): void {
    if (this.json) this.#send(200, 'application/json', `${JSON.stringify(answer)}\n`);
    else this.text(200, answer.message);
  }

  #send(status: number, type: string, body: string): void {
    this.#res.statusCode = status;
    this.#res.setHeader('Content-Type', type);
    this.#res.setHeader('Content-Length', Buffer.byteLength(body));
    const { req } = this.#res;
    // A body that nobody has read must not become the next request.
    if (!req.complete) this.#res.setHeader('Connection', 'close');
    this.#res.end(body);
    if (!req.complete) this.#lingering.behind(req, this.#res);
  }
}

/**
 * The path, and what the publisher waits for: `/publish?wait=flush&timeout-ms=500`. Any other query makes it a path that there is
 * not, as in Pushpin. One slash at the end does not count.
 */
function readTarget(target: string): { readonly path: string; readonly wait: WaitOptions } {
  const match = /^(\/publish)\/?\?wait=flush(?:&timeout-ms=(\d{1,7}))?$/.exec(target);
  if (match?.[1] !== undefined) {
    const timeoutMs = match[2] === undefined ? undefined : Number(match[2]);
    return { path: match[1], wait: { wait: 'flush', timeoutMs } };
  }
  return { path: target.length > 1 && target.endsWith('/') ? target.slice(0, -1) : target, wait: {} };
}

/** Costs a publisher a third of what iterating over the request does. Undefined: the publisher stops in the midst of the body. */
function readAll(req: IncomingMessage, services: ArrivalServices): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const body = new ChunkList();
    const arrival = new BodyArrival(req, services, {
      wantsBody: true,
      onBodyStalled: () => resolve(undefined),
    });
    req.on('data', (chunk: Buffer) => body.add(chunk));
    req.once('end', () => {
      arrival.stop();
      resolve(body.concat());
    });
    req.once('error', (error) => {
      arrival.stop();
      reject(error);
    });
  });
}

function isForm(req: IncomingMessage): boolean {
  return req.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}

function parsedBody(body: unknown): unknown {
  return typeof body === 'string' || Buffer.isBuffer(body) ? parseJson(Buffer.from(body)) : body;
}

function parseJson(bytes: Buffer): unknown {
  const value = parseJsonText(bytes.toString());
  return typeof value === 'object' && value !== null ? value : undefined;
}
