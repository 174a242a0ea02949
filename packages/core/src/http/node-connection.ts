import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';

/**
 * This file has all of Node that P-8 uses and Node does not document. It is not the same in all versions: `npm run test:nodes` runs
 * the tests of each part on all that P-8 supports. Where a part is missing, connections stay as they are, and `Detaching` tells.
 */

/** What Node's HTTP server puts on a connection. */
export interface ServedSocket extends Socket {
  readonly server?: Server;
  readonly parser?: ServerParser | null;
  readonly encrypted?: boolean;
  /** Reading is paused until the client takes what was written. */
  readonly _paused?: boolean;
}

/** Milliseconds of silence on a held connection before TCP asks whether the other end is still there. */
const PROBE_DELAY = 60_000;

/** What Node's server knows of the probes of its connections: an app may have chosen its own. */
interface ProbingServer {
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
}

interface ServerParser {
  /** The last request whose head has been read. */
  readonly incoming?: IncomingMessage | null;
  /** What the end of the connection would mean: an error, if the first bytes of another request have come. Changes nothing. */
  finish?(): unknown;
}

/** A response that is the last one of its connection knows so. */
type LastResponse = ServerResponse & { readonly _last?: boolean };

type Listener = (this: Socket, ...args: unknown[]) => void;

/** By the names of their functions, since they are told apart by nothing else. Each has the parser and the request in it. */
const SERVER_LISTENERS = [
  ['data', 'bound socketOnData'],
  ['end', 'bound socketOnEnd'],
  ['drain', 'bound socketOnDrain'],
  ['close', 'bound socketOnClose'],
] as const;

/** They say what the server does about errors and time-outs, and are the same for all connections: they may stay until another request comes. */
const SHARED_LISTENERS = [
  ['error', 'socketOnError'],
  ['timeout', 'socketOnTimeout'],
] as const;

/** Calls `listener` when all responses that have to go out before `res` have done so, and what is written to `res` goes out. */
export function whenItsTurn(res: ServerResponse, listener: () => void): void {
  // Told before what has been written already goes out.
  res.once('socket', () => process.nextTick(listener));
}

/** Whether Node's server reads requests from the connection; not behind an upgrade. */
export function isServed(socket: ServedSocket): boolean {
  return socket.parser !== null;
}

/** A response that is still to be completed on the connection, by which a request to upgrade has come. */
export function unanswered(socket: Duplex): ServerResponse | undefined {
  return (socket as Duplex & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** What still comes by a connection goes nowhere: neither Node's parser of requests gets it, nor anybody else. */
export function dropData(socket: Socket): void {
  const readers = socket.listeners('data') as Listener[];
  // Who listens to `data` makes the parser give the connection back.
  socket.on('data', () => {});
  for (const reader of readers) socket.removeListener('data', reader);
  // The parser may have stopped the reading, and the stream does not know.
  const { _handle: handle } = socket as { readonly _handle?: Handle | null };
  if (handle?.reading === false) {
    handle.reading = true;
    handle.readStart?.();
  }
}

/**
 * Has TCP ask, while a held connection is silent, whether the other end is still there: an end that is gone without a word would else
 * never be missed. Node skips the call of the system where that is so already.
 */
export function probe(socket: Duplex): void {
  if (!('setKeepAlive' in socket)) return;
  const server = (socket as ServedSocket).server as (Server & ProbingServer) | undefined;
  const { keepAlive, keepAliveInitialDelay = 0 } = server ?? {};
  if (keepAlive === true && keepAliveInitialDelay > 0) return;
  (socket as Socket).setKeepAlive(true, PROBE_DELAY);
}

/** Whether a response says that it is the last one on its connection: what comes behind it must not be processed. RFC 9112 9.6. */
export function isLast(res: ServerResponse): boolean {
  return res.headersSent && !staysOpen(res);
}

/** Whether the connection stays open behind a response. */
export function staysOpen(res: ServerResponse): boolean {
  return (res as LastResponse)._last === false;
}

/** Whether the head that a response has sent has a field. Of what `writeHead` was given, Node keeps the text only. */
export function hasSentField(res: ServerResponse, lowerName: string): boolean {
  if (res.hasHeader(lowerName)) return true;
  const { _header: head } = res as { readonly _header?: unknown };
  return typeof head === 'string' && head.toLowerCase().includes(`\r\n${lowerName}:`);
}

/**
 * Takes a connection away from Node's request, response and parser, which take more memory than all the rest of it. Only
 * where the request has been read and nothing behind it, the response is the one whose turn it is, and nobody but its owner listens to either.
 *
 * @param onData hears what the client sends from now on
 * @returns unless `detached`, nothing has been changed
 */
export function detach(
  req: IncomingMessage,
  res: ServerResponse,
  onData: (this: Socket, bytes: Buffer) => void,
): 'detached' | 'shared' | 'unknown' {
  const socket: ServedSocket = req.socket;
  if (!isPlain(req, socket)) return 'shared';
  const listeners = SERVER_LISTENERS.map(([event, name]) => listenerOf(socket, event, name));
  const close = listeners.at(-1);
  if (close === undefined || listeners.includes(undefined) || !isKnown(res, socket)) return 'unknown';
  if (!isOnlyOurs(req, res, socket)) return 'shared';
  // Who listens to `data` makes Node's parser give the connection back.
  socket.on('data', onData);
  SERVER_LISTENERS.forEach(([event], i) => {
    const listener = listeners[i];
    if (listener !== undefined) socket.removeListener(event, listener);
  });
  res.detachSocket(socket);
  // Node frees the parser, and takes the request for broken off: which must not take the connection along.
  req.destroy = () => req;
  withoutStacks(() => close.call(socket));
  return 'detached';
}

/** The system's side of a connection. */
interface Handle {
  reading?: boolean;
  readonly writeQueueSize?: number;
  readStart?(): void;
  getpeername?(found: object): number;
}

/**
 * A number that changes whenever the other end of a connection takes something: a large write is taken in parts, of which
 * Node tells nobody until it is whole.
 */
export function progressOf(socket: Duplex): number {
  // A connection in memory has none of it.
  const { bytesWritten = 0, _handle } = socket as Duplex & Counted;
  return bytesWritten - socket.writableLength - (_handle?.writeQueueSize ?? 0);
}

interface Counted {
  readonly bytesWritten?: number;
  readonly _handle?: Handle | null;
}

/** The server that took a request. */
export function serverOf(req: IncomingMessage): Server | undefined {
  return (req.socket as ServedSocket).server;
}

/**
 * Whether the other end has reset a connection. One that is read tells by itself; of one that is not, the system only says
 * that it knows no other end any more.
 */
export function isReset(socket: Socket): boolean {
  const { _handle: handle } = socket as { readonly _handle?: Handle | null };
  return handle?.getpeername?.({}) === -constants.errno.ENOTCONN;
}

/** Gives a connection to its server as if it had just been opened. */
export function attach(socket: ServedSocket): void {
  const { server } = socket;
  const listener = server === undefined ? undefined : connectionListener(server);
  if (server === undefined || listener === undefined) {
    socket.destroy();
    return;
  }
  for (const [event, name] of SHARED_LISTENERS) {
    const shared = listenerOf(socket, event, name);
    if (shared !== undefined) socket.removeListener(event, shared);
  }
  // As Node does before it gives an upgraded connection away: reading begins anew with whoever listens next.
  (socket as { readableFlowing: boolean | null }).readableFlowing = null;
  listener.call(server, socket);
}

/** For errors that nobody sees: their stacks would be most of what they cost. */
function withoutStacks(act: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    act();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A connection of HTTP/1.1 that is read by Node's server. */
function isPlain(req: IncomingMessage, socket: ServedSocket): boolean {
  return (
    req.httpVersion === '1.1' &&
    socket.encrypted !== true &&
    !socket.destroyed &&
    !socket.readableEnded &&
    isServed(socket)
  );
}

/** Whether Node's server has all the parts that are used here. */
function isKnown(res: ServerResponse, { _paused, parser, server }: ServedSocket): boolean {
  return (
    typeof _paused === 'boolean' &&
    typeof (res as LastResponse)._last === 'boolean' &&
    parser?.incoming !== undefined &&
    typeof parser.finish === 'function' &&
    server !== undefined &&
    connectionListener(server) !== undefined
  );
}

function isOnlyOurs(req: IncomingMessage, res: ServerResponse, socket: ServedSocket): boolean {
  const { parser, server } = socket;
  return (
    socket._paused === false &&
    parser?.incoming === req &&
    req.complete &&
    parser.finish?.() === undefined &&
    // Their own sums are kept with the parser.
    !server?.maxRequestsPerSocket &&
    !(server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen &&
    req.eventNames().length === 0 &&
    hasOnly(res, 'finish', 1) &&
    hasOnly(res, 'close', 1) &&
    res.eventNames().length === 2
  );
}

function hasOnly(res: ServerResponse, event: string, count: number): boolean {
  return res.listenerCount(event) === count;
}

function connectionListener(server: Server): ((this: Server, socket: Socket) => void) | undefined {
  const found = server.listeners('connection').find(({ name }) => name === 'connectionListener');
  return found as ((this: Server, socket: Socket) => void) | undefined;
}

function listenerOf(socket: Socket, event: string, name: string): Listener | undefined {
  return socket.listeners(event).find((listener) => listener.name === name) as Listener | undefined;
}
