import { isHost } from '../http/client-request.js';
import {
  type Check,
  type Checks,
  checkOptions,
  isAnything,
  isCount,
  isField,
  isFlag,
  isFunction,
  isKey,
  isListOf,
  isName,
  isObjectOf,
  isOneOf,
  isOrigin,
  isPathPrefix,
  isText,
  optionError,
} from '../option-checks.js';
import type { JsonpOptions, RouteOptions, TargetOptions } from '../options.js';

const isAuthority: Check = (value) =>
  typeof value === 'string' && isHost(value) ? undefined : "a host is required, such as 'example.com:8080'";

const JSONP: Checks<JsonpOptions> = {
  mode: isOneOf('basic', 'extended'),
  callbackParam: isText,
  bodyParam: isText,
  defaultCallback: isText,
  defaultMethod: isText,
};

const ROUTE: Checks<RouteOptions> = {
  id: isText,
  host: isText,
  protocol: isOneOf('http', 'ws'),
  ssl: isFlag,
  pathPrefix: isText,
  target: isAnything,
  sigIss: isText,
  sigKey: isKey,
  prefix: isText,
  debug: isFlag,
  grip: isFlag,
  asHost: isAuthority,
  pathRemove: isCount,
  pathPrepend: isText,
  headers: isListOf(isField),
  origins: isListOf(isOrigin),
  sessionQueueBytes: isCount,
  slowClient: isOneOf('recover', 'close', 'conflate'),
  sockjs: isPathPrefix,
  sockjsAsPath: isPathPrefix,
  autoCrossOrigin: isFlag,
  jsonInstructs: isFlag,
  jsonp: isObjectOf(JSONP),
};

const TARGET: Checks<TargetOptions> = {
  url: isText,
  listener: isFunction,
  host: isAuthority,
  overHttp: isFlag,
  oneEvent: isFlag,
  subscribe: isListOf(isName),
  insecure: isFlag,
  trustConnectHost: isFlag,
  untrusted: isFlag,
  clientCert: isKey,
  clientKey: isKey,
};

/** @throws GripError `GRIP_ERR_OPTION` when an option of a route is unknown or wrong. */
export function checkRoute(route: RouteOptions): void {
  if (typeof route !== 'object' || route === null) throw optionError('routes', route, 'a route is an object');
  checkOptions(route, ROUTE, ' of a route');
}

/** The targets of a `target` option, in order. @throws GripError `GRIP_ERR_OPTION`. */
export function readTargets(target: RouteOptions['target']): TargetOptions[] {
  const list = Array.isArray(target) ? target : [target];
  if (list.length === 0) throw optionError('target', target, 'at least one target is required');
  return list.map(readTarget);
}

function readTarget(target: string | TargetOptions): TargetOptions {
  const options = typeof target === 'string' ? { url: target } : target;
  if (typeof options !== 'object' || options === null)
    throw optionError('target', target, "use a URL such as 'http://127.0.0.1:8000'");
  checkOptions(options, TARGET, ' of a target');
  if (options.listener === undefined) readTargetUrl(options.url);
  else if (options.url !== undefined)
    throw optionError('url', options.url, 'give either url or listener', ' of a target');
  return options;
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
