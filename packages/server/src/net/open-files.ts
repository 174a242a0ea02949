import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '@p-8/core';
import { errorText } from '../error-text.js';

/** Milliseconds for which the log does not repeat a line: it must not fill the disk. */
const LOG_INTERVAL = 60_000;

/** The share of the open files that are left when the log says so, and their number at least. */
const RESERVE = 0.01;
const MIN_RESERVE = 8;

/**
 * Says in the log that the process has no open files left for connections. Node does not tell: it accepts and closes
 * connections beyond the limit of the system without an event.
 */
export class OpenFiles {
  readonly #limit: number;
  readonly #enough: number;
  readonly #logger: Logger;
  readonly #quietUntil = { full: 0, failed: 0 };

  /** @param limit the open files that the process may have */
  constructor(logger: Logger, limit: number = readLimit()) {
    this.#logger = logger;
    this.#limit = limit;
    this.#enough = limit - Math.max(MIN_RESERVE, limit * RESERVE);
  }

  /** Looks at each connection of a server that listens. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      // The system gives a file the lowest number that is free.
      if (descriptorOf(socket) >= this.#enough) this.#warn('full', { limit: this.#limit }, FULL);
    });
    // A failed accept() concerns one connection: the others go on, and so does the server.
    server.on('error', (error) => this.#warn('failed', { error: errorText(error) }, FAILED));
  }

  #warn(what: 'full' | 'failed', fields: object, message: string): void {
    const now = performance.now();
    if (now < this.#quietUntil[what]) return;
    this.#quietUntil[what] = now + LOG_INTERVAL;
    this.#logger.warn(fields, message);
  }
}

const FULL =
  'nearly all open files are in use, and connections beyond the limit are closed: raise ulimit -Hn';
const FAILED = 'a connection could not be accepted';

/** Not documented; where Node does not have it, nothing is said. */
function descriptorOf(socket: Socket & { readonly _handle?: { readonly fd?: number } | null }): number {
  return socket._handle?.fd ?? -1;
}

/** How many files the process may open; infinite where the system does not tell. */
function readLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
