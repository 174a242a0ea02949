import { type Clock, systemClock } from './clock.js';
import { GripError } from './errors.js';
import { type Logger, safeLogger, silentLogger } from './logger.js';
import type { GripProxyOptions, RouteOptions, TargetOptions } from './options.js';

/** The options of a proxy, checked and complete. */
export interface Settings {
  /** Undefined: the app in this process is the origin. */
  readonly routes: readonly RouteOptions[] | undefined;
  readonly sigIss: string;
  readonly sigKey: string | Uint8Array;
  readonly upstreamKey: string | Uint8Array | undefined;
  readonly prefix: string;
  readonly debug: boolean;
  readonly autoCrossOrigin: boolean;
  readonly acceptXForwardedProtocol: boolean;
  readonly setXForwardedProtocol: boolean | 'proto-only';
  readonly xForwardedFor: GripProxyOptions['xForwardedFor'];
  readonly xForwardedForTrusted: GripProxyOptions['xForwardedForTrusted'];
  readonly acceptPushpinRoute: boolean;
  readonly cdnLoop: string;
  readonly linkHosts: readonly string[];
  readonly subscriptionsPerConnection: number;
  readonly sessionQueueBytes: number;
  readonly messageWait: number;
  readonly idCacheTtl: number;
  readonly lastIdsMax: number;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

type OptionKind = 'text' | 'number' | 'boolean' | 'key' | 'list' | 'object' | 'any';

/** Every option, and what it must be. */
const KINDS: Readonly<Record<keyof GripProxyOptions, OptionKind>> = {
  target: 'any',
  routes: 'list',
  sigIss: 'text',
  sigKey: 'key',
  upstreamKey: 'key',
  prefix: 'text',
  debug: 'boolean',
  autoCrossOrigin: 'boolean',
  acceptXForwardedProtocol: 'boolean',
  setXForwardedProtocol: 'any',
  xForwardedFor: 'object',
  xForwardedForTrusted: 'object',
  acceptPushpinRoute: 'boolean',
  cdnLoop: 'text',
  linkHosts: 'list',
  subscriptionsPerConnection: 'number',
  sessionQueueBytes: 'number',
  messageWait: 'number',
  idCacheTtl: 'number',
  lastIdsMax: 'number',
  connectTimeout: 'number',
  responseTimeout: 'number',
  logger: 'object',
  clock: 'object',
};

/** Checks the options that a user gave, and fills in the defaults. @throws GripError `GRIP_ERR_OPTION`. */
export function readOptions(options: GripProxyOptions): Settings {
  for (const [name, value] of Object.entries(options)) checkOption(name, value);
  return {
    routes: readRoutes(options),
    sigIss: options.sigIss ?? 'pushpin',
    sigKey: options.sigKey ?? 'changeme',
    upstreamKey: isEmpty(options.upstreamKey) ? undefined : options.upstreamKey,
    prefix: options.prefix ?? '',
    debug: options.debug ?? false,
    autoCrossOrigin: options.autoCrossOrigin ?? false,
    acceptXForwardedProtocol: options.acceptXForwardedProtocol ?? false,
    setXForwardedProtocol: options.setXForwardedProtocol ?? 'proto-only',
    xForwardedFor: options.xForwardedFor,
    xForwardedForTrusted: options.xForwardedForTrusted,
    acceptPushpinRoute: options.acceptPushpinRoute ?? false,
    cdnLoop: options.cdnLoop ?? '',
    linkHosts: options.linkHosts ?? [],
    subscriptionsPerConnection: options.subscriptionsPerConnection ?? 20,
    sessionQueueBytes: options.sessionQueueBytes ?? 1_048_576,
    messageWait: options.messageWait ?? 5000,
    idCacheTtl: options.idCacheTtl ?? 60_000,
    lastIdsMax: options.lastIdsMax ?? 1_000_000,
    connectTimeout: options.connectTimeout ?? 10_000,
    responseTimeout: options.responseTimeout ?? 1_800_000,
    logger: options.logger === undefined ? silentLogger : safeLogger(options.logger),
    clock: options.clock ?? systemClock,
  };
}

/** Whether a key option says that there is no key. */
export function isEmpty(key: string | Uint8Array | undefined): boolean {
  return key === undefined || key.length === 0;
}

/** The targets of a `target` option, in order. @throws GripError `GRIP_ERR_OPTION`. */
export function readTargets(target: RouteOptions['target']): TargetOptions[] {
  const list = Array.isArray(target) ? target : [target];
  if (list.length === 0) throw optionError('target', target, 'at least one target is required');
  return list.map((one: string | TargetOptions) => {
    const options = typeof one === 'string' ? { url: one } : one;
    if (options.listener === undefined) readTargetUrl(options.url);
    return options;
  });
}

/** @throws GripError `GRIP_ERR_OPTION` when `url` is not the origin of an HTTP server. */
export function readTargetUrl(url: string | undefined): URL {
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (parsed === undefined || !isHttp || parsed.hostname === '') {
    throw optionError('target', url, "use a URL such as 'http://127.0.0.1:8000'");
  }
  if ((parsed.pathname !== '/' && parsed.pathname !== '') || parsed.search !== '') {
    throw optionError('target', url, 'a target has no path: use a route with pathPrepend');
  }
  return parsed;
}

function readRoutes({ target, routes }: GripProxyOptions): readonly RouteOptions[] | undefined {
  if (target !== undefined && routes !== undefined)
    throw optionError('target', target, 'give either target or routes');
  if (target !== undefined) return [{ target }];
  return routes;
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(KINDS, name)) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `unknown option '${name}': the options are ${Object.keys(KINDS).join(', ')}`,
    );
  }
  if (value === undefined) return;
  const kind = KINDS[name as keyof GripProxyOptions];
  const problem = problemOf(kind, value);
  if (problem !== undefined) throw optionError(name, value, problem);
}

function problemOf(kind: OptionKind, value: unknown): string | undefined {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? undefined : 'text is required';
    case 'number':
      return Number.isInteger(value) && (value as number) >= 0
        ? undefined
        : 'a whole number, 0 or more, is required';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false is required';
    case 'key':
      return typeof value === 'string' || value instanceof Uint8Array
        ? undefined
        : 'text or bytes are required';
    case 'list':
      return Array.isArray(value) ? undefined : 'an array is required';
    case 'object':
      return typeof value === 'object' && value !== null ? undefined : 'an object is required';
    case 'any':
      return undefined;
  }
}

function optionError(name: string, value: unknown, problem: string): GripError {
  return new GripError('GRIP_ERR_OPTION', `option '${name}' is ${JSON.stringify(value)}: ${problem}`);
}
