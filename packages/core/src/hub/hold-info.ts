/** A held connection, as those see it who watch the proxy. */
export interface HoldInfo {
  /** A response hold is a long-poll, a stream hold a streaming response. */
  readonly mode: 'response' | 'stream' | 'websocket';
  /** Absolute, as the origin knows it; of a WebSocket with `http:` or `https:`. */
  readonly uri: string;
  /** At the moment, by the names that publishers use. A WebSocket subscribes to most of its own after it is held. */
  readonly channels: readonly string[];
}

/**
 * Why a connection is not held any more:
 *
 * - `answered`: an item was the response of a long-poll.
 * - `timeout`: no item came in the time that the origin had set.
 * - `retry`: the origin is asked the client's request again, and may hold it anew.
 * - `ended`: the origin or a publisher has ended it.
 * - `client`: the client has closed it, or is gone.
 * - `slow`: the client did not take what there was for it.
 * - `error`: something went wrong; the log says what.
 * - `closing`: the proxy closes.
 */
export type HoldEnd = 'answered' | 'timeout' | 'retry' | 'ended' | 'client' | 'slow' | 'error' | 'closing';
