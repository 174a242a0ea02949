import { randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import { isFieldValue } from '@p-8/protocol';
import { type Clock, type SteadyClock, steadyClock, systemClock } from './clock.js';
import { GripError } from './errors.js';
import type { WaitOptions } from './grip-proxy.js';
import { isHistory, readHistory } from './history-settings.js';
import { isHost } from './http/client-request.js';
import type { HistoryLimits } from './hub/history.js';
import { type Logger, safeLogger, silentLogger } from './logger.js';
import {
  type Check,
  type Checks,
  checkOptions,
  hasMethods,
  isAnything,
  isCount,
  isField,
  isFlag,
  isKey,
  isListOf,
  isObjectOf,
  isOneOf,
  isOrigin,
  isPathPrefix,
  isPositive,
  isSize,
  isText,
  optionError,
} from './option-checks.js';
import type {
  ControlApiOptions,
  GripProxyOptions,
  LinkHostOptions,
  RouteOptions,
  XForwardedForOptions,
} from './options.js';

/** What a held connection is taken to need. */
const SESSION_BYTES = 16_384;

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
  /** Undefined: only remote origins write them. */
  readonly jsonInstructs: boolean | undefined;
  readonly acceptXForwardedProtocol: boolean;
  readonly setXForwardedProtocol: boolean | 'proto-only';
  readonly xForwardedFor: GripProxyOptions['xForwardedFor'];
  readonly xForwardedForTrusted: GripProxyOptions['xForwardedForTrusted'];
  readonly acceptPushpinRoute: boolean;
  readonly cdnLoop: string;
  readonly linkHosts: readonly LinkHostOptions[];
  readonly requestsPerConnection: number;
  readonly connectionsPerOrigin: number;
  readonly connectionMaxAge: number;
  readonly queuedPerOrigin: number;
  readonly maxSessions: number;
  readonly totalInputBytes: number;
  readonly subscriptionsPerConnection: number;
  readonly sessionQueueBytes: number;
  readonly totalQueueBytes: number;
  readonly slowClient: GripProxyOptions['slowClient'];
  readonly stallTimeout: number;
  readonly lingerTimeout: number;
  readonly lingerBytes: number;
  readonly origins: readonly string[] | undefined;
  /** Of an app that is its own origin; routes have their own. */
  readonly sockjs: string | undefined;
  readonly sockjsAsPath: string | undefined;
  readonly sockjsUrl: string;
  readonly maxMessageBytes: number;
  readonly maxPatchBytes: number;
  readonly maxPatchOperations: number;
  readonly maxPatchDepth: number;
  readonly compression: boolean;
  readonly pingInterval: number;
  readonly messageWait: number;
  readonly idCacheTtl: number;
  readonly totalTableBytes: number;
  readonly lastIdsMax: number;
  readonly updateOnFirstSubscription: boolean;
  readonly recoveriesPerOrigin: number;
  readonly history: HistoryLimits;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly followUpTimeout: number;
  readonly eventsTimeout: number;
  readonly logger: Logger;
  /** Developers are told of mistakes. */
  readonly warns: boolean;
  /** Clients on this machine are told what went wrong. */
  readonly tellsLocal: boolean;
  readonly clock: SteadyClock;
}

const isCdnId: Check = (value) =>
  typeof value === 'string' && (value === '' || (isFieldValue(value) && !/[\s,;"]/.test(value)))
    ? undefined
    : 'a name without spaces, commas, semicolons and quotes is required';

const isLinkHostName: Check = (value) =>
  typeof value === 'string' && isHost(value) ? undefined : "hosts such as 'example.com:8080' are required";

const isLinkHostOptions = isObjectOf<LinkHostOptions>({
  host: isLinkHostName,
  headers: isListOf(isField),
  sigIss: isText,
  sigKey: isKey,
});

const isLinkHost: Check = (value) => {
  if (typeof value !== 'object' || value === null) return isLinkHostName(value);
  return 'host' in value ? isLinkHostOptions(value) : "its 'host' is missing";
};

const isForwardedFor = isObjectOf<XForwardedForOptions>({ truncate: isCount, append: isFlag });

const isClock: Check = (value) =>
  hasMethods('now', 'setTimeout', 'clearTimeout', 'random')(value) ??
  ((value as Clock).monotonic === undefined ? undefined : hasMethods('monotonic')(value));

const SOCKJS_CLIENT = 'https://cdn.jsdelivr.net/npm/sockjs-client@1.6.1/dist/sockjs.min.js';

const CHECKS: Checks<GripProxyOptions> = {
  target: isAnything,
  routes: isListOf(isAnything),
  sigIss: isText,
  sigKey: isKey,
  upstreamKey: isKey,
  prefix: isText,
  debug: isFlag,
  autoCrossOrigin: isFlag,
  jsonInstructs: isFlag,
  acceptXForwardedProtocol: isFlag,
  setXForwardedProtocol: isOneOf(true, false, 'proto-only'),
  xForwardedFor: isForwardedFor,
  xForwardedForTrusted: isForwardedFor,
  acceptPushpinRoute: isFlag,
  cdnLoop: isCdnId,
  linkHosts: isListOf(isLinkHost),
  requestsPerConnection: isPositive,
  connectionsPerOrigin: isPositive,
  connectionMaxAge: isCount,
  queuedPerOrigin: isCount,
  maxSessions: isPositive,
  totalInputBytes: isCount,
  subscriptionsPerConnection: isCount,
  sessionQueueBytes: isCount,
  totalQueueBytes: isCount,
  slowClient: isOneOf('recover', 'close', 'conflate'),
  stallTimeout: isCount,
  lingerTimeout: isPositive,
  lingerBytes: isCount,
  origins: isListOf(isOrigin),
  sockjs: isPathPrefix,
  sockjsAsPath: isPathPrefix,
  sockjsUrl: isText,
  maxMessageBytes: isSize,
  maxPatchBytes: isCount,
  maxPatchOperations: isCount,
  maxPatchDepth: isCount,
  compression: isFlag,
  pingInterval: isCount,
  messageWait: isCount,
  idCacheTtl: isCount,
  totalTableBytes: isCount,
  lastIdsMax: isCount,
  updateOnFirstSubscription: isFlag,
  recoveriesPerOrigin: isPositive,
  history: isHistory,
  connectTimeout: isCount,
  responseTimeout: isCount,
  followUpTimeout: isCount,
  eventsTimeout: isCount,
  warnings: isFlag,
  logger: hasMethods('error', 'warn', 'info', 'debug'),
  clock: isClock,
};

/** Checks the options that a user gave, and fills in the defaults. @throws GripError `GRIP_ERR_OPTION`. */
export function readOptions(options: GripProxyOptions): Settings {
  checkCalled(options);
  checkOptions(options, CHECKS);
  const isDevelopment = process.env.NODE_ENV !== 'production';
  return {
    routes: readRoutes(options),
    sigIss: options.sigIss ?? 'pushpin',
    sigKey: options.sigKey ?? 'changeme',
    upstreamKey: isEmpty(options.upstreamKey) ? undefined : options.upstreamKey,
    prefix: options.prefix ?? '',
    debug: options.debug ?? false,
    autoCrossOrigin: options.autoCrossOrigin ?? false,
    jsonInstructs: options.jsonInstructs,
    acceptXForwardedProtocol: options.acceptXForwardedProtocol ?? false,
    setXForwardedProtocol: options.setXForwardedProtocol ?? 'proto-only',
    xForwardedFor: options.xForwardedFor,
    xForwardedForTrusted: options.xForwardedForTrusted,
    acceptPushpinRoute: options.acceptPushpinRoute ?? false,
    cdnLoop: options.cdnLoop ?? `p-8-${randomBytes(4).toString('hex')}`,
    linkHosts: (options.linkHosts ?? []).map((host) => (typeof host === 'string' ? { host } : host)),
    requestsPerConnection: options.requestsPerConnection ?? 4,
    connectionsPerOrigin: options.connectionsPerOrigin ?? 1000,
    connectionMaxAge: options.connectionMaxAge ?? 60_000,
    queuedPerOrigin: options.queuedPerOrigin ?? 10_000,
    maxSessions: options.maxSessions ?? Math.floor(getHeapStatistics().heap_size_limit / 2 / SESSION_BYTES),
    totalInputBytes: options.totalInputBytes ?? Math.floor(getHeapStatistics().heap_size_limit / 8),
    subscriptionsPerConnection: options.subscriptionsPerConnection ?? 20,
    sessionQueueBytes: options.sessionQueueBytes ?? 1_048_576,
    totalQueueBytes: options.totalQueueBytes ?? Math.floor(getHeapStatistics().heap_size_limit / 4),
    slowClient: options.slowClient,
    stallTimeout: options.stallTimeout ?? 60_000,
    lingerTimeout: options.lingerTimeout ?? 10_000,
    lingerBytes: options.lingerBytes ?? 67_108_864,
    origins: options.origins,
    sockjs: options.sockjs,
    sockjsAsPath: options.sockjsAsPath,
    sockjsUrl: options.sockjsUrl ?? SOCKJS_CLIENT,
    maxMessageBytes: options.maxMessageBytes ?? 1_048_576,
    maxPatchBytes: options.maxPatchBytes ?? 1_048_576,
    maxPatchOperations: options.maxPatchOperations ?? 1000,
    maxPatchDepth: options.maxPatchDepth ?? 100,
    compression: options.compression ?? false,
    pingInterval: options.pingInterval ?? 60_000,
    messageWait: options.messageWait ?? 5000,
    idCacheTtl: options.idCacheTtl ?? 60_000,
    totalTableBytes: options.totalTableBytes ?? Math.floor(getHeapStatistics().heap_size_limit / 8),
    lastIdsMax: options.lastIdsMax ?? 1_000_000,
    updateOnFirstSubscription: options.updateOnFirstSubscription ?? false,
    recoveriesPerOrigin: options.recoveriesPerOrigin ?? 100,
    history: readHistory(options.history),
    connectTimeout: options.connectTimeout ?? 10_000,
    responseTimeout: options.responseTimeout ?? 1_800_000,
    followUpTimeout: options.followUpTimeout ?? 30_000,
    eventsTimeout: options.eventsTimeout ?? 60_000,
    logger: options.logger === undefined ? silentLogger : safeLogger(options.logger),
    warns: options.warnings ?? (options.logger !== undefined || isDevelopment),
    tellsLocal: options.warnings ?? isDevelopment,
    clock: steadyClock(options.clock ?? systemClock),
  };
}

/** `app.use(gripProxy)` makes a framework call it with each request. */
function checkCalled(options: object): void {
  if (!(options instanceof IncomingMessage) && !('req' in options && options.req instanceof IncomingMessage))
    return;
  throw new GripError(
    'GRIP_ERR_OPTION',
    'gripProxy has been given a request in place of options: call it, app.use(gripProxy())',
  );
}

const CONTROL_CHECKS: Checks<ControlApiOptions> = {
  key: isKey,
  iss: isText,
  path: isText,
  maxBodySize: isCount,
};

/** @throws GripError `GRIP_ERR_OPTION` when an option of the control API is unknown or wrong. */
export function checkControlApiOptions(options: ControlApiOptions): void {
  checkOptions(options, CONTROL_CHECKS, ' of the control API');
}

const WAIT_CHECKS: Checks<WaitOptions> = { wait: isOneOf('flush'), timeoutMs: isCount };

/** @throws GripError `GRIP_ERR_OPTION` when what a publisher waits for is nothing that there is. */
export function checkWaitOptions(options: WaitOptions): void {
  checkOptions(options, WAIT_CHECKS, ' of publish');
}

/** Whether a key option says that there is no key. */
export function isEmpty(key: string | Uint8Array | undefined): boolean {
  return key === undefined || key.length === 0;
}

function readRoutes({
  target,
  routes,
  autoCrossOrigin,
  sockjs,
  sockjsAsPath,
}: GripProxyOptions): readonly RouteOptions[] | undefined {
  if (target !== undefined && routes !== undefined)
    throw optionError('target', target, 'give either target or routes');
  if (target === undefined && routes === undefined && autoCrossOrigin === true) {
    throw optionError(
      'autoCrossOrigin',
      true,
      'it is for targets and routes; an app sets CORS headers itself',
    );
  }
  if (routes !== undefined && sockjs !== undefined)
    throw optionError('sockjs', sockjs, 'with routes, it is an option of a route');
  if (target !== undefined) {
    return [
      {
        target,
        ...(sockjs !== undefined && { sockjs }),
        ...(sockjsAsPath !== undefined && { sockjsAsPath }),
      },
    ];
  }
  return routes;
}
