import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findConfig,
  type LoadedConfig,
  loadConfig,
  type P8ServerOptions,
  parseRoutes,
  readRoutesFile,
} from 'p-8';
import { PUSHPIN_CONF } from './support/pushpin-conf.js';
import { Sandbox } from './support/sandbox.js';

describe('a configuration file', () => {
  const sandbox = new Sandbox();
  const load = (text: string): LoadedConfig => loadConfig(sandbox.write('pushpin.conf', text));
  const options = (text: string): P8ServerOptions => load(text).options;
  const message = (text: string): string => {
    try {
      load(text);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message.replace(sandbox.path, '');
    }
    return assert.fail(`${text} was accepted`);
  };

  it('as Pushpin 1.36 has it on Debian is understood', () => {
    const config = load(PUSHPIN_CONF);
    assert.deepEqual(config.options, {
      listen: [{ port: 7999 }],
      control: { host: '127.0.0.1', port: 5561, maxHeaderSize: 10_000, maxBodySize: 1_000_000 },
      routesFile: join(sandbox.path, 'routes'),
      maxHeaderSize: 8192,
      maxConnections: 50_000,
      proxy: {
        sigIss: 'pushpin',
        sigKey: 'changeme',
        debug: false,
        autoCrossOrigin: false,
        acceptPushpinRoute: false,
        acceptXForwardedProtocol: false,
        setXForwardedProtocol: 'proto-only',
        sockjsUrl: 'http://cdn.jsdelivr.net/sockjs/0.3.4/sockjs.min.js',
        messageWait: 5000,
        idCacheTtl: 60_000,
        subscriptionsPerConnection: 20,
      },
    });
    assert.equal(config.logLevel, 'info');
    const warnings = config.notes.filter(({ level }) => level === 'warn').map((note) => note.message);
    assert.deepEqual(warnings, [
      `${config.path}: not supported yet, ignored: [handler] push_in_spec, [handler] push_in_sub_specs, ` +
        '[handler] stats_spec, [handler] command_spec',
    ]);
  });

  for (const [what, edit] of Object.entries({
    'a byte order mark': (text: string) => `\uFEFF${text}`,
    'line ends of Windows': (text: string) => text.replaceAll('\n', '\r\n'),
    'both, as editors of Windows write them': (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`,
  })) {
    it(`may have ${what}`, () => {
      const text = '[proxy]\nsig_key=secret\nroutesfile=routes\n; ours\n[handler]\nmessage_wait=7\n';
      const { proxy, routesFile } = options(edit(text));
      assert.deepEqual(proxy, { sigKey: 'secret', messageWait: 7 });
      assert.equal(routesFile, join(sandbox.path, 'routes'));
      const { routes, warnings } = readRoutesFile(
        sandbox.write('routes', edit('* a:1\nb.test c:2,over_http\n# ours\n')),
      );
      assert.deepEqual(warnings, []);
      assert.deepEqual(routes, [
        { host: '*', target: [{ url: 'http://a:1' }] },
        { host: 'b.test', target: [{ url: 'http://c:2', overHttp: true }] },
      ]);
      sandbox.write('key', edit('736563726574\n'));
      assert.deepEqual(options(edit('[proxy]\nsig_key=file:key\n')).proxy?.sigKey, Buffer.from('secret'));
    });
  }

  it('sets options of the proxy that are numbers by keys of the same name', () => {
    const { proxy } = options(
      '[proxy]\nconnect_timeout=1\nresponse_timeout=2\nmax_message_bytes=3\nfollow_up_timeout=12\nevents_timeout=13\n' +
        '[handler]\nsession_queue_bytes=4\ntotal_queue_bytes=5\nstall_timeout=6\nlast_ids_max=7\nrecoveries_per_origin=8\n' +
        'total_table_bytes=12\nmax_patch_bytes=9\nmax_patch_operations=10\nmax_patch_depth=11\n',
    );
    assert.deepEqual(proxy, {
      connectTimeout: 1,
      responseTimeout: 2,
      maxMessageBytes: 3,
      sessionQueueBytes: 4,
      totalQueueBytes: 5,
      stallTimeout: 6,
      lastIdsMax: 7,
      recoveriesPerOrigin: 8,
      totalTableBytes: 12,
      maxPatchBytes: 9,
      maxPatchOperations: 10,
      maxPatchDepth: 11,
      followUpTimeout: 12,
      eventsTimeout: 13,
    });
    assert.equal(
      message('[handler]\nstall_timeout=soon\n'),
      '/pushpin.conf: [handler] stall_timeout must be a whole number, not "soon"',
    );
  });

  it('bounds what one client, and all of them, may have under way', () => {
    const { proxy } = options(
      '[proxy]\nrequests_per_connection=1\nconnections_per_origin=2\nqueued_per_origin=3\n' +
        'max_sessions=4\nconnection_max_age=5\ntotal_input_bytes=6\n',
    );
    assert.deepEqual(proxy, {
      requestsPerConnection: 1,
      connectionsPerOrigin: 2,
      queuedPerOrigin: 3,
      maxSessions: 4,
      connectionMaxAge: 5,
      totalInputBytes: 6,
    });
  });

  it('says how long a client of a WebSocket may say nothing', () => {
    const { proxy } = options('[handler]\nping_interval=0\n');
    assert.deepEqual(proxy, { pingInterval: 0 });
  });

  it('may be empty', () => assert.deepEqual(options(''), { proxy: {} }));

  const mapped: [string, P8ServerOptions][] = [
    [
      '[runner]\nhttp_port=127.0.0.1:80, [::1]:81',
      {
        listen: [
          { host: '127.0.0.1', port: 80 },
          { host: '::1', port: 81 },
        ],
      },
    ],
    [
      '[runner]\nlocal_ports={rundir}/p8?mode=660\n[global]\nrundir=/run',
      { listen: [{ path: '/run/p8', mode: 0o660 }] },
    ],
    ['[runner]\nlocal_ports=/run/{ipc_prefix}x', { listen: [{ path: '/run/pushpin-x' }] }],
    ['[handler]\npush_in_http_port=-1', { control: false }],
    ['[handler]\npush_in_http_port=6000\n[global]\nport_offset=10', { control: { port: 6010 } }],
    ['[global]\nport_offset=10', { control: { port: 5571 } }],
    ['[handler]\ncontrol_key=base64:AWGA/g==', { control: { key: 'base64:AWGA/g==' } }],
    ['[proxy]\nroutesfile=/etc/routes', { routesFile: '/etc/routes' }],
    ['[proxy]\nsig_key=', { proxy: { sigKey: '' } }],
    ['[proxy]\nsig_key=se#cret', { proxy: { sigKey: 'se#cret' } }],
    ['[proxy]\nsig_key="a;b#c, d"', { proxy: { sigKey: 'a;b#c, d' } }],
    ['[proxy]\nsig_key=secret ; a comment', { proxy: { sigKey: 'secret' } }],
    ['[proxy]\nsig_key=secret # a comment', { proxy: { sigKey: 'secret' } }],
    ['[proxy]\nsig_key=1\nsig_key=2', { proxy: { sigKey: '2' } }],
    ['[proxy]\nsig_key=true', { proxy: { sigKey: 'true' } }],
    ['[proxy]\nupstream_key=', { proxy: {} }],
    ['[proxy]\nupstream_key=up', { proxy: { upstreamKey: 'up' } }],
    ['[proxy]\ndebug=FALSE', { proxy: { debug: false } }],
    ['[proxy]\ndebug=0', { proxy: { debug: false } }],
    ['[proxy]\ndebug=yes', { proxy: { debug: true } }],
    ['[proxy]\nset_x_forwarded_protocol=true', { proxy: { setXForwardedProtocol: true } }],
    ['[proxy]\nset_x_forwarded_protocol=', { proxy: { setXForwardedProtocol: false } }],
    [
      '[proxy]\nx_forwarded_for=truncate:0,append',
      { proxy: { xForwardedFor: { truncate: 0, append: true } } },
    ],
    [
      '[proxy]\nx_forwarded_for="truncate:1, append"',
      { proxy: { xForwardedFor: { truncate: 1, append: true } } },
    ],
    ['[proxy]\nx_forwarded_for_trusted=append', { proxy: { xForwardedForTrusted: { append: true } } }],
    ['[proxy]\ncdn_loop=p-8', { proxy: { cdnLoop: 'p-8' } }],
    ['[proxy]\ncdn_loop=', { proxy: { cdnLoop: '' } }],
    ['[runner]\nallow_compression=true', { proxy: { compression: true } }],
    ['[runner]\nallow_compression=false', { proxy: { compression: false } }],
    ['[proxy]\nsockjs_url=/sockjs.js', { proxy: { sockjsUrl: '/sockjs.js' } }],
    ['[proxy]\nsockjs_url=', {}],
    ['[handler]\nmessage_wait=', {}],
    ['[handler]\nupdate_on_first_subscription=true', { proxy: { updateOnFirstSubscription: true } }],
    ['[handler]\nid_cache_ttl=0', { proxy: { idCacheTtl: 0 } }],
  ];
  for (const [text, expected] of mapped) {
    it(`maps ${JSON.stringify(text)}`, () => assert.deepEqual(options(text), { proxy: {}, ...expected }));
  }

  it('may be found behind another: the main file wins, the included one fills in', () => {
    sandbox.write('base.conf', '[proxy]\nsig_iss=base\nsig_key=base\n');
    assert.deepEqual(options('[global]\ninclude=base.conf\n[proxy]\nsig_key=main\n').proxy, {
      sigIss: 'base',
      sigKey: 'main',
    });
  });

  it('finds the certificates of TLS ports next to itself', () => {
    const { listen, certificates } = options('[runner]\nhttps_ports=443');
    assert.deepEqual(listen, [{ port: 443, tls: true }]);
    assert.equal(certificates, join(sandbox.path, 'runner', 'certs'));
  });

  it('reads keys from files next to itself', () => {
    sandbox.write('sig.key', '016180fe');
    assert.deepEqual(options('[proxy]\nsig_key=file:sig.key').proxy?.sigKey, Buffer.from('016180fe', 'hex'));
  });

  const errors: [string, string][] = [
    [
      '[runner]\nhttp_port=x',
      '/pushpin.conf: [runner] http_port: "x" is not [ADDR:]PORT with a port from 0 to 65535; ',
    ],
    ['[runner]\nhttp_port=', '/pushpin.conf: [runner] http_port names no port, nor does any other key'],
    ['[runner]\nlog_level=loud', '/pushpin.conf: [runner] log_level: log level must be 0 to 4, or one of '],
    [
      '[runner]\nlocal_ports=/x?mode=rw',
      '/pushpin.conf: [runner] local_ports: "/x?mode=rw" is not PATH[?mode=OCTAL]; ',
    ],
    [
      '[handler]\nmessage_wait=soon',
      '/pushpin.conf: [handler] message_wait must be a whole number, not "soon"',
    ],
    ['[handler]\nmessage_wait=-1', '/pushpin.conf: [handler] message_wait must be at least 0, not -1'],
    [
      '[handler]\npush_in_http_port=70000',
      '/pushpin.conf: [handler] push_in_http_port must be at most 65535 ',
    ],
    ['[proxy]\nsig_key=file:no.key', '/pushpin.conf: [proxy] sig_key is wrong: cannot read the key file '],
    ['[global]\ninclude=base.conf', 'cannot read the configuration file /base.conf: there is no such file'],
  ];
  for (const [text, expected] of errors) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const got = message(text);
      assert.equal(got.slice(0, expected.length), expected);
    });
  }

  it('may have unknown keys, with a warning for each', () => {
    const { notes, path } = load('[proxy]\nsig_kye=x\n[extra]\na=1\n');
    assert.deepEqual(notes, [
      { level: 'warn', message: `${path}: [proxy] sig_kye is unknown and ignored` },
      { level: 'warn', message: `${path}: [extra] a is unknown and ignored` },
    ]);
  });

  it('must be readable', () => {
    assert.throws(() => loadConfig('/nowhere/p-8.conf'), {
      code: 'GRIP_ERR_OPTION',
      message: 'cannot read the configuration file /nowhere/p-8.conf: there is no such file',
    });
  });

  it('is found in ./config or in the working directory', () => {
    assert.equal(findConfig(sandbox.path), undefined);
    for (const name of ['pushpin.conf', 'p-8.conf', 'config/pushpin.conf', 'config/p-8.conf']) {
      const path = sandbox.write(name, '');
      assert.equal(findConfig(sandbox.path), path);
    }
  });
});

describe('the example configuration', () => {
  const directory = fileURLToPath(new URL('../../../examples/config', import.meta.url));

  it('has no key that is unknown or without effect', () => {
    const { options, notes } = loadConfig(join(directory, 'pushpin.conf'));
    assert.deepEqual(notes, []);
    assert.equal(options.routesFile, join(directory, 'routes'));
  });

  it('has only correct lines, those that are commented out included', () => {
    const text = readFileSync(join(directory, 'routes'), 'utf8');
    assert.deepEqual(readRoutesFile(join(directory, 'routes')).warnings, []);
    const everything = text.replace(/^#(?=\S)/gm, '').replace('* test\n', '');
    const { routes, warnings } = parseRoutes(everything, 'routes');
    assert.deepEqual([routes.length, warnings], [7, []]);
  });
});
