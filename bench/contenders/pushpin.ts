import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../test/conformance/systems/free-ports.js';
import { launch, terminate } from '../machine/launch.js';
import type { Contender } from './contender.js';
import { waitUntilHolding } from './wait-for-port.js';

const CONFIG = '/etc/pushpin';
/** The configuration that Debian's package keeps out of sight. */
const INTERNAL = '/usr/lib/pushpin/internal.conf';

/** Debian's Pushpin with its own configuration, but without the limit of 2,500 messages a second that it comes with. */
export const pushpin: Contender = {
  missing: () => (existsSync(INTERNAL) ? undefined : 'Pushpin is not installed (apt-get install pushpin)'),
  async start({ originPort, cores }) {
    const directory = await mkdtemp(join(tmpdir(), 'p-8-bench-'));
    const [port = 0, controlPort = 0] = await freePorts(2);
    await configure(directory, originPort, port, controlPort);
    const argv = ['--merge-output', '--config', join(directory, 'pushpin.conf')];
    const child = launch('pushpin', argv, { cores, ipc: false });
    let log = '';
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        // What it says at the end matters: a crash.
        log = (log + chunk).slice(-10_000);
      });
    }
    const stop = async (): Promise<void> => {
      await terminate(child);
      await rm(directory, { recursive: true, force: true });
    };
    try {
      await waitUntilHolding(port, ['stream', 'websocket']);
    } catch (cause) {
      await stop();
      throw new Error(`Pushpin does not start: ${log}`, { cause });
    }
    return { pid: child.pid ?? 0, port, publish: { port: controlPort, form: 'grip' }, isNode: false, stop };
  },
};

/** What a report says it was. */
export function pushpinVersion(): string {
  return spawnSync('pushpin', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? 'none';
}

async function configure(
  directory: string,
  originPort: number,
  port: number,
  controlPort: number,
): Promise<void> {
  await Promise.all([mkdir(join(directory, 'run')), mkdir(join(directory, 'log'))]);
  await cp(join(CONFIG, 'runner'), join(directory, 'runner'), { recursive: true });
  // as shipped it expects a zurl that runs as a daemon of its own
  const internal = await readFile(INTERNAL, 'utf8');
  const zurl = internal.replaceAll('/var/run/zurl/zurl-', `${directory}/run/pushpin-zurl-`);
  await writeFile(join(directory, 'internal.conf'), zurl);
  const changes = {
    include: join(directory, 'internal.conf'),
    rundir: join(directory, 'run'),
    logdir: join(directory, 'log'),
    services: 'condure,zurl,pushpin-proxy,pushpin-handler',
    http_port: `127.0.0.1:${port}`,
    push_in_http_port: String(controlPort),
    push_in_spec: 'ipc://{rundir}/push-in',
    push_in_sub_specs: 'ipc://{rundir}/push-in-sub',
    command_spec: 'ipc://{rundir}/command',
    message_rate: '100000000',
    message_hwm: '100000000',
  };
  let config = await readFile(join(CONFIG, 'pushpin.conf'), 'utf8');
  for (const [key, value] of Object.entries(changes)) {
    config = config.replace(new RegExp(`^${key}=.*$`, 'm'), () => `${key}=${value}`);
  }
  await writeFile(join(directory, 'pushpin.conf'), config);
  await writeFile(join(directory, 'routes'), `* 127.0.0.1:${originPort},over_http\n`);
}
