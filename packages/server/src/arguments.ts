import { GripError } from '@p-8/core';
import { Command, CommanderError } from 'commander';
import { type LogLevel, parseLogLevel } from './config/log-level.js';
import { parseListen, type TcpListen } from './net/listen-address.js';

/** A day: more is a slip. */
const MAX_DRAIN = 86_400;

/** What the command line says. */
export interface Arguments {
  readonly port?: TcpListen;
  readonly route?: readonly string[];
  readonly controlPort?: TcpListen;
  readonly controlKey?: string;
  readonly config?: string;
  /** Keys of the configuration file, by `key` or `section.key`. */
  readonly set?: ReadonlyMap<string, string>;
  readonly loglevel?: LogLevel;
  readonly verbose?: boolean;
  readonly demo?: boolean;
  /** Seconds. */
  readonly drain?: number;
}

/** What to print instead of running, and the exit status that goes with it. */
export interface Refusal {
  readonly stdout: string;
  /** One line, or empty where nothing is wrong. */
  readonly stderr: string;
  readonly status: number;
}

const EXAMPLES = `
Examples:
  p-8 --demo                                             a demo to open in a browser
  p-8 --route '* localhost:3000'                         in front of an origin
  p-8 --route '* localhost:3000' --route '*,path_beg=/api localhost:4000'
  p-8 --config pushpin.conf                              with Pushpin's configuration and routes

Environment:
  P8_CONTROL_KEY  key of the control API
  P8_SIG_KEY      key that signs requests to origins, in place of 'changeme'`;

/**
 * Reads the command line, without the names of interpreter and script. Help and version are refusals with status 0.
 *
 * @throws GripError when the value of an option is wrong
 */
export function parseArguments(argv: readonly string[], version: string): Arguments | Refusal {
  let stdout = '';
  const command = createCommand(version).configureOutput({
    writeOut: (text) => {
      stdout += text;
    },
    // The error that is thrown has the same text.
    writeErr: () => {},
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { stdout, stderr: '', status: 0 };
    const reason = error.message
      .replace(/^error: /, '')
      .replace(/\.$/, '')
      .replaceAll('\n', ' ');
    return { stdout: '', stderr: `p-8: ${reason}; see p-8 --help\n`, status: 1 };
  }
  return command.opts();
}

function createCommand(version: string): Command {
  return new Command('p-8')
    .description(
      'A GRIP proxy: holds client connections open for origins that answer short requests, and pushes what is published.',
    )
    .option('--port <[addr:]port>', 'where clients connect (default: 7999, all interfaces)', (text) =>
      parseListen(text, '--port'),
    )
    .option(
      '--route <line>',
      'a route, as in a routes file; may be repeated (default: * localhost:80)',
      collect,
    )
    .option('--control-port <[addr:]port>', 'where publishers connect (default: 127.0.0.1:5561)', (text) =>
      parseListen(text, '--control-port'),
    )
    .option(
      '--control-key <key>',
      'key that publishers need; better in P8_CONTROL_KEY, which other users do not see',
    )
    .option('--config <file>', 'a configuration file in the format of Pushpin')
    .option(
      '--set <key=value>',
      'a key of the configuration file, in place of what stands there; may be repeated',
      collectKey,
    )
    .option('--loglevel <level>', 'error, warn, info, debug, trace, or 0 to 4 (default: info)', (text) =>
      parseLogLevel(text, '--loglevel'),
    )
    .option('--verbose', 'the same as --loglevel debug')
    .option('--demo', 'serve a demo in place of an origin')
    .option(
      '--drain <seconds>',
      'how long ending takes: held clients are told to go one after the other (default: 10; with Ctrl-C 0)',
      parseSeconds,
    )
    .version(`p-8 ${version}`, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .exitOverride();
}

function collectKey(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, key, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    const message = `--set: ${JSON.stringify(text)} is not KEY=VALUE; write for example max_message_bytes=2097152`;
    throw new GripError('GRIP_ERR_OPTION', message);
  }
  return new Map([...before, [key, value]]);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds <= MAX_DRAIN) return seconds;
  throw new GripError('GRIP_ERR_OPTION', `--drain: '${text}' is no number of seconds from 0 to ${MAX_DRAIN}`);
}

function collect(line: string, lines: readonly string[] | undefined): string[] {
  return [...(lines ?? []), line];
}
