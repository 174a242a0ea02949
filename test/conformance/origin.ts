import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Activity } from './activity.js';
import type { Answer, OriginScript, Part } from './answer.js';
import { type Field, fieldsOf } from './field.js';
import { OriginServer } from './origin-server.js';
import { OriginWebSocket } from './origin-web-socket.js';

/** A request as the origin saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Field[];
  /** Grows while the body arrives. */
  body: Buffer;
  /** Whether the body is all there, or will never be. */
  state: 'arriving' | 'complete' | 'aborted';
  /** The connection went away before the answer was out. */
  abandoned: boolean;
  /** Where it asked for a WebSocket, and the origin speaks it itself. */
  webSocket?: OriginWebSocket;
}

/** A request and what it is answered. */
export interface Exchange {
  readonly request: SeenRequest;
  readonly answer: Answer;
}

const EXHAUSTED: Answer = { status: 500, body: 'the script has no answer for this path\n' };

/** Plays a scenario's origin script, as a server of its own or inside an application, and remembers what it was asked. */
export class Origin {
  readonly requests: SeenRequest[] = [];
  readonly #script: OriginScript;
  readonly #activity: Activity;
  readonly #released = new Set<string>();
  readonly #signals = new EventEmitter();
  readonly #counts = new Map<string, number>();

  constructor(script: OriginScript, activity: Activity) {
    this.#script = script;
    this.#activity = activity;
  }

  /** Lets answers go on that wait for `signal`. */
  release(signal: string): void {
    this.#released.add(signal);
    this.#signals.emit(signal);
  }

  /** Notes `req`, and finds its answer once it is time to give it. `target` is the target that the application sees. */
  async take(req: IncomingMessage, target: string): Promise<Exchange> {
    const request: SeenRequest = {
      method: req.method ?? '',
      target,
      headers: fieldsOf(req.rawHeaders),
      body: Buffer.alloc(0),
      state: 'arriving',
      abandoned: false,
    };
    this.requests.push(request);
    const answer = this.#next(target);
    // after an upgrade there is no body that could end
    if (req.headers.upgrade !== undefined && req.complete) request.state = 'complete';
    const read = request.state === 'complete' ? undefined : this.#readBody(req, request);
    this.#activity.changed();
    if (answer.early !== true) await read;
    return { request, answer };
  }

  /** A request listener that gives the script's answers through Node's own response. */
  readonly listener = (req: IncomingMessage, res: ServerResponse): void => {
    void this.take(req, req.url ?? '').then((exchange) => this.play(exchange, res));
  };

  /** Takes a WebSocket handshake, where the origin is a server of its own. */
  async upgrade(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const exchange = await this.take(req, req.url ?? '');
    const { answer, request } = exchange;
    if (answer.webSocket === undefined) {
      const res = new ServerResponse(req);
      res.shouldKeepAlive = false;
      res.assignSocket(socket);
      res.on('finish', () => socket.end());
      await this.play(exchange, res);
      return;
    }
    const webSocket = new OriginWebSocket(socket, answer.webSocket, this.#activity);
    request.webSocket = webSocket;
    webSocket.accept(req.headers['sec-websocket-key'] ?? '', answer.headers ?? [], head);
    for await (const bytes of this.bytesOf({ body: answer.webSocket.sends ?? [] })) webSocket.write(bytes);
    if (answer.cut === true) socket.destroy();
  }

  /** Gives the answer through Node's own response. */
  async play(exchange: Exchange, res: ServerResponse): Promise<void> {
    const { request, answer } = exchange;
    if (answer.raw !== undefined) {
      res.socket?.end(Buffer.from(answer.raw, 'latin1'));
      return;
    }
    this.watch(request, res);
    // a Date that changes would be seen in what is made of the fields, such as CORS and JSON-P
    res.sendDate = false;
    const headers = headersOf(answer).flat();
    if (answer.reason === undefined) res.writeHead(answer.status ?? 200, headers);
    else res.writeHead(answer.status ?? 200, answer.reason, headers);
    if (Array.isArray(answer.body)) res.flushHeaders();
    for await (const bytes of this.bytesOf(answer)) res.write(bytes);
    if (answer.cut === true) res.destroy();
    else res.end();
  }

  /** Notes when the answer's connection goes away before the answer is out. */
  watch(request: SeenRequest, res: ServerResponse): void {
    res.on('close', () => {
      if (res.writableFinished) return;
      request.abandoned = true;
      this.#activity.changed();
    });
  }

  /** The parts of the answer's body, each when its turn has come. */
  async *bytesOf(answer: Answer): AsyncGenerator<Uint8Array> {
    for (const part of partsOf(answer)) {
      if (typeof part === 'string') {
        if (part !== '') yield Buffer.from(part);
      } else if (part instanceof Uint8Array) yield part;
      else if (!this.#released.has(part.until)) await once(this.#signals, part.until);
    }
  }

  /** Listens as a server of its own, the way a remote origin does. */
  listen(): Promise<OriginServer> {
    return OriginServer.listen(() => this);
  }

  #next(target: string): Answer {
    const path = target.split('?')[0] ?? '';
    const byPath = !isList(this.#script);
    const list = isList(this.#script) ? this.#script : (this.#script[path] ?? []);
    const key = byPath ? path : '';
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return list[Math.min(count, list.length - 1)] ?? EXHAUSTED;
  }

  #readBody(req: IncomingMessage, seen: SeenRequest): Promise<void> {
    return new Promise((resolve) => {
      const done = (state: 'complete' | 'aborted') => (): void => {
        if (seen.state === 'arriving') seen.state = state;
        resolve();
        this.#activity.changed();
      };
      req.on('data', (chunk: Buffer) => {
        seen.body = Buffer.concat([seen.body, chunk]);
        this.#activity.changed();
      });
      req.on('end', done('complete'));
      req.on('error', done('aborted'));
      req.on('close', done('aborted'));
    });
  }
}

/** The answer's fields, with the length of a body that is known up front. */
export function headersOf(answer: Answer): Field[] {
  const headers = [...(answer.headers ?? [])];
  const body = answer.body ?? '';
  const noBody = answer.status === 204 || answer.status === 304;
  const given = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  if ((typeof body === 'string' || body instanceof Uint8Array) && !noBody && !given) {
    headers.push(['Content-Length', String(Buffer.byteLength(body))]);
  }
  return headers.map(([name, value]): Field => [name, asBytes(value)]);
}

/** Scripts are text; on the wire, and for Node, a field's value is bytes, of which it has one a character. */
function asBytes(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

function isList(script: OriginScript): script is readonly Answer[] {
  return Array.isArray(script);
}

function partsOf(answer: Answer): readonly Part[] {
  const body = answer.body ?? '';
  return typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
}
