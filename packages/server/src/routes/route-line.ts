import type { JsonpOptions, RouteOptions, TargetOptions } from '@p-8/core';
import { fail, ok, type Result } from '@p-8/protocol';
import { readKey } from '../config/key-text.js';
import type { Writable } from '../writable.js';
import { lexRouteLine } from './route-lexer.js';
import { ignoredProperties, RouteProperties } from './route-properties.js';
import { parseTarget } from './route-target.js';

/** A route as a line gave it, and what to tell the operator about it. */
export interface RouteLine {
  readonly route: RouteOptions;
  readonly warnings: readonly string[];
}

/** Condition keys of Pushpin that have no effect here yet. */
const LATER = new Set(['log_level', 'orig_headers', 'session']);

/**
 * Reads one line of Pushpin's routes grammar. A blank or comment line gives undefined.
 *
 * @param directory what `file:` in `sig_key` is relative to: the routes file's directory. Default: the working directory
 *
 * @example
 * const line = parseRouteLine('*,path_beg=/events localhost:3000,over_http');
 * if (line.ok && line.value) proxy.setRoutes([line.value.route]);
 */
export function parseRouteLine(
  line: string,
  directory: string = process.cwd(),
): Result<RouteLine | undefined> {
  const lexed = lexRouteLine(line);
  if (!lexed.ok) return lexed;
  const [condition, ...targetSections] = lexed.value;
  if (condition === undefined) return ok(undefined);
  if (targetSections.length === 0) {
    return fail('must specify condition and at least one target');
  }

  const properties = new RouteProperties(condition);
  const parsed = parseCondition(condition.value.toLowerCase(), properties, directory);
  if (!parsed.ok) return parsed;
  const warnings = ignoredProperties(properties, LATER);
  if (parsed.value.host === '' && parsed.value.id === undefined) {
    warnings.push('the condition has neither host nor id, so no request selects it (write * for any host)');
  }

  const targets: TargetOptions[] = [];
  for (const section of targetSections) {
    const target = parseTarget(section, parsed.value.pathPrefix);
    if (!target.ok) return target;
    targets.push(target.value.target);
    warnings.push(...target.value.warnings);
  }
  return ok({ route: { ...parsed.value, target: targets }, warnings });
}

/** Hosts of requests are in lower case, so `host` must be too. */
function parseCondition(
  host: string,
  properties: RouteProperties,
  directory: string,
): Result<Omit<RouteOptions, 'target'>> {
  const route: Writable<Omit<RouteOptions, 'target'>> = { host };
  const id = properties.text('id');
  if (id !== undefined && id !== '') route.id = id;

  const protocol = properties.text('proto');
  if (protocol === 'http' || protocol === 'ws') route.protocol = protocol;
  else if (protocol !== undefined) return wrong("proto must be set to 'http' or 'ws'", protocol);
  const ssl = properties.text('ssl');
  if (ssl === 'yes' || ssl === 'no') route.ssl = ssl === 'yes';
  else if (ssl !== undefined) return wrong("ssl must be set to 'yes' or 'no'", ssl);
  const pathPrefix = properties.text('path_beg');
  if (pathPrefix === '') return fail('path_beg cannot be empty');
  if (pathPrefix !== undefined) route.pathPrefix = pathPrefix;

  const sigIss = properties.text('sig_iss');
  if (sigIss !== undefined) route.sigIss = sigIss;
  const sigKey = properties.text('sig_key');
  if (sigKey !== undefined) {
    const key = readKey(sigKey, directory);
    if (!key.ok) return fail(`sig_key: ${key.message}`);
    route.sigKey = key.value;
  }
  const prefix = properties.text('prefix');
  if (prefix !== undefined) route.prefix = prefix;
  if (properties.flag('debug')) route.debug = true;
  if (properties.flag('no_grip')) route.grip = false;
  const json = properties.text('json_instructs');
  if (json === 'yes' || json === 'no') route.jsonInstructs = json === 'yes';
  else if (json !== undefined) return wrong("json_instructs must be set to 'yes' or 'no'", json);
  const asHost = properties.text('as_host');
  if (asHost !== undefined && asHost !== '') route.asHost = asHost;

  const rewrite = parseRewrite(properties, pathPrefix ?? '');
  if (!rewrite.ok) return rewrite;
  const headers = parseHeaders(properties.list('header'));
  if (!headers.ok) return headers;
  if (headers.value.length > 0) route.headers = headers.value;
  if (properties.flag('aco')) route.autoCrossOrigin = true;
  const sockjs = parseSockJs(properties);
  if (!sockjs.ok) return sockjs;
  const jsonp = parseJsonp(properties);
  if (!jsonp.ok) return jsonp;
  if (Object.keys(jsonp.value).length > 0) route.jsonp = jsonp.value;
  return ok({ ...route, ...rewrite.value, ...sockjs.value });
}

/** `replace_beg` stands for the whole of `path_beg`, and overrides `path_rem`. */
function parseRewrite(
  properties: RouteProperties,
  pathPrefix: string,
): Result<Pick<RouteOptions, 'pathRemove' | 'pathPrepend'>> {
  const remove = properties.text('path_rem');
  if (remove !== undefined && !/^\d{1,6}$/.test(remove)) {
    return wrong('path_rem must be a number of characters to drop', remove);
  }
  const replacement = properties.text('replace_beg');
  if (replacement !== undefined) {
    return ok({ pathRemove: Buffer.byteLength(pathPrefix), pathPrepend: replacement });
  }
  return ok(remove === undefined ? {} : { pathRemove: Number(remove) });
}

function parseHeaders(fields: readonly string[]): Result<[name: string, value: string][]> {
  const headers: [string, string][] = [];
  for (const field of fields) {
    const colon = field.indexOf(':');
    if (colon < 1) return wrong("header must use format 'name:value'", field);
    headers.push([field.slice(0, colon), field.slice(colon + 1).replace(/^ +/, '')]);
  }
  return ok(headers);
}

function parseSockJs(properties: RouteProperties): Result<Pick<RouteOptions, 'sockjs' | 'sockjsAsPath'>> {
  const route: Writable<Pick<RouteOptions, 'sockjs' | 'sockjsAsPath'>> = {};
  for (const [key, name] of [
    ['sockjs', 'sockjs'],
    ['sockjs_as_path', 'sockjsAsPath'],
  ] as const) {
    const path = properties.text(key);
    if (path === undefined || path === '') continue;
    if (!/^\/[^?#\s]*$/.test(path)) return wrong(`${key} must be a path`, path);
    route[name] = path;
  }
  return ok(route);
}

function parseJsonp(properties: RouteProperties): Result<JsonpOptions> {
  const jsonp: Writable<JsonpOptions> = {};
  const mode = properties.text('jsonp_mode');
  if (mode === 'basic' || mode === 'extended') jsonp.mode = mode;
  else if (mode !== undefined) return wrong("jsonp_mode must be set to 'basic' or 'extended'", mode);
  const callbackParam = properties.text('jsonp_cb');
  if (callbackParam) jsonp.callbackParam = callbackParam;
  const bodyParam = properties.text('jsonp_body');
  if (bodyParam) jsonp.bodyParam = bodyParam;
  const defaultCallback = properties.text('jsonp_defcb');
  if (defaultCallback) jsonp.defaultCallback = defaultCallback;
  const defaultMethod = properties.text('jsonp_defmethod');
  if (defaultMethod) jsonp.defaultMethod = defaultMethod;
  return ok(jsonp);
}

function wrong(rule: string, got: string): Result<never> {
  return fail(`${rule}, not ${JSON.stringify(got)}`);
}
