import { type IncomingMessage, OutgoingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { type HeaderList, headerValue, reasonPhrase } from '@p-8/protocol';
import type { ClientServices } from './client-services.js';
import { crossOriginHeaders } from './cors.js';
import { DetachedSocket } from './detached-socket.js';
import type { Detaching } from './detaching.js';
import { gatherRepeated } from './head-fields.js';
import type { IdleSockets } from './idle-sockets.js';
import { probe, progressOf } from './node-connection.js';
import { methodsOf, native, type ResponseMethods, type Written } from './response-methods.js';
import type { Stallable } from './stall-watch.js';
import type { StreamClient } from './stream-client.js';
import { writeAtOnce } from './write-at-once.js';

/** Who looks after a client: hears when it leaves, and when it has taken what was written. */
export interface ClientOwner {
  /** The connection is gone before the response was complete. */
  onClientGone(): void;
  /** What was written has been taken, after a write returned false. */
  onClientDrained(): void;
}

/** Bytes that may be gathered by a socket, which calls itself full at twice as much. */
const MAX_TOGETHER = 8192;

const kClient = Symbol('p-8 client');
const kWaiting = Symbol('p-8 waiting');

/** The client's side of a request: the only place that writes to it. */
export class ClientResponse implements StreamClient, Stallable {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly #services: ClientServices;
  readonly #methods: ResponseMethods;
  readonly #socket: IncomingMessage['socket'];
  #owner: ClientOwner | undefined;
  #gone = false;
  #headSent = false;
  #waitsForDrain = false;
  #hearsDrain = false;
  #isWatched = false;
  /** Pages of other origins may read the response. */
  crossOrigin = false;

  /** `methods`: how to reach the response itself, when its own methods are patched. */
  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    services: ClientServices,
    methods: ResponseMethods = methodsOf(res),
  ) {
    this.req = req;
    this.res = res;
    this.#services = services;
    this.#methods = methods;
    this.#socket = req.socket;
    // A closure, since a response of Express takes another property only at the price of a new hidden class.
    res.on('close', () => this.noteClose());
    // A pipelined response that waits for its turn has no socket, and hears nothing of its end.
    if (res.socket === null) waitBehind(this.#socket, this);
  }

  /** Who hears of the client from now on. */
  set owner(owner: ClientOwner | undefined) {
    this.#owner = owner;
  }

  /** The client has left, or has its whole response. */
  get gone(): boolean {
    return this.#gone || this.res.destroyed || this.#socket.destroyed;
  }

  /** Whether {@link sendHead} has been called. */
  get headSent(): boolean {
    return this.#headSent;
  }

  /** Whether the response can carry a body: RFC 9110 6.4.1. */
  canHaveBody(status: number): boolean {
    return this.req.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  /**
   * Sends an interim response: RFC 9110 15.2. Left out where the client would not know it, or another response comes first. The
   * fields must have been read from a message, as they are not checked again.
   */
  sendInterim(status: number, fields: HeaderList): void {
    const { socket } = this.res;
    if (socket === null || this.gone || this.res.headersSent || this.req.httpVersion !== '1.1') return;
    let text = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`;
    for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    socket.write(`${text}\r\n`, 'latin1');
  }

  /**
   * Sends the head. Fields that a framework has set on the response stay, unless `fields` has them too.
   * @throws TypeError on a status, reason or field that HTTP does not allow.
   */
  sendHead(status: number, reason: string, fields: HeaderList): void {
    const { res } = this;
    const headers = gatherRepeated(
      this.crossOrigin ? [...fields, ...crossOriginHeaders(this.req, fields)] : fields,
    );
    const text = reason === '' ? reasonPhrase(status) : reason;
    let before = res.getHeaderNames();
    if (before.includes('transfer-encoding')) {
      const hasLength = headerValue(fields, 'content-length') !== undefined;
      if (hasLength || !this.canHaveBody(status)) res.removeHeader('transfer-encoding');
      before = res.getHeaderNames();
    }
    if (this.#methods.writeHead === native.writeHead && before.length === 0) {
      // Keeps order and case; and skips Node's map of headers, where there is none yet.
      this.#methods.writeHead.call(res, status, text, headers);
    } else {
      for (let i = 0; i + 1 < headers.length; i += 2) res.setHeader(String(headers[i]), headers[i + 1] ?? '');
      this.#methods.writeHead.call(res, status, text);
    }
    this.#headSent = true;
  }

  /** Sends a whole response. @throws as {@link sendHead} does. */
  respond(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.gone) return;
    if (!this.canHaveBody(status)) {
      this.sendHead(status, reason, headers);
      this.end();
      return;
    }
    this.sendHead(status, reason, [...headers, 'Content-Length', String(body.length)]);
    this.end(body);
  }

  /** Sends the head now, without waiting for a body. */
  flushHead(): void {
    this.#methods.flushHeaders.call(this.res);
  }

  /** What is written by `write` leaves the process with one call of the system, if it is not much. */
  together(bytes: number, write: () => void): void {
    const { socket } = this.res;
    if (socket === null || bytes > MAX_TOGETHER) {
      write();
      return;
    }
    socket.cork();
    try {
      write();
    } finally {
      socket.uncork();
    }
  }

  /**
   * Writes a part of the body; false: wait for `onClientDrained`. `written` hears when nobody has the part any more, which
   * only Node's own response and connection can tell.
   */
  write(chunk: Uint8Array, written?: Written): boolean {
    if (this.gone) return true;
    const taken = this.#methods.write.call(this.res, chunk, this.#keepsNothing ? written : undefined);
    if (!taken) this.#waitForDrain();
    return taken;
  }

  /** Tells the app, which is writing to a response that we have taken over, that there is room again. */
  letAppWrite(): void {
    const waits = this.#waitsForDrain;
    this.#waitsForDrain = false;
    this.res.emit('drain');
    this.#waitsForDrain ||= waits;
  }

  /** Makes a compression that is mounted outside of us pass on what it holds back. */
  flush(): void {
    (this.res as { flush?: () => void }).flush?.();
  }

  /**
   * Whether the response's chunks may be written to the socket past Node's response: HTTP/1.1, its turn has come, the
   * body is chunked, and nobody has put himself between.
   */
  get isDirect(): boolean {
    const { res } = this;
    return (
      this.#methods.write === native.write &&
      res.chunkedEncoding &&
      res.socket !== null &&
      res.writableCorked === 0
    );
  }

  /** The connection is held from now on. */
  hold(): void {
    probe(this.#socket);
  }

  /**
   * Lets go of Node's request and response once the head of a stream has been sent: what is left is the connection, which takes
   * half the memory. Undefined: somebody else has a share in them, or the body does not go to the connection as it is.
   */
  detach(idle: IdleSockets, detaching: Detaching): StreamClient | undefined {
    if (!this.isDirect || this.#waitsForDrain || this.gone) return undefined;
    const detached = DetachedSocket.of(this.req, this.res, idle, detaching, this.#services);
    if (detached !== undefined) this.#unwatch();
    return detached;
  }

  /** The whole response has left the process. */
  get finished(): boolean {
    return this.res.writableFinished;
  }

  /** Bytes that have been written and wait in this process. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Changes whenever the client takes something. */
  get progress(): number {
    return progressOf(this.#socket);
  }

  /** Writes bytes to the socket as they are; false: wait for `onClientDrained`. Only where {@link isDirect}. */
  writeRaw(bytes: Uint8Array): boolean {
    const { socket } = this.res;
    if (socket === null || this.gone) return true;
    // A socket calls itself full after a long write, though the system may have taken all of it.
    const taken = socket.write(bytes) || socket.writableLength === 0;
    if (!taken && !this.#waitsForDrain) {
      this.#waitsForDrain = true;
      (socket as DrainingSocket)[kClient] = this;
      socket.once('drain', onSocketDrain);
    }
    return taken;
  }

  /** Ends the response properly. `body`: the last part of it. */
  end(body?: Uint8Array): void {
    this.#owner = undefined;
    if (this.gone) return;
    const isEmpty = body === undefined || body.length === 0;
    if (isEmpty || (this.#isCounted && writeAtOnce(this.res, body))) this.#methods.end.call(this.res);
    else this.#methods.end.call(this.res, body);
    if (!this.#isTaken) this.mustTake();
    if (!this.req.complete) this.#services.lingering.behind(this.req, this.res);
  }

  /** From now on the client must take what waits for it, or is cut: `stallTimeout`. */
  mustTake(): void {
    if (this.#isWatched || this.gone) return;
    this.#isWatched = true;
    this.#services.stalls.add(this);
  }

  stillWaits(): boolean {
    return this.unsentBytes > 0;
  }

  stalled(): void {
    const { method, url } = this.req;
    this.#services.limits.reached('stalledRelay', { method, url, bytes: this.unsentBytes });
    this.res.destroy();
  }

  /** All that was written is with the system: not so where it waits for its turn, or somebody who is between may have kept some of it. */
  get #isTaken(): boolean {
    const { socket } = this.res;
    return (
      this.#methods.write === native.write &&
      (socket === null ? this.res.writableFinished : socket.writableLength === 0)
    );
  }

  #unwatch(): void {
    if (this.#isWatched) this.#services.stalls.remove(this);
    this.#isWatched = false;
  }

  /** What has been written goes to the system, and nobody who is between has kept it. */
  get #keepsNothing(): boolean {
    return (
      this.#methods.write === OutgoingMessage.prototype.write &&
      this.#socket instanceof Socket &&
      this.#socket.write === Socket.prototype.write
    );
  }

  /** The response has Node's own methods, and a length in its head. */
  get #isCounted(): boolean {
    return this.#methods.write === native.write && !this.res.chunkedEncoding;
  }

  addTrailers(trailers: HeaderList): void {
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < trailers.length; i += 2) pairs.push([trailers[i] ?? '', trailers[i + 1] ?? '']);
    if (pairs.length > 0 && this.res.chunkedEncoding) this.res.addTrailers(pairs);
  }

  /** Cuts the connection: the client sees that the response is not complete. */
  abort(): void {
    this.#owner = undefined;
    this.res.destroy();
  }

  /** @internal */
  noteClose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#unwatch();
    (this.#socket as QueueingSocket)[kWaiting]?.delete(this);
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.onClientGone();
  }

  /** @internal */
  noteDrain(): void {
    if (!this.#waitsForDrain) return;
    this.#waitsForDrain = false;
    this.#owner?.onClientDrained();
  }

  /** A compression has its own stream tell of `drain`: it does not know `res`, nor can `res` remove what listens to it. */
  #waitForDrain(): void {
    this.#waitsForDrain = true;
    if (this.#hearsDrain) return;
    this.#hearsDrain = true;
    this.#methods.on.call(this.res, 'drain', () => this.noteDrain());
  }
}

/** A connection with responses that wait for their turn. */
type QueueingSocket = IncomingMessage['socket'] & { [kWaiting]?: Set<ClientResponse> };

type DrainingSocket = NonNullable<ServerResponse['socket']> & { [kClient]?: ClientResponse };

/** One listener for all that wait: a client may pipeline as many requests as it likes. */
function waitBehind(socket: QueueingSocket, client: ClientResponse): void {
  if (socket[kWaiting] === undefined) {
    socket[kWaiting] = new Set();
    socket.once('close', onQueueClose);
  }
  socket[kWaiting].add(client);
}

function onQueueClose(this: QueueingSocket): void {
  for (const client of this[kWaiting] ?? []) client.noteClose();
}

function onSocketDrain(this: DrainingSocket): void {
  this[kClient]?.noteDrain();
}
