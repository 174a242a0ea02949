import { GripError } from '@p-8/core';
import type { Arguments } from './arguments.js';
import { findConfig, type LoadedConfig, loadConfig } from './config/config-file.js';
import type { ConfigNote } from './config/config-keys.js';
import type { LogLevel } from './config/log-level.js';
import type { ControlOptions, P8ServerOptions } from './options.js';
import { parseRouteLines } from './routes/routes-file.js';
import type { Writable } from './writable.js';

/** What the command runs with. */
export interface Settings {
  readonly options: P8ServerOptions;
  readonly logLevel: LogLevel;
  /** The configuration file that was used, if any. */
  readonly configPath: string | undefined;
  /** Where requests go, for the banner. */
  readonly routes: readonly string[];
  readonly notes: readonly ConfigNote[];
}

/** The process's surroundings, so far as they matter. */
export interface Surroundings {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Puts command line, environment and configuration file together; the first that says something wins.
 *
 * @throws GripError when a file cannot be read or a value is wrong
 */
export function resolveSettings(args: Arguments, { directory, environment }: Surroundings): Settings {
  const configPath = args.config ?? findConfig(directory);
  const isEmpty = configPath === undefined && args.set === undefined;
  const config: LoadedConfig | undefined = isEmpty ? undefined : loadConfig(configPath, args.set);
  const notes: ConfigNote[] = [...(config?.notes ?? [])];
  const options: Writable<P8ServerOptions> = { ...config?.options };

  if (args.port !== undefined) options.listen = [args.port];
  const control = resolveControl(args, environment.P8_CONTROL_KEY, options.control);
  if (control !== undefined) options.control = control;
  if (environment.P8_SIG_KEY) options.proxy = { ...options.proxy, sigKey: environment.P8_SIG_KEY };
  options.production = environment.NODE_ENV === 'production';

  if (args.demo) {
    if (args.route !== undefined) {
      throw new GripError('GRIP_ERR_OPTION', '--demo and --route exclude each other: leave one of them out');
    }
    options.demo = true;
    delete options.routesFile;
  } else if (args.route !== undefined) {
    const { routes, warnings } = parseRouteLines(args.route);
    options.routes = routes;
    delete options.routesFile;
    notes.push(...warnings.map((message) => ({ level: 'warn', message }) as const));
  }

  const fallback = args.verbose ? 'debug' : (config?.logLevel ?? 'info');
  const routes = args.demo ? ['* demo'] : (args.route ?? [options.routesFile ?? '* localhost:80']);
  return { options, logLevel: args.loglevel ?? fallback, configPath, routes, notes };
}

/** A control port on the command line turns the API on where the configuration turned it off. */
function resolveControl(
  args: Arguments,
  environmentKey: string | undefined,
  configured: P8ServerOptions['control'],
): P8ServerOptions['control'] {
  if (configured === false && args.controlPort === undefined) return false;
  const control: Writable<ControlOptions> = { ...(configured === false ? undefined : configured) };
  if (args.controlPort !== undefined) {
    control.port = args.controlPort.port;
    // A bare port means the default address, whatever the file says: one does not open the API by accident.
    if (args.controlPort.host === undefined) delete control.host;
    else control.host = args.controlPort.host;
  }
  const key = args.controlKey ?? environmentKey;
  if (key) control.key = key;
  return Object.keys(control).length > 0 ? control : undefined;
}
