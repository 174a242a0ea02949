import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Connections that may wait to be accepted: as many as the other servers allow. */
const BACKLOG = 4096;

/** Where a server listens; it tells so over IPC when it is ready. */
export interface Ports {
  readonly port: number;
  /** Where items are published. */
  readonly controlPort?: number;
}

/** What the first argument of a server's process says, as JSON. */
export function settings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

/** Listens on any port of the loopback address. */
export async function listen(server: Server): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Tells who started this process; and ends it when they are gone. */
export function ready(ports: Ports): void {
  process.on('disconnect', () => process.exit());
  // A profile is written only where the process ends by itself.
  process.on('SIGTERM', () => process.exit());
  process.send?.(ports);
}
