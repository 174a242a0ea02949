import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Clock } from '@p-8/core';
import { reset } from '../support/reset.js';
import { type Loss, Way } from './way.js';

/** The two ends of a line. */
export type Side = 'client' | 'server';

/** One connection through a {@link FaultProxy}. */
export class FaultLine {
  /** From the client to the server. */
  readonly up: Way;
  /** From the server to the client. */
  readonly down: Way;
  readonly #sockets: Readonly<Record<Side, Socket>>;

  constructor(client: Socket, server: Socket) {
    this.#sockets = { client, server };
    this.up = new Way(client, server);
    this.down = new Way(server, client);
  }

  /** Nothing is connected any more. */
  get isOver(): boolean {
    return Object.values(this.#sockets).every(({ destroyed }) => destroyed);
  }

  /** Carries nothing more, in either direction. */
  stall(): void {
    this.up.stall();
    this.down.stall();
  }

  resume(): void {
    this.up.resume();
    this.down.resume();
  }

  /** Carries a few bytes in each turn of the loop. */
  dribble(bytesPerTurn: number): void {
    this.up.dribble(bytesPerTurn);
    this.down.dribble(bytesPerTurn);
  }

  /** Carries everything so many milliseconds late. */
  delay(ms: number, clock: Clock): void {
    this.up.delay(ms, clock);
    this.down.delay(ms, clock);
  }

  /** Carries segments, late, and loses some of them at first. */
  loseSegments(loss: Loss): void {
    this.up.lose(loss);
    this.down.lose(loss);
  }

  /** Ends the connection for both: at once, whatever is on its way (`reset`), or after what is (`end`). */
  cut(how: 'reset' | 'end'): void {
    for (const socket of Object.values(this.#sockets)) {
      if (how === 'reset') reset(socket);
      else socket.end();
    }
    if (how === 'end') this.stall();
  }

  /** One side is gone, and the other is told nothing: what it sends goes nowhere. */
  lose(side: Side): void {
    this.stall();
    this.#sockets[side].destroy();
  }

  destroy(): void {
    for (const socket of Object.values(this.#sockets)) socket.destroy();
  }
}

/** A TCP proxy that can do to a connection what networks do. Carries all as it comes until it is told otherwise. */
export class FaultProxy {
  /** In the order in which they came. */
  readonly lines: FaultLine[] = [];
  readonly #server: net.Server;

  private constructor(target: { readonly port: number }, onLine: (line: FaultLine) => void) {
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const server = net.connect({
        port: target.port,
        host: '127.0.0.1',
        allowHalfOpen: true,
        noDelay: true,
      });
      const line = new FaultLine(client, server);
      this.lines.push(line);
      onLine(line);
    });
  }

  /** @param onLine gets each connection before anything goes through it */
  static async listen(
    target: { readonly port: number },
    onLine: (line: FaultLine) => void = () => {},
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, onLine);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The connection that came last. @throws Error where there is none. */
  get last(): FaultLine {
    const line = this.lines.at(-1);
    if (line === undefined) throw new Error('nobody has connected');
    return line;
  }

  async close(): Promise<void> {
    for (const line of this.lines) line.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
