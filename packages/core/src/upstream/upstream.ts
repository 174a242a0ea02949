import type { Readable } from 'node:stream';
import type { HeaderList } from '@p-8/protocol';

/** A request to an origin. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Complete, `Host` included, hop-by-hop fields gone. */
  readonly headers: string[];
  readonly body: Readable | Uint8Array | null;
  /** It may be sent again where the connection was closed by the origin as it was sent, whatever its method. */
  readonly mayRepeat?: boolean;
  /** A client has made it, and not the proxy by itself: those of the proxy go before it. */
  readonly isClients?: boolean;
  /** Whose follow-up this is: an app in this process sees that client's address and scheme. */
  readonly client?: ClientFacts;
}

/** What an in-process app sees of a client beyond its request. */
export interface ClientFacts {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly encrypted: boolean;
}

/** Hears how an origin answers. After `onEnd` or `onError` nothing more comes. */
export interface UpstreamHandler {
  /** The response's head. */
  onHead(status: number, reason: string, headers: string[]): void;
  /** A part of the body; false: send no more until {@link UpstreamCall.resume}. */
  onData(chunk: Buffer): boolean;
  onEnd(trailers: HeaderList): void;
  /** The origin could not be asked, or its answer broke off. */
  onError(error: UpstreamError): void;
  /** An interim response, such as 103 Early Hints. */
  onInterim?(status: number, headers: string[]): void;
}

/** A request under way. */
export interface UpstreamCall {
  /** Gives the request up; the handler hears nothing more. */
  abort(): void;
  /** Lets the body go on after `onData` returned false. */
  resume(): void;
}

/** Where requests go: a remote origin, or the app in this process. */
export interface Upstream {
  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall;
  close(): Promise<void>;
}

/** Why an origin gave no (whole) answer; `busy`: it has not been asked, since others wait to be. `detail` is for the log and for debug bodies. */
export interface UpstreamError {
  readonly kind: 'connect' | 'busy' | 'blocked' | 'broken' | 'timeout' | 'no-server';
  readonly detail: string;
  readonly cause?: unknown;
  /** Which targets were asked, and what became of it: for the log, and for clients on this machine. @default the detail */
  readonly reason?: string;
}

/** The status of the response to a client whose request came to nothing: RFC 9110 15.6.3, 15.6.4. */
export function failureStatus({ kind }: UpstreamError): number {
  return kind === 'busy' ? 503 : 502;
}
