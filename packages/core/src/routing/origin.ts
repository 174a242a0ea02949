import type { Socket } from 'node:net';
import type { HeaderList, SlowClientPolicy } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import type { Upstream, UpstreamError, UpstreamRequest } from '../upstream/upstream.js';

/** A request and where to send it. */
export interface Destination {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
}

/** A client's WebSocket handshake as its origin gets it, hop-by-hop fields gone. */
export interface Handshake {
  /** Path and query. */
  readonly path: string;
  readonly headers: HeaderList;
}

/** Opens a connection to a target; `host` is the authority that the request will name. */
export type Connect = (
  host: string,
  callback: (error: UpstreamError | undefined, socket: Socket | undefined) => void,
) => void;

/** A place where a route's WebSockets can go. */
export interface WebSocketTarget {
  /** For messages: `host:port`. */
  readonly name: string;
  /** Replaces the request's `Host`. */
  readonly host: string | undefined;
  /** Channels that every WebSocket is subscribed to; not prefixed. */
  readonly implicitChannels: readonly string[];
  /** Undefined: it gets events over HTTP; else it speaks WebSocket itself. */
  readonly connect: Connect | undefined;
  /** Where events over HTTP go. */
  readonly upstream: Upstream;
  /** At most one event in a request. */
  readonly oneEvent: boolean;
  /** Milliseconds until a handshake must have been answered; 0: for ever. */
  readonly responseTimeout: number;
}

/** How much may wait for one client of a route, and what becomes of it then. */
export interface SlowClientLimits {
  readonly queueBytes: number;
  /** Undefined: `recover` where the origin has named a next link, else `close`. An origin's own word goes before it. */
  readonly policy: SlowClientPolicy | undefined;
}

/** What answers a route's requests, as the rest of the proxy sees it: a remote origin, or the app in this process. */
export interface Origin {
  /** For logs; empty: none. */
  readonly id: string;
  /** Put before channel names. */
  readonly prefix: string;
  readonly debug: boolean;
  readonly autoCrossOrigin: boolean;
  /** Whether content of the type `application/grip-instruct` is an instruct; else only `Grip-` fields are. */
  readonly jsonInstructs: boolean;
  readonly limits: SlowClientLimits;
  /** Channels that every hold is subscribed to; not prefixed. */
  readonly implicitChannels: readonly string[];
  /** Whether the entity tag of a held response is dropped: frameworks make one by themselves, of a body that is no body. */
  readonly dropsEntityTags: boolean;
  /** It sees more of a client than the request: what is equal on the wire need not be equal to it. */
  readonly seesClients: boolean;
  /** The request's absolute URI, as the origin knows it. */
  uri(request: ClientRequest): string;
  /** The client's request once more, with `gripLast` added. */
  again(request: ClientRequest, gripLast: HeaderList, body: Uint8Array | null): Destination;
  /** False: what it says of GRIP is not for this proxy. */
  readonly grip: boolean;
  /** Tried in order. */
  readonly webSocketTargets: readonly WebSocketTarget[];
  /** A client's handshake; `trusted`: it comes from a GRIP proxy that does its own subscribing. */
  handshake(request: ClientRequest, trusted: boolean): Handshake;
  /** Fields of a handshake that are new for each request: Grip-Sig. */
  handshakeFields(trusted: boolean): HeaderList;
  /** A request for a link. A string says why the proxy must not follow it. */
  link(uri: string, request: ClientRequest, gripLast: HeaderList): Destination | string;
}
