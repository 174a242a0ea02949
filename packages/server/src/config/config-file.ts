import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GripError, type XForwardedForOptions } from '@p-8/core';
import { type ListenOptions, parseListen, parseUnixListen } from '../net/listen-address.js';
import { type ControlOptions, DEFAULT_CONTROL_PORT, type P8ServerOptions } from '../options.js';
import type { Writable } from '../writable.js';
import { type ConfigNote, noteUnasked } from './config-keys.js';
import { ConfigReader } from './config-reader.js';
import { loadHistory } from './history-keys.js';
import { type Key, readKey } from './key-text.js';
import { type LogLevel, parseLogLevel } from './log-level.js';
import { loadNumbers } from './number-keys.js';

/** What a configuration file says. */
export interface LoadedConfig {
  /** Undefined: there is no file. */
  readonly path: string | undefined;
  readonly options: P8ServerOptions;
  /** Undefined where the file does not say. */
  readonly logLevel: LogLevel | undefined;
  readonly notes: readonly ConfigNote[];
}

/** Where a configuration is looked for, relative to the working directory. */
const CANDIDATES = ['config/p-8.conf', 'config/pushpin.conf', 'p-8.conf', 'pushpin.conf'];

/** The configuration file that is used when none is named, or undefined. */
export function findConfig(directory: string): string | undefined {
  return CANDIDATES.map((name) => join(directory, name)).find((path) => existsSync(path));
}

/**
 * Reads a configuration file in Pushpin's format. Keys that have no effect here are reported, not refused.
 *
 * @param set values in place of the file's, by `key` or `section.key`
 * @throws GripError when the file cannot be read, a value is wrong, or there is no such key to set; the message names file, section and key
 *
 * @example
 * const { options } = loadConfig('pushpin.conf');
 * await new P8Server(options).start();
 */
export function loadConfig(
  path: string | undefined,
  set: ReadonlyMap<string, string> = new Map(),
): LoadedConfig {
  const reader = new ConfigReader(path === undefined ? undefined : resolve(path), set);
  const options: Writable<P8ServerOptions> = { proxy: loadProxyOptions(reader) };

  const listen = loadListen(reader);
  if (listen !== undefined) options.listen = listen;
  if (listen?.some((address) => 'tls' in address)) {
    options.certificates = join(reader.directory, 'runner', 'certs');
  }
  const control = loadControl(reader);
  if (control !== undefined) options.control = control;
  const routesFile = reader.text('proxy', 'routesfile');
  if (routesFile) options.routesFile = resolve(reader.directory, routesFile);
  const maxHeaderSize = reader.integer('runner', 'client_buffer_size', 1024);
  if (maxHeaderSize !== undefined) options.maxHeaderSize = maxHeaderSize;
  const maxConnections = reader.integer('runner', 'client_maxconn', 1);
  if (maxConnections !== undefined) options.maxConnections = maxConnections;

  const level = reader.text('runner', 'log_level');
  const logLevel = level ? parseLogLevel(level, reader.name('runner', 'log_level')) : undefined;
  const [unknown] = reader.unknown();
  if (unknown !== undefined) {
    const message = `--set ${unknown}: there is no such key; docs/reference/command.md lists them`;
    throw new GripError('GRIP_ERR_OPTION', message);
  }
  return { path: reader.path, options, logLevel, notes: noteUnasked(reader) };
}

/** Undefined where the file names no port at all. */
function loadListen(reader: ConfigReader): ListenOptions[] | undefined {
  const http = reader.list('runner', 'http_port');
  const https = reader.list('runner', 'https_ports');
  const local = reader.list('runner', 'local_ports');
  if (http === undefined && https === undefined && local === undefined) return undefined;
  const addresses: ListenOptions[] = [
    ...(http ?? []).map((text) => parseListen(text, reader.name('runner', 'http_port'))),
    ...(https ?? []).map((text) => ({
      ...parseListen(text, reader.name('runner', 'https_ports')),
      tls: true,
    })),
    ...(local ?? []).map((text) => parseUnixListen(text, reader.name('runner', 'local_ports'))),
  ];
  if (addresses.length === 0)
    throw reader.wrong('runner', 'http_port', 'names no port, nor does any other key');
  return addresses;
}

/** The port -1 turns the control API off, as in Pushpin. Undefined where the file says nothing. */
function loadControl(reader: ConfigReader): ControlOptions | false | undefined {
  const control: Writable<ControlOptions> = {};
  const port = reader.integer('handler', 'push_in_http_port', -1);
  const offset = reader.integer('global', 'port_offset', 0) ?? 0;
  const host = reader.text('handler', 'push_in_http_addr');
  const maxHeaderSize = reader.integer('handler', 'push_in_http_max_headers_size', 1);
  const maxBodySize = reader.integer('handler', 'push_in_http_max_body_size', 1);
  const key = loadKey(reader, 'handler', 'control_key');
  const iss = reader.text('handler', 'control_iss');
  if (port === -1) return false;
  if (port !== undefined || offset > 0) control.port = (port ?? DEFAULT_CONTROL_PORT) + offset;
  if (control.port !== undefined && control.port > 65_535) {
    throw reader.wrong(
      'handler',
      'push_in_http_port',
      `must be at most 65535 with port_offset, not ${control.port}`,
    );
  }
  if (host) control.host = host;
  if (maxHeaderSize !== undefined) control.maxHeaderSize = maxHeaderSize;
  if (maxBodySize !== undefined) control.maxBodySize = maxBodySize;
  if (key) control.key = key;
  if (iss) control.iss = iss;
  return Object.keys(control).length > 0 ? control : undefined;
}

function loadProxyOptions(reader: ConfigReader): NonNullable<P8ServerOptions['proxy']> {
  const proxy: Writable<NonNullable<P8ServerOptions['proxy']>> = {};
  const sigIss = reader.text('proxy', 'sig_iss');
  if (sigIss !== undefined) proxy.sigIss = sigIss;
  const sigKey = loadKey(reader, 'proxy', 'sig_key');
  if (sigKey !== undefined) proxy.sigKey = sigKey;
  const upstreamKey = loadKey(reader, 'proxy', 'upstream_key');
  if (upstreamKey) proxy.upstreamKey = upstreamKey;

  const debug = reader.flag('proxy', 'debug');
  if (debug !== undefined) proxy.debug = debug;
  const autoCrossOrigin = reader.flag('proxy', 'auto_cross_origin');
  if (autoCrossOrigin !== undefined) proxy.autoCrossOrigin = autoCrossOrigin;
  const acceptPushpinRoute = reader.flag('proxy', 'accept_pushpin_route');
  if (acceptPushpinRoute !== undefined) proxy.acceptPushpinRoute = acceptPushpinRoute;
  const warnings = reader.flag('proxy', 'warnings');
  if (warnings !== undefined) proxy.warnings = warnings;
  const cdnLoop = reader.text('proxy', 'cdn_loop');
  if (cdnLoop !== undefined) proxy.cdnLoop = cdnLoop;

  const accept = reader.flag('proxy', 'accept_x_forwarded_protocol');
  if (accept !== undefined) proxy.acceptXForwardedProtocol = accept;
  const set = reader.text('proxy', 'set_x_forwarded_protocol');
  if (set !== undefined) proxy.setXForwardedProtocol = set === 'proto-only' ? set : set === 'true';
  const forwarded = parseForwardedFor(reader.list('proxy', 'x_forwarded_for'));
  if (forwarded !== undefined) proxy.xForwardedFor = forwarded;
  const forwardedTrusted = parseForwardedFor(reader.list('proxy', 'x_forwarded_for_trusted'));
  if (forwardedTrusted !== undefined) proxy.xForwardedForTrusted = forwardedTrusted;

  const compression = reader.flag('runner', 'allow_compression');
  if (compression !== undefined) proxy.compression = compression;
  const sockjsUrl = reader.text('proxy', 'sockjs_url');
  if (sockjsUrl) proxy.sockjsUrl = sockjsUrl;

  const updates = reader.flag('handler', 'update_on_first_subscription');
  if (updates !== undefined) proxy.updateOnFirstSubscription = updates;
  const idCacheSeconds = reader.integer('handler', 'id_cache_ttl', 0);
  if (idCacheSeconds !== undefined) proxy.idCacheTtl = idCacheSeconds * 1000;
  const linkHosts = reader.list('proxy', 'link_hosts');
  if (linkHosts !== undefined && linkHosts.length > 0) proxy.linkHosts = linkHosts;
  const origins = reader.list('proxy', 'origins');
  if (origins !== undefined && origins.length > 0) proxy.origins = origins;
  const prefix = reader.text('proxy', 'prefix');
  if (prefix !== undefined) proxy.prefix = prefix;
  const jsonInstructs = reader.flag('proxy', 'json_instructs');
  if (jsonInstructs !== undefined) proxy.jsonInstructs = jsonInstructs;
  const slowClient = reader.text('handler', 'slow_client');
  if (slowClient === 'recover' || slowClient === 'close' || slowClient === 'conflate')
    proxy.slowClient = slowClient;
  else if (slowClient) {
    const rule = `must be 'recover', 'close' or 'conflate', not ${JSON.stringify(slowClient)}`;
    throw reader.wrong('handler', 'slow_client', rule);
  }
  const history = loadHistory(reader);
  if (history !== undefined) proxy.history = history;
  Object.assign(proxy, loadNumbers(reader));
  return proxy;
}

/** The rule's words are `truncate:N` and `append`; others are ignored, as in Pushpin. */
function parseForwardedFor(words: readonly string[] | undefined): XForwardedForOptions | undefined {
  if (words === undefined || words.length === 0) return undefined;
  const rule: Writable<XForwardedForOptions> = {};
  for (const word of words) {
    const truncate = /^truncate:(\d{1,9})$/.exec(word);
    if (truncate !== null) rule.truncate = Number(truncate[1]);
    else if (word === 'append') rule.append = true;
  }
  return rule;
}

function loadKey(reader: ConfigReader, section: string, key: string): Key | undefined {
  const text = reader.text(section, key);
  if (text === undefined) return undefined;
  const read = readKey(text, reader.directory);
  if (!read.ok) throw reader.wrong(section, key, `is wrong: ${read.message}`);
  return read.value;
}
