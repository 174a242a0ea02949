import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from '../src/cli.js';
import { Command } from './support/command.js';
import { Sandbox } from './support/sandbox.js';

describe('the p-8 command', function () {
  // Each test starts processes of its own.
  this.timeout(60_000);
  const sandbox = new Sandbox();
  const running: Command[] = [];
  const p8 = (argv: readonly string[], environment: Record<string, string> = {}): Command => {
    const command = new Command(argv, sandbox.path, environment);
    running.push(command);
    return command;
  };
  afterEach(async () => {
    for (const command of running) command.kill('SIGKILL');
    await Promise.all(running.splice(0).map((command) => command.ended));
  });
  const onFreePorts = ['--port', '127.0.0.1:0', '--control-port', '0'];

  it('says where it listens, is ready, and ends at SIGTERM', async () => {
    const command = p8([...onFreePorts, '--route', '* test']);
    const stdout = await command.printed(/^p-8 started\n/m);
    const [, client] = /^ {2}clients +(http:\/\/127\.0\.0\.1:\d+)$/m.exec(stdout) ?? [];
    const [, control] = /^ {2}control API +(http:\/\/127\.0\.0\.1:\d+)$/m.exec(stdout) ?? [];
    assert.match(stdout, /^ {2}route +\* test$/m);
    assert.ok(stdout.includes(`  GRIP_URL='${control}/?key=changeme&verify-key=changeme'\n`));
    assert.equal(await (await fetch(`${client}/`)).text(), 'Hello from the Pushpin test handler!\n');
    assert.equal(await (await fetch(`${control}/`)).text(), 'Pushpin API\n');
    command.kill('SIGTERM');
    const { status, stderr } = await command.ended;
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('ends at Ctrl-C, and warns of the key that everybody knows', async () => {
    const command = p8(onFreePorts);
    await command.printed(/started\n/);
    command.kill('SIGINT');
    const { status, stdout } = await command.ended;
    assert.equal(status, 0);
    assert.match(stdout, /"level":"warn",.*"msg":"the signing key is 'changeme'/);
  });

  it('finds its configuration, and reads routes again at SIGHUP', async () => {
    sandbox.write(
      'config/pushpin.conf',
      '[runner]\nhttp_port=127.0.0.1:0\n[proxy]\nroutesfile=routes\nsig_key=secret\n',
    );
    sandbox.write('config/routes', '* test\n');
    const command = p8(['--control-port', '0'], { NODE_ENV: 'production' });
    const stdout = await command.printed(/started\n/);
    assert.match(stdout, /^ {2}config +.*\/config\/pushpin\.conf$/m);
    assert.doesNotMatch(
      stdout,
      /changeme|secret/,
      'no warning, and no secret where standard output is no terminal',
    );
    command.kill('SIGHUP');
    await command.printed(/routes loaded with 1 entries/);
  });

  it('exits with 1 for what cannot be', async () => {
    const { status, stdout, stderr } = await p8(['--frob']).ended;
    assert.deepEqual([status, stdout, stderr], [1, '', "p-8: unknown option '--frob'; see p-8 --help\n"]);
  });

  it('ends at once at a second signal', async () => {
    const held = createServer().listen(0, '127.0.0.1');
    await once(held, 'listening');
    const command = p8([...onFreePorts, '--route', `* 127.0.0.1:${(held.address() as AddressInfo).port}`]);
    const stdout = await command.printed(/started\n/);
    const arrived = once(held, 'request');
    const request = fetch(/http:\S+/.exec(stdout)?.[0] ?? '').catch(() => {});
    await arrived;
    command.kill('SIGTERM');
    // The request that is under way delays the end.
    await command.printed(/"msg":"ending; a second signal ends at once"/);
    const again = setInterval(() => command.kill('SIGTERM'), 20);
    const { status } = await command.ended;
    clearInterval(again);
    await request;
    held.close();
    assert.equal(status, 1);
  });
});

describe('the p-8 command that cannot start', () => {
  const sandbox = new Sandbox();
  /** Runs the command in this process: it comes back by itself. */
  const refused = async (argv: string[], environment: Record<string, string> = {}): Promise<string> => {
    let stdout = '';
    let stderr = '';
    const status = await run(
      ['--port', '127.0.0.1:0', '--control-port', '0', ...argv],
      {
        stdout: {
          write: (text) => {
            stdout += text;
          },
        },
        stderr: {
          write: (text) => {
            stderr += text;
          },
        },
        log: { write: () => {} },
      },
      { directory: sandbox.path, environment },
    );
    assert.deepEqual([status, stdout], [1, '']);
    return stderr;
  };

  for (const option of ['--port', '--control-port']) {
    it(`says that the port of ${option} is in use`, async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      const line = await refused([option, address]);
      other.close();
      assert.equal(
        line,
        `p-8: ${option}: ${address} is already in use; stop the other process or choose another\n`,
      );
    });
  }

  const refusals: [string[], Record<string, string>, RegExp][] = [
    [['--route', 'x'], {}, /^p-8: --route "x": must specify condition and at least one target\n$/],
    [['--frob'], {}, /^p-8: unknown option '--frob'; see p-8 --help\n$/],
    [
      ['--config', 'no.conf'],
      {},
      /^p-8: cannot read the configuration file .*no\.conf: there is no such file\n$/,
    ],
    [
      ['--control-port', '0.0.0.0:0'],
      {},
      /^p-8: --control-port: .* needs a key: set one with --control-key.*\n$/,
    ],
    [
      [],
      { NODE_ENV: 'production' },
      /^p-8: the signing key is 'changeme'.*sig_key.*P8_SIG_KEY.*refused\)\n$/,
    ],
  ];
  for (const [argv, environment, expected] of refusals) {
    it(`says so in one line for ${JSON.stringify([argv, environment])}`, async () => {
      assert.match(await refused(argv, environment), expected);
    });
  }
});
