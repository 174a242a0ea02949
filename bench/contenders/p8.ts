import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WITH_COLLECTOR } from '../machine/compiled.js';
import { launch, terminate } from '../machine/launch.js';
import type { Contender } from './contender.js';

const COMMAND = fileURLToPath(new URL('../../packages/server/bin/p-8.js', import.meta.url));

/** The `p-8` command as it is installed, with everything that it does by default. */
export const p8: Contender = {
  missing: () => undefined,
  async start({ originPort, cores, nodeArguments }) {
    const ports = ['--port', '127.0.0.1:0', '--control-port', '0', '--drain', '0'];
    const route = ['--route', `* 127.0.0.1:${originPort},over_http`];
    const argv = [...nodeArguments, ...WITH_COLLECTOR, COMMAND, ...ports, ...route];
    const child = launch(process.execPath, argv, { cores, ipc: false });
    let printed = '';
    child.stdout?.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr?.pipe(process.stderr);
    const ended = once(child, 'exit').then(() => true);
    while (!printed.includes('p-8 started')) {
      const data = child.stdout === null ? ended : once(child.stdout, 'data').then(() => false);
      if (await Promise.race([data, ended])) throw new Error(`p-8 does not start: ${printed}`);
    }
    const portOf = (line: string): number =>
      Number(new RegExp(`${line}\\s+http:\\S+?:(\\d+)`).exec(printed)?.[1]);
    return {
      pid: child.pid ?? 0,
      port: portOf('clients'),
      publish: { port: portOf('control API'), form: 'grip' },
      isNode: true,
      stop: () => terminate(child),
    };
  },
};
