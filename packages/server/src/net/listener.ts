import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { GripError } from '@p-8/core';
import { errorCode, errorText } from '../error-text.js';
import { type ListenOptions, listenUrl } from './listen-address.js';

/** Milliseconds between two looks for idle connections while closing. */
const SWEEP_INTERVAL = 50;

/** A server that listens. */
export class Listener {
  readonly server: Server;
  readonly #address: ListenOptions;

  private constructor(server: Server, address: ListenOptions) {
    this.server = server;
    this.#address = address;
  }

  /**
   * Makes `server` listen at `address`. A Unix socket that a dead process left behind is replaced.
   *
   * @throws GripError when the address cannot be had; the message says why and names `option`
   */
  static async open(server: Server, address: ListenOptions, option: string): Promise<Listener> {
    try {
      await listen(server, address);
    } catch (error) {
      const stale = 'path' in address && errorCode(error) === 'EADDRINUSE' && !(await isAlive(address.path));
      if (!stale) throw refused(error, address, option);
      rmSync(address.path);
      await listen(server, address).catch((again: unknown) => {
        throw refused(again, address, option);
      });
    }
    if ('path' in address && address.mode !== undefined) chmodSync(address.path, address.mode);
    return new Listener(server, address);
  }

  /** The TCP port, also where 0 was asked for; undefined for a Unix socket. */
  get port(): number | undefined {
    const bound = this.server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : undefined;
  }

  /** The host as asked for; undefined for all interfaces and for a Unix socket. */
  get host(): string | undefined {
    return 'path' in this.#address ? undefined : this.#address.host;
  }

  /** Where clients on this machine find it: `http://localhost:7999`, or `unix:/run/p-8.sock`. */
  get url(): string {
    if ('path' in this.#address) return `unix:${this.#address.path}`;
    return listenUrl(
      this.#address.host,
      this.port ?? this.#address.port,
      this.#address.tls ? 'https' : 'http',
    );
  }

  /** Takes no more connections; resolves when the last one is gone, or after `grace` milliseconds without mercy. */
  async close(grace: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // A connection becomes idle, and would stay, when its last response ends.
    const sweep = setInterval(() => this.server.closeIdleConnections(), SWEEP_INTERVAL);
    const impatience = setTimeout(() => this.server.closeAllConnections(), grace);
    await closed;
    clearInterval(sweep);
    clearTimeout(impatience);
  }
}

function listen(server: Server, address: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      'path' in address ? { path: address.path } : { port: address.port, host: address.host },
      () => {
        server.off('error', reject);
        resolve();
      },
    );
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function refused(cause: unknown, address: ListenOptions, option: string): GripError {
  const where = 'path' in address ? address.path : `${address.host ?? '*'}:${address.port}`;
  const code = errorCode(cause);
  const why =
    code === 'EADDRINUSE'
      ? 'is already in use; stop the other process or choose another'
      : code === 'EACCES'
        ? 'needs more rights; choose a port from 1024, or another directory'
        : `cannot be listened on (${errorText(cause)}); choose another`;
  return new GripError('GRIP_ERR_OPTION', `${option}: ${where} ${why}`, { cause });
}
