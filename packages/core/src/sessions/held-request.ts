import type { HeaderList } from '@p-8/protocol';
import type { SteadyClock } from '../clock.js';
import type { ClientResponse } from '../http/client-response.js';
import type { Detaching } from '../http/detaching.js';
import type { Flusher } from '../http/flusher.js';
import type { IdleSockets } from '../http/idle-sockets.js';
import type { LingeringSockets } from '../http/lingering-sockets.js';
import type { PausedBodies } from '../http/paused-bodies.js';
import type { StallWatch } from '../http/stall-watch.js';
import type { StreamClient } from '../http/stream-client.js';
import type { History } from '../hub/history.js';
import type { Hub } from '../hub/hub.js';
import type { InputBytes } from '../input-bytes.js';
import type { Limits } from '../limits.js';
import type { Logger, OnError } from '../logger.js';
import type { Destination, SlowClientLimits } from '../routing/origin.js';
import type { Timers } from '../timers.js';
import type { CallCounter } from '../upstream/call-counter.js';
import type { UpstreamCall, UpstreamHandler } from '../upstream/upstream.js';
import type { Warnings } from '../warnings.js';
import type { Pings } from '../websocket/pulse.js';
import type { Admission } from './admission.js';
import type { Backlog } from './backlog.js';
import type { FilterLimiter } from './filter-limiter.js';
import type { FollowUps } from './follow-ups.js';
import type { PatchedBodies } from './patched-bodies.js';
import type { SharedRequests } from './shared-requests.js';
import type { SlowClients } from './slow-clients.js';
import type { UpdateLimiter } from './update-limiter.js';

/** What all sessions of a proxy share. */
export interface SessionServices {
  readonly hub: Hub;
  readonly history: History;
  /** What is kept of what clients send. */
  readonly input: InputBytes;
  /** Says whether one more client may be held. */
  readonly admission: Admission;
  readonly clock: SteadyClock;
  readonly timers: Timers;
  readonly limiter: UpdateLimiter;
  /** What asks origins for what held clients lack goes through it. */
  readonly sharedRequests: SharedRequests;
  /** Sends what the proxy asks by itself. */
  readonly followUps: FollowUps;
  /** Milliseconds that an origin has for a request of WebSocket events; 0: for ever. */
  readonly eventsTimeout: number;
  /** What filters ask origins goes through it. */
  readonly filterLimiter: FilterLimiter;
  /** What JSON Patch of items makes of the bodies of long-polls. */
  readonly patchedBodies: PatchedBodies;
  readonly flusher: Flusher;
  /** Finds connections whose other end does not move: `stallTimeout`. */
  readonly stalls: StallWatch;
  readonly logger: Logger;
  /** Tells developers of mistakes. */
  readonly warnings: Warnings;
  /** Clients on this machine are told what went wrong. */
  readonly tellsLocal: boolean;
  /** Gets what should never have been thrown. */
  readonly onError: OnError;
  /** Counts what is refused or cut. */
  readonly limits: Limits;
  /** The most channels of one connection. */
  readonly subscriptionsPerConnection: number;
  /** What waits for clients that are slow. */
  readonly backlog: Backlog;
  readonly slowClients: SlowClients;
  /** The most bytes of one WebSocket message. */
  readonly maxMessageBytes: number;
  /** Whether WebSocket messages are compressed for clients that offer it. */
  readonly compression: boolean;
  /** Undefined: WebSockets are not pinged. */
  readonly pings: Pings | undefined;
  /** Gone links that are being asked. */
  readonly farewells: CallCounter;
  /** Connections that are about to end. */
  readonly lingering: LingeringSockets;
  /** Requests whose bodies origins do not take at once. */
  readonly pausedBodies: PausedBodies;
  /** Connections that wait for another request. */
  readonly idleSockets: IdleSockets;
  readonly detaching: Detaching;
}

/** A client's request that is held: what a session needs of it, however long it lasts. */
export interface StreamRequest {
  readonly services: SessionServices;
  readonly client: StreamClient;
  /** Absolute URI, as the origin knows it: links are relative to it. */
  readonly uri: string;
  /** Put before channel names. */
  readonly prefix: string;
  /** Channels that the route subscribes to by itself; not prefixed. */
  readonly implicitChannels: readonly string[];
  /** Whether content of the origin's may be an instruct. */
  readonly jsonInstructs: boolean;
  /** Whether clients are told what went wrong. */
  readonly debug: boolean;
  /** How much may wait for the client. */
  readonly limits: SlowClientLimits;
  /** Asks for a link. Undefined: the proxy must not go there, and `handler` has been told. */
  fetchLink(uri: string, gripLast: readonly string[], handler: UpstreamHandler): UpstreamCall | undefined;
  /** A request for a link, which the caller sends by itself. A string says why the proxy must not go there. */
  linkTo(uri: string, gripLast: readonly string[]): Destination | string;
  /** Tells the origin, by the link that it has named for this, that the client is not held any more. */
  sayGone(uri: string): void;
}

/** A client's request whose response became an instruct: what a session needs of it at first. */
export interface HeldRequest extends StreamRequest {
  readonly client: ClientResponse;
  readonly method: string;
  /** The id of the last event that the client says to have; undefined: it comes for the first time. */
  readonly lastEventId: string | undefined;
  /**
   * The client has what the origin had for it, and its stream stands: lets go of all that is not needed any more.
   * @param asksLinks the instruct names links, which are asked for as the client would
   */
  stand(asksLinks: boolean): StreamRequest;
  /** Sends the client's own request to the origin again, with these fields added; the session has let go of the client. */
  retry(gripLast: readonly string[]): void;
  /** The origin's content, which is still coming, is not wanted any more. */
  dropContent(): void;
  /** Sends the client its whole response; where HTTP does not allow it, the client gets an error. */
  respond(status: number, reason: string, headers: HeaderList, body: Uint8Array): void;
  /** Answers the client with an error; `detail` goes to the log, and to the client in debug mode. */
  refuse(detail: string): void;
}
