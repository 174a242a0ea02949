import https from 'node:https';
import net, { type Socket } from 'node:net';
import { certificate } from '../../../../test/support/apps/certificate.js';
import { type EventsHandler, eventsOrigin } from '../../../../test/support/events-origin.js';
import type { Origin, RawOrigin } from '../../../../test/support/origin.js';
import type { Stage } from '../../../../test/support/stage.js';

/**
 * An origin that can be out of reach and come back: no TLS can be had with it then. A port that nobody listens on might be
 * given to somebody else.
 */
export class TlsGate {
  readonly origin: Origin;
  /** How often it was tried while it was out of reach. */
  tries = 0;
  #gate: RawOrigin | undefined;
  #open = true;

  private constructor(origin: Origin) {
    this.origin = origin;
  }

  static async start(stage: Stage, handler?: EventsHandler): Promise<TlsGate> {
    const gate = new TlsGate(await eventsOrigin(stage, handler, https.createServer(certificate())));
    gate.#gate = await stage.rawOrigin((socket) => gate.#take(socket));
    return gate;
  }

  /** `https:`; to be used with `insecure`. */
  get url(): string {
    return `https://127.0.0.1:${this.#gate?.port}`;
  }

  /** From now on nobody gets through, and those who have are cut. */
  shut(): void {
    this.#open = false;
    for (const socket of this.#gate?.sockets ?? []) socket.destroy();
  }

  reopen(): void {
    this.#open = true;
  }

  #take(socket: Socket): void {
    if (!this.#open) {
      this.tries++;
      socket.end('this is no TLS\n');
      return;
    }
    const inner = net.connect(this.origin.port, '127.0.0.1');
    inner.on('error', () => {});
    inner.on('close', () => socket.destroy());
    socket.on('close', () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  }
}
