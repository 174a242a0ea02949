import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientOwner } from './client-response.js';
import type { ClientServices } from './client-services.js';
import type { Detaching } from './detaching.js';
import type { IdleSockets } from './idle-sockets.js';
import { attach, detach, progressOf, type ServedSocket, staysOpen } from './node-connection.js';
import type { Stallable } from './stall-watch.js';
import type { StreamClient } from './stream-client.js';

/** The most bytes of further requests that are read while a stream is sent; the rest waits in the system. */
const MAX_KEPT = 16_384;

/** The end of a chunked body without trailers: RFC 9112 7.1. */
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** How a request begins, as far as it has come: a method behind empty lines, if there are any. RFC 9112 2.2, 3. */
const REQUEST_START = /^(?:\r?\n)*\r?(?:[\w!#$%&'*+.^`|~-]{1,32}(?: |$)|$)/;

const kDetached = Symbol('p-8 detached');
type OwnedSocket = ServedSocket & { [kDetached]?: DetachedSocket | undefined };

/**
 * The connection of a stream that stands, without Node's request, response and parser. When the stream ends properly, Node's
 * server gets it back with the next request.
 */
export class DetachedSocket implements StreamClient, Stallable {
  readonly #socket: OwnedSocket;
  readonly #idle: IdleSockets;
  readonly #services: ClientServices;
  readonly #staysOpen: boolean;
  #owner: ClientOwner | undefined;
  /** What the client has sent meanwhile: requests that it does not want to wait with. */
  #kept: Buffer | undefined;
  #waitsForDrain = false;
  #ended = false;

  private constructor(socket: Socket, idle: IdleSockets, services: ClientServices, staysOpen: boolean) {
    this.#socket = socket;
    this.#idle = idle;
    this.#services = services;
    this.#staysOpen = staysOpen;
  }

  /** Takes the connection of a response whose head has been sent. Undefined: it has to stay with its response. */
  static of(
    req: IncomingMessage,
    res: ServerResponse,
    idle: IdleSockets,
    detaching: Detaching,
    services: ClientServices,
  ): DetachedSocket | undefined {
    const { socket } = req;
    const open = staysOpen(res);
    const outcome = detach(req, res, onData);
    if (outcome === 'unknown') detaching.notPossible();
    if (outcome !== 'detached') return undefined;
    const detached = new DetachedSocket(socket, idle, services, open);
    detached.#listen();
    return detached;
  }

  get isDirect(): boolean {
    return true;
  }

  set owner(owner: ClientOwner | undefined) {
    this.#owner = owner;
  }

  get gone(): boolean {
    return this.#socket.destroyed || (this.#ended && this.#socket.writableLength === 0);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get progress(): number {
    return progressOf(this.#socket);
  }

  write(chunk: Uint8Array): boolean {
    return this.writeRaw(chunk);
  }

  writeRaw(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    // It is about to close, since the client has ended its side.
    if (!socket.writable) return true;
    // A socket calls itself full after a long write, though the system may have taken all of it.
    const taken = socket.write(bytes) || socket.writableLength === 0;
    if (!taken && !this.#waitsForDrain) {
      this.#waitsForDrain = true;
      socket.once('drain', onDrain);
    }
    return taken;
  }

  flush(): void {}

  end(): void {
    this.#owner = undefined;
    if (this.#ended || !this.#socket.writable) return;
    this.#ended = true;
    this.#idle.add(this);
    this.#socket.write(LAST_CHUNK, () => this.#startTimeout());
    if (this.#socket.writableLength > 0) this.#services.stalls.add(this);
    if (!this.#staysOpen) this.#socket.destroySoon();
    else if (this.#kept !== undefined) this.#giveBack();
    else if (this.#idle.closed) this.leave();
  }

  stillWaits(): boolean {
    return this.unsentBytes > 0;
  }

  stalled(): void {
    this.#services.limits.reached('stalledRelay', { bytes: this.unsentBytes });
    this.#socket.destroy();
  }

  abort(): void {
    this.#owner = undefined;
    this.#socket.destroy();
  }

  /** Whoever waits for another request shall not: the proxy closes. What the client has not taken yet is left to the server. */
  leave(): void {
    if (this.#socket.writableLength > 0) this.#giveBack();
    else this.#socket.destroySoon();
  }

  /** @internal */
  noteData(bytes: Buffer): void {
    const kept = this.#kept === undefined ? bytes : Buffer.concat([this.#kept, bytes]);
    this.#kept = kept;
    if (this.#ended) this.#giveBack();
    // As Node's parser would: an answer would land in the middle of the stream.
    else if (!REQUEST_START.test(kept.toString('latin1', 0, 64))) this.#socket.destroy();
    else if (kept.length > MAX_KEPT) this.#socket.pause();
  }

  /** @internal */
  noteClose(): void {
    this.#idle.remove(this);
    this.#services.stalls.remove(this);
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.onClientGone();
  }

  /** @internal */
  noteDrain(): void {
    this.#waitsForDrain = false;
    this.#owner?.onClientDrained();
  }

  #listen(): void {
    this.#socket[kDetached] = this;
    this.#socket.on('end', onEnd);
    this.#socket.on('close', onClose);
  }

  /** The client has it all. From now on the connection stays open for as long as its server lets it wait for another request. */
  #startTimeout(): void {
    const { server, destroyed } = this.#socket;
    if (!destroyed && this.#socket[kDetached] === this)
      this.#socket.setTimeout(server?.keepAliveTimeout ?? 0);
  }

  /** Node's server takes over, and reads what has come since. */
  #giveBack(): void {
    this.#idle.remove(this);
    this.#services.stalls.remove(this);
    const socket = this.#socket;
    socket.setTimeout(0);
    socket[kDetached] = undefined;
    socket.removeListener('data', onData);
    socket.removeListener('end', onEnd);
    socket.removeListener('close', onClose);
    socket.removeListener('drain', onDrain);
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) socket.unshift(kept);
    attach(socket);
  }
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this[kDetached]?.noteData(bytes);
}

/** The client has ended its side: Node's server ends the other one then, and so does this. */
function onEnd(this: OwnedSocket): void {
  this.end();
}

function onClose(this: OwnedSocket): void {
  this[kDetached]?.noteClose();
}

function onDrain(this: OwnedSocket): void {
  this[kDetached]?.noteDrain();
}
