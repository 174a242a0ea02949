import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Activity } from '../activity.js';
import type { OriginServer } from '../origin-server.js';
import { RawClient } from '../raw-client.js';
import type { Setup } from '../scenario.js';
import { handshake } from '../ws-client.js';
import { freePorts } from './free-ports.js';
import { proxyLines, routeLine } from './pushpin-config.js';
import type { Running } from './system.js';

/** The configuration that Debian's package keeps out of sight. */
export const PUSHPIN_INTERNAL = '/usr/lib/pushpin/internal.conf';
const CONFIG = '/etc/pushpin';
/** Stays on a route of its own, so that it is in no transcript. */
const WARM_UP_HOST = 'warm-up.invalid';

/** What an instance is made of. */
export interface PushpinOptions {
  readonly setup: Setup;
  /** The scenario's origin, and the port that it had before it was perhaps taken down. */
  readonly server: OriginServer;
  readonly port: number;
  readonly warmUp: OriginServer;
  readonly activity: Activity;
}

/** A running Pushpin with its children, in a directory of its own. */
export class PushpinProcess implements Running {
  readonly port: number;
  readonly controlPort: number;
  readonly originPort: number;
  readonly #process: ChildProcess;
  readonly #dir: string;
  readonly #server: OriginServer;
  readonly #activity: Activity;
  readonly #subscriptions = new Map<string, number>();
  #log = '';

  private constructor(
    child: ChildProcess,
    dir: string,
    ports: readonly number[],
    { server, port, activity }: PushpinOptions,
  ) {
    this.#process = child;
    this.#dir = dir;
    this.#server = server;
    this.#activity = activity;
    this.port = ports[0] ?? 0;
    this.controlPort = ports[1] ?? 0;
    this.originPort = port;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#onLine(line));
    }
  }

  static async launch(options: PushpinOptions): Promise<PushpinProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'p-8-conformance-'));
    const ports = await freePorts(2);
    await writeConfig(dir, ports, options);
    const child = spawn('pushpin', ['--merge-output', '--config', join(dir, 'pushpin.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own: an interrupt at the terminal is for the recorder, which stops it in order
      detached: true,
    });
    return new PushpinProcess(child, dir, ports, options);
  }

  /** Everything that it wrote so far. */
  get log(): string {
    return this.#log;
  }

  /** Resolves to true when requests get through, to false when it ended before. */
  async ready(): Promise<boolean> {
    const deadline = Date.now() + 10_000;
    while (!this.#ended && Date.now() < deadline) {
      if (await this.#getsThrough()) return true;
      await delay(20);
    }
    return false;
  }

  get origin(): OriginServer {
    return this.#server;
  }

  subscriptions(channel: string): number {
    return this.#subscriptions.get(channel) ?? 0;
  }

  /** Its clock is the machine's: whoever needs time has to wait. */
  during(_ms: number, wait: () => Promise<void>): Promise<void> {
    return wait();
  }

  async idle(): Promise<void> {}

  async close(): Promise<void> {
    await this.#server.close();
    await this.stop();
  }

  /** Stops it and its children, and removes its directory. */
  async stop(): Promise<void> {
    if (!this.#ended) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await Promise.race([exit, delay(5000, undefined, { ref: false })]);
    }
    // it stops its children itself; those that a crash left behind are ended one by one
    if (!this.#ended || this.#process.exitCode !== 0) for (const pid of await this.#pids()) kill(pid);
    if (!this.#ended) this.#process.kill('SIGKILL');
    await rm(this.#dir, { recursive: true, force: true });
  }

  get #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Messages get lost between processes that have not found each other yet: all that scenarios use is tried. */
  async #getsThrough(): Promise<boolean> {
    const activity = new Activity();
    const get = `GET /first HTTP/1.1\r\nHost: ${WARM_UP_HOST}\r\n\r\n`;
    const upgrade = handshake('/ws', [], WARM_UP_HOST);
    try {
      for (const request of [get, upgrade]) {
        const client = await RawClient.open(this.port, activity);
        client.send(request, [{ method: 'GET', version: '1.1' }]);
        const warm = activity.until(
          () => client.replies[0]?.body.includes('warm enough') === true,
          () => 'the warm-up',
          500,
        );
        await warm.finally(() => client.hangUp());
      }
      return true;
    } catch {
      // not listening yet, or the answer got lost
      return false;
    }
  }

  #onLine(line: string): void {
    this.#log += `${line}\n`;
    const match = / subscribe \S+ channel=(.*?)(?: retry)?$/.exec(line);
    if (match?.[1] === undefined) return;
    this.#subscriptions.set(match[1], this.subscriptions(match[1]) + 1);
    this.#activity.changed();
  }

  async #pids(): Promise<number[]> {
    const run = join(this.#dir, 'run');
    const files = (await readdir(run)).filter((name) => name.endsWith('.pid'));
    return Promise.all(files.map(async (name) => Number(await readFile(join(run, name), 'utf8'))));
  }
}

/** Debian's own configuration, with what makes the instance independent of others changed. */
async function writeConfig(dir: string, ports: readonly number[], options: PushpinOptions): Promise<void> {
  const { setup, port, warmUp } = options;
  await Promise.all([mkdir(join(dir, 'run')), mkdir(join(dir, 'log'))]);
  await cp(join(CONFIG, 'runner'), join(dir, 'runner'), { recursive: true });
  // as shipped it expects a zurl that runs as a daemon of its own
  const internal = await readFile(PUSHPIN_INTERNAL, 'utf8');
  await writeFile(
    join(dir, 'internal.conf'),
    internal.replaceAll('/var/run/zurl/zurl-', `${dir}/run/pushpin-zurl-`),
  );
  const changes = {
    include: join(dir, 'internal.conf'),
    rundir: join(dir, 'run'),
    logdir: join(dir, 'log'),
    services: 'condure,zurl,pushpin-proxy,pushpin-handler',
    http_port: `127.0.0.1:${ports[0]}`,
    push_in_http_port: String(ports[1]),
    push_in_spec: 'ipc://{rundir}/push-in',
    push_in_sub_specs: 'ipc://{rundir}/push-in-sub',
    command_spec: 'ipc://{rundir}/command',
    ...proxyLines(setup),
  };
  let config = await readFile(join(CONFIG, 'pushpin.conf'), 'utf8');
  for (const [key, value] of Object.entries(changes)) {
    config = config.replace(new RegExp(`^${key}=.*$`, 'm'), () => `${key}=${value}`);
  }
  await writeFile(join(dir, 'pushpin.conf'), config);
  const routes = [routeLine(setup, port), `${WARM_UP_HOST} 127.0.0.1:${warmUp.port},over_http`];
  await writeFile(join(dir, 'routes'), `${routes.join('\n')}\n`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // already gone, as it should be
  }
}
