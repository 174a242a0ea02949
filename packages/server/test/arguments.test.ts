import assert from 'node:assert/strict';
import { type Arguments, parseArguments, type Refusal } from '../src/arguments.js';
import { resolveSettings, type Settings } from '../src/settings.js';
import { Sandbox } from './support/sandbox.js';

function parse(...argv: string[]): Arguments {
  const args = parseArguments(argv, '1.2.3');
  assert.ok(!('status' in args), 'stderr' in args ? args.stderr : '');
  return args;
}

function refusal(...argv: string[]): Refusal {
  const result = parseArguments(argv, '1.2.3');
  assert.ok('status' in result, `${argv} was accepted`);
  return result;
}

describe('the command line', () => {
  const accepted: [string[], Arguments][] = [
    [[], {}],
    [['--port', '1234'], { port: { port: 1234 } }],
    [['--port', '127.0.0.1:1234'], { port: { host: '127.0.0.1', port: 1234 } }],
    [['--port=[::1]:0'], { port: { host: '::1', port: 0 } }],
    [['--control-port', 'localhost:0'], { controlPort: { host: 'localhost', port: 0 } }],
    [['--route', '* a:1', '--route', 'x b:2'], { route: ['* a:1', 'x b:2'] }],
    [['--loglevel', '3'], { loglevel: 'debug' }],
    [['--loglevel', '9'], { loglevel: 'trace' }],
    [['--loglevel', '0'], { loglevel: 'error' }],
    [['--loglevel', 'WARN'], { loglevel: 'warn' }],
    [['--loglevel', '2,connmgr:3'], { loglevel: 'info' }],
    [['--verbose', '--demo'], { verbose: true, demo: true }],
    [['--config', 'x.conf', '--control-key', 'k'], { config: 'x.conf', controlKey: 'k' }],
  ];
  for (const [argv, expected] of accepted) {
    it(`accepts ${argv.join(' ') || 'nothing'}`, () => assert.deepEqual(parse(...argv), expected));
  }

  const values: [string[], string][] = [
    [['--port', '-1234'], '--port: "-1234" is not [ADDR:]PORT'],
    [['--port', ':1234'], '--port: ":1234" is not [ADDR:]PORT'],
    [['--port', 'test:'], '--port: "test:" is not [ADDR:]PORT'],
    [['--port', '65536'], '--port: "65536" is not [ADDR:]PORT'],
    [['--port', '::1:80'], '--port: "::1:80" is not [ADDR:]PORT'],
    [['--control-port', 'http://x:1'], '--control-port: "http://x:1" is not [ADDR:]PORT'],
    [['--loglevel', '2,'], '--loglevel: log level component cannot be empty, not "2,"'],
    [['--loglevel', '-2'], '--loglevel: log level must be 0 to 4'],
    [['--loglevel', ':2,'], '--loglevel: log level component name cannot be empty'],
    [['--loglevel', 'connmgr:-1'], '--loglevel: log level for service connmgr must be 0 to 4'],
    [
      ['--loglevel', 'loud'],
      '--loglevel: log level must be 0 to 4, or one of error, warn, info, debug, trace',
    ],
  ];
  for (const [argv, expected] of values) {
    it(`refuses ${argv.join(' ')}`, () => {
      assert.throws(
        () => parseArguments(argv, '1.2.3'),
        (error) => error instanceof Error && error.message.startsWith(expected),
      );
    });
  }

  const usage: [string[], string][] = [
    [['--prot'], "p-8: unknown option '--prot'; see p-8 --help\n"],
    [['serve'], 'p-8: too many arguments. Expected 0 arguments but got 1; see p-8 --help\n'],
    [['--config'], "p-8: option '--config <file>' argument missing; see p-8 --help\n"],
  ];
  for (const [argv, stderr] of usage) {
    it(`refuses ${argv.join(' ')} with one line`, () => {
      assert.deepEqual(refusal(...argv), { stdout: '', stderr, status: 1 });
    });
  }

  it('prints version and help', () => {
    assert.deepEqual(refusal('--version'), { stdout: 'p-8 1.2.3\n', stderr: '', status: 0 });
    const help = refusal('--help');
    assert.equal(help.status, 0);
    for (const option of [
      '--port',
      '--route',
      '--control-port',
      '--config',
      '--loglevel',
      '--verbose',
      '--demo',
    ]) {
      assert.ok(help.stdout.includes(option), option);
    }
  });
});

describe('command line, environment and configuration', () => {
  const sandbox = new Sandbox();
  const resolve = (args: Arguments, environment: Record<string, string> = {}): Settings =>
    resolveSettings(args, { directory: sandbox.path, environment });

  it('leave everything at its default when they say nothing', () => {
    const settings = resolve({});
    assert.deepEqual(settings.options, { production: false });
    assert.deepEqual(settings.routes, ['* localhost:80']);
    assert.equal(settings.logLevel, 'info');
    assert.equal(settings.configPath, undefined);
  });

  it('count in this order', () => {
    sandbox.write(
      'pushpin.conf',
      '[runner]\nhttp_port=1\nlog_level=0\n[handler]\ncontrol_key=file\n[proxy]\nsig_key=a\n',
    );
    const settings = resolve(
      { port: { port: 2 }, controlKey: 'line' },
      { P8_CONTROL_KEY: 'environment', P8_SIG_KEY: 'b' },
    );
    assert.deepEqual(settings.options.listen, [{ port: 2 }]);
    assert.deepEqual(settings.options.control, { key: 'line' });
    assert.equal(settings.options.proxy?.sigKey, 'b');
    assert.equal(settings.logLevel, 'error');
    assert.equal(resolve({ verbose: true }).logLevel, 'debug');
    assert.equal(resolve({ verbose: true, loglevel: 'warn' }).logLevel, 'warn');
    assert.deepEqual(resolve({}, { P8_CONTROL_KEY: 'environment' }).options.control, { key: 'environment' });
  });

  it('take routes from the command line in place of the file', () => {
    sandbox.write('pushpin.conf', '[proxy]\nroutesfile=routes\n');
    assert.deepEqual(resolve({}).routes, [`${sandbox.path}/routes`]);
    const settings = resolve({ route: ['* a:1', '* b:2'] });
    assert.equal(settings.options.routesFile, undefined);
    assert.deepEqual(settings.options.routes, [{ host: '*', target: [{ url: 'http://a:1' }] }]);
    assert.deepEqual(settings.notes, [
      { level: 'warn', message: '--route "* b:2": skipping duplicate condition' },
    ]);
  });

  it('turn the control API on by its port, on the loopback address unless told otherwise', () => {
    sandbox.write('pushpin.conf', '[handler]\npush_in_http_port=-1\n');
    assert.equal(resolve({}).options.control, false);
    assert.deepEqual(resolve({ controlPort: { port: 0 } }).options.control, { port: 0 });
    sandbox.write('pushpin.conf', '[handler]\npush_in_http_addr=0.0.0.0\n');
    assert.deepEqual(resolve({ controlPort: { port: 0 } }).options.control, { port: 0 });
  });

  it('serve the demo in place of the routes', () => {
    sandbox.write('pushpin.conf', '[proxy]\nroutesfile=routes\n');
    assert.deepEqual(resolve({ demo: true }).options, { proxy: {}, demo: true, production: false });
    assert.throws(() => resolve({ demo: true, route: ['* a:1'] }), /--demo and --route exclude each other/);
  });
});
