import type { SteadyClock } from './clock.js';
import type { Logger } from './logger.js';

/** A bound that keeps one client, origin or publisher from harming the others. */
export type LimitName = (typeof LIMITS)[number];

/** Their names; options that set them. */
const LIMITS = [
  'channels', // subscriptionsPerConnection
  'eventsTimeout',
  'followUpTimeout',
  'meta', // 100 values and 65,536 bytes of meta of one WebSocket
  'hops', // of a request, as CDN-Loop counts them: 20
  'patch', // maxPatchBytes and the like
  'ping', // pingInterval
  'tables', // totalTableBytes
  'requests', // requestsPerConnection
  'stalledRelay', // stallTimeout
  'stalledUpload', // stallTimeout
  'sessions', // maxSessions
  'input', // totalInputBytes
  'queued', // queuedPerOrigin, and connectTimeout for those that wait
  'stalledTunnel', // stallTimeout
  'unreadBody', // lingerTimeout, lingerBytes
] as const;

/** What was refused or cut: for the log and for listeners. */
export type LimitFields = Readonly<Record<string, unknown>>;

/** Milliseconds for which the log says no more of a limit: an attack must not fill the disk. */
const LOG_INTERVAL = 60_000;

/** Counts how often each bound was reached, and says so: to listeners each time, to the log once a minute. */
export class Limits {
  readonly counts: Record<LimitName, number>;
  readonly #logger: Logger;
  readonly #clock: SteadyClock;
  readonly #onLimit: (limit: LimitName, fields: LimitFields) => void;
  /** When the log may mention a limit again. */
  readonly #quietUntil = new Map<LimitName, number>();

  constructor(logger: Logger, clock: SteadyClock, onLimit: (limit: LimitName, fields: LimitFields) => void) {
    this.counts = Object.fromEntries(LIMITS.map((name) => [name, 0])) as Record<LimitName, number>;
    this.#logger = logger;
    this.#clock = clock;
    this.#onLimit = onLimit;
  }

  /** Something was refused or cut because of `limit`. @param fields what it was; nothing secret */
  reached(limit: LimitName, fields: LimitFields): void {
    const count = ++this.counts[limit];
    const now = this.#clock.monotonic();
    if (now >= (this.#quietUntil.get(limit) ?? Number.NEGATIVE_INFINITY)) {
      this.#quietUntil.set(limit, now + LOG_INTERVAL);
      this.#logger.warn({ ...fields, limit, count }, 'limit reached');
    }
    this.#onLimit(limit, fields);
  }
}
