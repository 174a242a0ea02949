import type { Duplex } from 'node:stream';
import { Timer, type TimerOwner, type Timers } from '../timers.js';

/** Milliseconds until a connection that was ended is cut, whatever its other side does. */
const LINGER_TIMEOUT = 10_000;

/**
 * Connections that have been sent their last word while the other side may still be sending. They are read until the other
 * side has gone, since unread data would have the last word thrown away; but not for ever.
 */
export class LingeringSockets {
  readonly #timers: Timers;
  readonly #sockets = new Set<Lingering>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Takes a connection whose writable side is being ended. */
  add(socket: Duplex): void {
    if (socket.destroyed) return;
    const lingering = new Lingering(socket);
    this.#sockets.add(lingering);
    this.#timers.start(lingering.timer, LINGER_TIMEOUT);
    socket.once('close', () => {
      this.#timers.stop(lingering.timer);
      this.#sockets.delete(lingering);
    });
    socket.on('error', ignore);
    socket.resume();
  }

  /** Cuts all of them. */
  close(): void {
    for (const { socket } of this.#sockets) socket.destroy();
  }
}

class Lingering implements TimerOwner {
  readonly socket: Duplex;
  readonly timer: Timer = new Timer(this);

  constructor(socket: Duplex) {
    this.socket = socket;
  }

  onTimer(): void {
    this.socket.destroy();
  }
}

function ignore(): void {}
