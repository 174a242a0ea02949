import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { GripProxy } from '@p-8/core';
import { FaultProxy } from '../fault-proxy.js';
import type { Connection, Network } from './networks.js';

/** Connections over TCP, through a proxy that can stall, dribble, lose and cut them. */
export class TcpNetwork implements Network {
  readonly quietTurns = 60;
  carried = 0;
  readonly #server: http.Server;
  readonly #faults: Promise<FaultProxy>;
  readonly #clients: net.Socket[] = [];

  constructor(proxy: GripProxy) {
    this.#server = http.createServer((req, res) => proxy.handle(req, res));
    Object.assign(this.#server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    proxy.attach(this.#server);
    this.#faults = this.#listen();
  }

  async #listen(): Promise<FaultProxy> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return await FaultProxy.listen(this.#server.address() as net.AddressInfo);
  }

  async connect(): Promise<Connection> {
    const faults = await this.#faults;
    const count = faults.lines.length;
    const socket = net.connect(faults.port, '127.0.0.1');
    this.#clients.push(socket);
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        this.carried += chunk.length;
      });
    await once(socket, 'connect');
    while (faults.lines.length === count) await setImmediate();
    const { last } = faults;
    return {
      socket,
      stall: () => last.down.stall(),
      resume: (bytesPerTurn) => {
        if (bytesPerTurn === undefined) last.down.resume();
        else last.down.dribble(bytesPerTurn);
      },
      lose: () => last.lose('client'),
      cut: (how) => last.cut(how),
    };
  }

  open(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async cutAll(): Promise<void> {
    for (const line of (await this.#faults).lines) line.destroy();
    while ((await this.open()) > 0) await setImmediate();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await (await this.#faults).close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
