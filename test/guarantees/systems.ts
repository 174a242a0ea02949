import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from '../../packages/server/test/support/command.js';
import { launchPushpin } from '../interop/support/pushpin-house.js';

/** A GRIP proxy in processes of its own. */
export interface Running {
  readonly port: number;
  readonly controlPort: number;
  /** Sends it SIGTERM, and waits until it has ended. */
  terminate(): Promise<void>;
}

/** Starts a proxy in front of an origin on this port of the loopback address. */
export type Start = (originPort: number) => Promise<Running>;

export const SYSTEMS: Readonly<Record<string, Start>> = {
  'P-8': startP8,
  Pushpin: async (originPort) => {
    const pushpin = await launchPushpin(originPort);
    const { port, controlPort } = pushpin;
    return { port, controlPort, terminate: () => pushpin.stop() };
  },
};

async function startP8(originPort: number): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'p-8-'));
  const route = `* 127.0.0.1:${originPort},over_http`;
  const ports = ['--port', '127.0.0.1:0', '--control-port', '0', '--drain', '1'];
  const command = new Command([...ports, '--route', route], directory);
  const printed = await command.printed(/p-8 started/);
  const portOf = (line: string): number =>
    Number(new RegExp(`${line}\\s+http:\\S+?:(\\d+)`).exec(printed)?.[1]);
  const terminate = async (): Promise<void> => {
    command.kill('SIGTERM');
    await command.ended;
    rmSync(directory, { recursive: true, force: true });
  };
  return { port: portOf('clients'), controlPort: portOf('control API'), terminate };
}
