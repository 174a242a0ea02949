import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { GripError } from '@p-8/core';
import { loadConfig } from 'p-8';
import ts from 'typescript';
import { parseArguments } from '../src/arguments.js';
import { resolveSettings } from '../src/settings.js';
import { Sandbox } from './support/sandbox.js';

const SOURCE = new URL('../../core/src/options.ts', import.meta.url);

/** Options that the command has no key for, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  target: 'routes say where requests go',
  routes: 'they are in the routes file, or given by --route',
  sockjs: 'a property of a route',
  sockjsAsPath: 'a property of a route',
  logger: 'the command has its own: log_level',
  clock: 'for tests',
};

/** The key of each other option, a text for it, and what comes of that. */
const KEYS: Readonly<Record<string, readonly [section: string, key: string, text: string, value: unknown]>> =
  {
    sigIss: ['proxy', 'sig_iss', 'me', 'me'],
    sigKey: ['proxy', 'sig_key', 'secret', 'secret'],
    upstreamKey: ['proxy', 'upstream_key', 'secret', 'secret'],
    prefix: ['proxy', 'prefix', 'app-', 'app-'],
    debug: ['proxy', 'debug', 'true', true],
    autoCrossOrigin: ['proxy', 'auto_cross_origin', 'true', true],
    jsonInstructs: ['proxy', 'json_instructs', 'false', false],
    acceptXForwardedProtocol: ['proxy', 'accept_x_forwarded_protocol', 'true', true],
    setXForwardedProtocol: ['proxy', 'set_x_forwarded_protocol', 'true', true],
    xForwardedFor: ['proxy', 'x_forwarded_for', 'truncate:1,append', { truncate: 1, append: true }],
    xForwardedForTrusted: ['proxy', 'x_forwarded_for_trusted', 'append', { append: true }],
    acceptPushpinRoute: ['proxy', 'accept_pushpin_route', 'true', true],
    cdnLoop: ['proxy', 'cdn_loop', 'me', 'me'],
    linkHosts: ['proxy', 'link_hosts', 'a.test, b.test:8080', ['a.test', 'b.test:8080']],
    origins: ['proxy', 'origins', 'https://a.test, https://b.test', ['https://a.test', 'https://b.test']],
    sockjsUrl: ['proxy', 'sockjs_url', 'https://a.test/sockjs.js', 'https://a.test/sockjs.js'],
    slowClient: ['handler', 'slow_client', 'conflate', 'conflate'],
    compression: ['runner', 'allow_compression', 'true', true],
    idCacheTtl: ['handler', 'id_cache_ttl', '7', 7000],
    updateOnFirstSubscription: ['handler', 'update_on_first_subscription', 'true', true],
    history: ['handler', 'history_channels', 'news, room-*', { channels: ['news', 'room-*'] }],
    warnings: ['proxy', 'warnings', 'false', false],
    ...numbers('proxy', {
      requestsPerConnection: 'requests_per_connection',
      connectionsPerOrigin: 'connections_per_origin',
      connectionMaxAge: 'connection_max_age',
      queuedPerOrigin: 'queued_per_origin',
      maxSessions: 'max_sessions',
      totalInputBytes: 'total_input_bytes',
      lingerTimeout: 'linger_timeout',
      lingerBytes: 'linger_bytes',
      maxMessageBytes: 'max_message_bytes',
      connectTimeout: 'connect_timeout',
      responseTimeout: 'response_timeout',
      followUpTimeout: 'follow_up_timeout',
      eventsTimeout: 'events_timeout',
    }),
    ...numbers('handler', {
      subscriptionsPerConnection: 'connection_subscription_max',
      sessionQueueBytes: 'session_queue_bytes',
      totalQueueBytes: 'total_queue_bytes',
      stallTimeout: 'stall_timeout',
      maxPatchBytes: 'max_patch_bytes',
      maxPatchOperations: 'max_patch_operations',
      maxPatchDepth: 'max_patch_depth',
      pingInterval: 'ping_interval',
      messageWait: 'message_wait',
      totalTableBytes: 'total_table_bytes',
      lastIdsMax: 'last_ids_max',
      recoveriesPerOrigin: 'recoveries_per_origin',
    }),
  };

function numbers(section: string, keys: Readonly<Record<string, string>>): typeof KEYS {
  return Object.fromEntries(
    Object.entries(keys).map(([option, key]) => [option, [section, key, '1234', 1234] as const]),
  );
}

/** The options of a proxy, as the source declares them. */
function declared(): string[] {
  const source = ts.createSourceFile('', readFileSync(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const options = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'GripProxyOptions',
  ) as ts.InterfaceDeclaration;
  return options.members.map(({ name }) => name?.getText() ?? '');
}

describe('the options of a proxy, by the command', () => {
  const sandbox = new Sandbox();

  function set(...argv: string[]): ReturnType<typeof resolveSettings> {
    const args = parseArguments(
      argv.flatMap((text) => ['--set', text]),
      '',
    );
    assert.ok(!('status' in args));
    return resolveSettings(args, { directory: sandbox.path, environment: {} });
  }

  it('all have a key, but those that need none', () => {
    assert.deepEqual(declared().sort(), [...Object.keys(KEYS), ...Object.keys(LEFT_OUT)].sort());
  });

  for (const [option, [section, key, text, value]] of Object.entries(KEYS)) {
    it(`${option} is ${key} of a file, and of the command line`, () => {
      const path = sandbox.write('some.conf', `[${section}]\n${key}=${text}\n`);
      assert.deepEqual(loadConfig(path).options.proxy, { [option]: value });
      assert.deepEqual(loadConfig(path).notes, []);
      assert.deepEqual(set(`${key}=${text}`).options.proxy, { [option]: value });
      assert.deepEqual(set(`${section}.${key}=${text}`).options.proxy, { [option]: value });
    });
  }

  it('of history are keys of their own', () => {
    const bounds = 'items bytes seconds max_channels total_bytes'
      .split(' ')
      .map((name) => `history_${name}=9`);
    assert.deepEqual(set('history_channels=*', ...bounds).options.proxy?.history, {
      channels: ['*'],
      items: 9,
      bytes: 9,
      seconds: 9,
      maxChannels: 9,
      totalBytes: 9,
    });
    assert.throws(() => set('history_items=9'), /history_channels is missing/);
  });

  it('go before those of the file, and the last of the command line counts', () => {
    const path = sandbox.write('p-8.conf', '[proxy]\nmax_message_bytes=1\nprefix=a\n');
    const { options, configPath } = set('max_message_bytes=2', 'max_message_bytes=3');
    assert.deepEqual(options.proxy, { maxMessageBytes: 3, prefix: 'a' });
    assert.equal(configPath, path);
  });

  it('are refused where they are wrong, with what was given', () => {
    for (const [text, says] of [
      ['max_message_bytes=many', /^--set max_message_bytes must be a whole number, not "many"/],
      ['max_mesage_bytes=1', /^--set max_mesage_bytes: there is no such key/],
      ['runner.max_message_bytes=1', /^--set runner.max_message_bytes: there is no such key/],
      ['slow_client=wait', /^--set slow_client must be 'recover', 'close' or 'conflate', not "wait"/],
      ['max_message_bytes', /^--set: "max_message_bytes" is not KEY=VALUE/],
    ] as const)
      assert.throws(
        () => set(text),
        (error: GripError) => error instanceof GripError && says.test(error.message),
      );
  });
});
