import type { HeaderList } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.js';

/** A request and where to send it. */
export interface Destination {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
}

/** What answers a route's requests, as the rest of the proxy sees it: a remote origin, or the app in this process. */
export interface Origin {
  /** For logs; empty: none. */
  readonly id: string;
  /** Put before channel names. */
  readonly prefix: string;
  readonly debug: boolean;
  readonly autoCrossOrigin: boolean;
  /** Channels that every hold is subscribed to; not prefixed. */
  readonly implicitChannels: readonly string[];
  /** Whether the entity tag of a held response is dropped: frameworks make one by themselves, of a body that is no body. */
  readonly dropsEntityTags: boolean;
  /** The request's absolute URI, as the origin knows it. */
  uri(request: ClientRequest): string;
  /** The client's request once more, with `gripLast` added. */
  again(request: ClientRequest, gripLast: HeaderList, body: Uint8Array | null): Destination;
  /** A request for a link. A string says why the proxy must not follow it. */
  link(uri: string, request: ClientRequest, gripLast: HeaderList): Destination | string;
}
