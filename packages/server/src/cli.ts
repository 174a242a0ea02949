import { readFileSync } from 'node:fs';
import { GripError } from '@p-8/core';
import type { DestinationStream } from 'pino';
import { parseArguments } from './arguments.js';
import { formatBanner } from './banner.js';
import { createLog } from './log.js';
import { P8Server } from './server.js';
import { resolveSettings, type Surroundings } from './settings.js';
import { untilSignal } from './signals.js';

/** Seconds over which held clients are told to go. */
const DRAIN_SECONDS = 10;

/** What the command writes to. */
export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
  /** Where the log goes. Default: the process's standard output */
  readonly log?: DestinationStream;
}

/**
 * Runs the `p-8` command until it is told to end.
 *
 * @param argv the command line, without the names of interpreter and script
 * @returns the exit status
 */
export async function run(
  argv: readonly string[],
  streams: Streams = process,
  surroundings: Surroundings = { directory: process.cwd(), environment: process.env },
): Promise<number> {
  const { stdout, stderr, log } = streams;
  try {
    const version = readVersion();
    const args = parseArguments(argv, version);
    if ('status' in args) {
      stdout.write(args.stdout);
      stderr.write(args.stderr);
      return args.status;
    }
    const settings = resolveSettings(args, surroundings);
    const logger = createLog(settings.logLevel, log);
    for (const { level, message } of settings.notes) logger[level](message);

    const server = new P8Server({ ...settings.options, logger });
    await server.start();
    // Whoever reads `started` may send a signal at once.
    const ended = untilSignal(() => server.reloadRoutes());
    const { urls, controlUrl } = server;
    stdout.write(
      formatBanner({ ...settings, version, urls, controlUrl, showSecrets: stdout.isTTY === true }),
    );
    stdout.write('p-8 started\n');
    const signal = await ended;
    // Whoever types Ctrl-C waits for the prompt.
    const { drain: drainSeconds = signal === 'SIGINT' ? 0 : DRAIN_SECONDS } = args;
    logger.info({ signal, drainSeconds }, 'ending; a second signal ends at once');
    await server.close({ drainSeconds });
    return 0;
  } catch (error) {
    stderr.write(`p-8: ${describe(error)}\n`);
    return 1;
  }
}

/** Always one line: tools show the first. */
function describe(error: unknown): string {
  const text = error instanceof GripError ? error.message : `unexpected error: ${String(error)}`;
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
