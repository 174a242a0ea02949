import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../support/bundle.js';
import { Activity } from '../activity.js';
import type { Origin } from '../origin.js';
import { type FindOrigin, OriginServer } from '../origin-server.js';
import { DEAD_PORT, type Setup } from '../scenario.js';
import { proxyLines, routeLine } from './pushpin-config.js';
import type { Running } from './system.js';

/** The command from source. */
export const COMMAND = new URL('../../../packages/server/src/main.ts', import.meta.url);
const TELL = new URL('./tell-subscriptions.ts', import.meta.url);
/** Milliseconds that a start may take. */
const START = 20_000;

/** The scenario that a process serves at the moment. */
interface CurrentScenario {
  origin: Origin | undefined;
  activity: Activity | undefined;
}

/** A `p-8` command that is up, with the configuration that Pushpin would have. Serves one scenario after the other. */
export class StandaloneProcess {
  readonly #process: ChildProcess;
  readonly #dir: string;
  readonly #server: OriginServer;
  /** Where its routes point: the server, or nothing. */
  readonly #originPort: number;
  readonly #subscriptions = new Map<string, number>();
  readonly #started = new Activity();
  #output = '';
  readonly #current: CurrentScenario;

  private constructor(
    dir: string,
    server: OriginServer,
    originPort: number,
    child: ChildProcess,
    current: CurrentScenario,
  ) {
    this.#originPort = originPort;
    this.#current = current;
    this.#dir = dir;
    this.#server = server;
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#started.changed();
      });
    }
    child.on('message', (channel: string) => {
      this.#subscriptions.set(channel, this.subscriptions(channel) + 1);
      this.#current.activity?.changed();
    });
  }

  static async start(setup: Setup): Promise<StandaloneProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'p-8-conformance-'));
    const scenario: CurrentScenario = { activity: undefined, origin: undefined };
    const origin = await OriginServer.listen(originFinder(scenario));
    const port = setup.originDown === true ? DEAD_PORT : origin.port;
    await writeFile(join(dir, 'routes'), `${routeLine(setup, port)}\n`);
    await writeFile(join(dir, 'pushpin.conf'), configOf(setup));
    const child = spawn(
      process.execPath,
      [
        await bundle(TELL, COMMAND),
        ...['--config', join(dir, 'pushpin.conf'), '--port', '127.0.0.1:0', '--control-port', '127.0.0.1:0'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    const standalone = new StandaloneProcess(dir, origin, port, child, scenario);
    await standalone.#ready();
    return standalone;
  }

  subscriptions(channel: string): number {
    return this.#subscriptions.get(channel) ?? 0;
  }

  /** Serves the scenario whose origin this is. */
  serve(origin: Origin, activity: Activity): Running {
    Object.assign(this.#current, { origin, activity });
    return {
      port: this.#port('clients'),
      controlPort: this.#port('control API'),
      originPort: this.#originPort,
      subscriptions: (channel) => this.subscriptions(channel),
      during: (_ms, wait) => wait(),
      idle: async () => {},
      close: async () => {
        Object.assign(this.#current, { origin: undefined, activity: undefined });
      },
    };
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exit;
    }
    await this.#server.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const ended = once(this.#process, 'exit').then(([status]) => {
      throw new Error(`p-8 ended with ${status}:\n${this.#output}`);
    });
    const started = this.#started.until(
      () => /started\n/.test(this.#output),
      () => `p-8 to start; it said:\n${this.#output}`,
      START,
    );
    try {
      await Promise.race([started, ended]);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      ended.catch(() => {});
    }
  }

  #port(label: string): number {
    const [, port] = new RegExp(`^ *${label} +http://\\S+:(\\d+)$`, 'm').exec(this.#output) ?? [];
    return Number(port);
  }
}

/**
 * Requests go to the origin of the scenario that is served, but those of a WebSocket to the one that knows it: when its client has
 * gone with its scenario, the origin is still told.
 */
function originFinder(scenario: CurrentScenario): FindOrigin {
  const owners = new Map<string, Origin>();
  return ({ headers }) => {
    const id = headers['connection-id'];
    const origin = (typeof id === 'string' ? owners.get(id) : undefined) ?? scenario.origin;
    if (typeof id === 'string' && origin !== undefined) owners.set(id, origin);
    return origin;
  };
}

function configOf(setup: Setup): string {
  const lines = Object.entries(proxyLines(setup)).map(([key, value]) => `${key}=${value}`);
  // Pushpin adds no CDN-Loop by itself.
  return ['[proxy]', 'routesfile=routes', 'sig_key=changeme', 'cdn_loop=', ...lines, ''].join('\n');
}
