import type { SteadyClock } from '../clock.js';
import type { Timers } from '../timers.js';
import type { ExchangeServices } from './exchange.js';
import type { UploadServices } from './upload.js';

/** What all origins of a proxy share. */
export interface UpstreamServices extends UploadServices, ExchangeServices {
  readonly timers: Timers;
  readonly clock: SteadyClock;
  /** The most requests that one origin is asked at a time, each on a connection of its own. */
  readonly connectionsPerOrigin: number;
  /** The most requests that wait for one of the connections. */
  readonly queuedPerOrigin: number;
  /** Milliseconds that they wait at most; 0: for ever. */
  readonly connectTimeout: number;
  /** Milliseconds that a connection is used; 0: for ever. */
  readonly connectionMaxAge: number;
}
