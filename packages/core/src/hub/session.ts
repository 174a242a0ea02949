import type { StreamChunk } from '../http/stream-chunk.js';
import type { HoldInfo } from './hold-info.js';
import type { PublishedItem } from './published-item.js';
import type { Outcome } from './receipt.js';
import type { RecoveryCause } from './recovery.js';

/** What is behind one held connection, as the hub sees it. */
export interface Session {
  /** Takes an item of a channel that the session is subscribed to. */
  deliver(item: PublishedItem, subscription: Subscription): Outcome;
  /**
   * Whether the client gets all that the channel gets, as it is: then it may get several items at once, by {@link Session.takeBatch},
   * until {@link Hub.single} is called. Undefined: never.
   */
  isPlain?(subscription: Subscription): boolean;
  /** Takes the stream content of items that have been counted as delivered. */
  takeBatch?(chunk: StreamChunk, subscription: Subscription): void;
  /** Whether the session takes items of this kind at all. */
  takes(item: PublishedItem): boolean;
  /** How those see it who watch the proxy. */
  info(): HoldInfo;
  /** How much has been given to the client so far, in bytes or in whatever {@link Session.unsent} counts. */
  readonly given: number;
  /** How much of it has not left the process. */
  readonly unsent: number;
  /** Nothing leaves any more. */
  readonly over: boolean;
  /** Asks the origin again, as if items had been missed. */
  recover(cause: RecoveryCause): void;
  /** Ends the connection as properly as its kind allows. */
  close(): void;
  /** Cuts the connection: the client sees that something is missing. */
  abort(): void;
}

/** One session's place in one channel. */
export class Subscription {
  readonly session: Session;
  /** The channel's name as the origin knows it. */
  readonly name: string;
  /** The channel's name as publishers know it: with the route's prefix. */
  readonly channel: string;
  /** Id of the last item that the client has; undefined: the origin does not number the items of this channel. */
  prevId: string | undefined;
  filters: readonly string[];
  /** Whether an item has been sent since the session last looked. */
  active = false;
  /** Number of the last item that has come together with others. */
  lastTaken = 0;

  constructor(
    session: Session,
    name: string,
    channel: string,
    prevId: string | undefined,
    filters: readonly string[],
  ) {
    this.session = session;
    this.name = name;
    this.channel = channel;
    this.prevId = prevId;
    this.filters = filters;
  }
}
