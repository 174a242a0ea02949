import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { HoldKind } from './job.js';
import { holdRequest } from './requests.js';

/** Milliseconds until another attempt. */
const RETRY = 100;

/** Where a connection goes, and what is held there. */
export interface HoldAddress {
  readonly port: number;
  readonly kind: HoldKind;
  readonly channel: string;
  /** Number of the connection. */
  readonly index: number;
  /** How often it is tried. @default 1 */
  readonly attempts?: number;
}

/** What happens to a held connection once it is held. */
export interface HeldListener {
  /** Bytes after the head, from `from` on. */
  onBytes(bytes: Buffer, from: number, length: number): void;
  /** It ended, but not by us. */
  onEnd(): void;
}

/** Opens a connection and resolves when it is held: the head of a good response is here. Rejects when it is not. */
export async function openHeld(address: HoldAddress, listener: HeldListener): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToOpen(address, listener);
    } catch (error) {
      if (attempt >= (address.attempts ?? 1)) throw error;
      await delay(RETRY);
    }
  }
}

function tryToOpen({ port, kind, channel, index }: HoldAddress, listener: HeldListener): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let head = '';
    let isHeld = false;
    let connection: Connection | undefined;
    const opening = Connection.open(port, index, {
      onBytes(bytes, length) {
        if (isHeld) {
          listener.onBytes(bytes, 0, length);
          return;
        }
        const before = head.length;
        head += bytes.toString('latin1', 0, length);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        const status = head.slice(9, 12);
        const good = kind === 'websocket' ? '101' : '200';
        if (status !== good || connection === undefined) {
          connection?.leave();
          reject(new Error(`${status} for a ${kind}`));
        } else {
          isHeld = true;
          resolve(connection);
          listener.onBytes(bytes, end + 4 - before, length);
          head = '';
        }
      },
      onEnd() {
        if (isHeld) listener.onEnd();
        else reject(new Error(`a ${kind} ended before it was held`));
      },
    });
    opening.then((opened) => {
      connection = opened;
      opened.write(holdRequest(kind, channel));
    }, reject);
  });
}
