import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

/**
 * `npm run test:nodes`: what hangs on the version of Node, on the versions beside the one that runs this, and in Deno and Bun.
 * They are installed from the npm registry into a temporary folder, or are there already: `P8_NODES=FOLDER`. The packages are to
 * be built. `P8_ALL=1` runs the whole suite on each.
 */
const NODES = ['22', '24', '26'];

const root = path.resolve(import.meta.dirname, '../..');

/** Connections to origins, held connections and what is let go of them, SockJS, events, upgrades, retries. */
const CORE = [
  ...inCore('broken-origin connection-age early-answers origin-pool relay-head tls-origin'),
  ...inCore('detached-streams disconnects keep-alive memory-sockets node-connection'),
  ...inCore(
    'response-methods shared-retries slow-client stream-hold unreachable-listener security/pipelining',
  ),
  ...inCore('sockjs-back-pressure sockjs-jsonp sockjs-polling sockjs-streaming'),
  ...inCore(
    'web-socket-attach web-socket-back-pressure web-socket-handshake web-socket-retries web-socket-tunnel',
  ),
  path.join(root, 'packages/express/test/events-request.test.ts'),
  path.join(root, 'packages/koa/test/events-request.test.ts'),
];

function inCore(names) {
  return names.split(' ').map((name) => path.join(root, `packages/core/test/${name}.test.ts`));
}

/** mocha would only warn of one that is not there. */
for (const file of CORE) accessSync(file);

const runtimes = path.join(import.meta.dirname, 'runtimes');
const everything = path.join(runtimes, 'everything.mjs');
const given = process.env.P8_NODES;
const folder = given ?? (await mkdtemp(path.join(tmpdir(), 'p-8-nodes-')));
const platform = `${process.platform}-${process.arch}`;
const failed = [];
try {
  if (given === undefined) await install();
  for (const version of NODES) await onNode(version);
  await expect(
    'Deno, packages',
    ['@deno/linux-x64-glibc/deno', 'run', '-A', everything],
    /^stream, poll, WebSocket, control API$/m,
  );
  await onBun();
} finally {
  if (given === undefined) await rm(folder, { recursive: true });
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join('; ')}`);
  process.exit(1);
}

/** The binaries by themselves: no script of theirs runs. */
async function install() {
  const nodes = NODES.map((version) => `node${version}@npm:node-${platform}@${version}`);
  const others = ['@deno/linux-x64-glibc@2', '@oven/bun-linux-x64@1'];
  const args = [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...nodes,
    ...others,
  ];
  await promisify(execFile)('npm', args);
}

async function onNode(version) {
  const node = `node${version}/bin/node`;
  await expect(`Node ${version}, packages`, [node, everything], /^stream, poll, WebSocket, control API$/m);
  const mocha = [path.join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--timeout', '20000'];
  const some = [...mocha, '--reporter', './test/reporter.cjs', ...CORE];
  const which = process.env.P8_ALL === undefined ? some : [path.join(root, 'test/run.mjs')];
  const args = [node, '--import=tsx', '--conditions=@p-8/source', ...which];
  await expect(`Node ${version}, tests`, args, /^\d+ passed, 0 failed/m);
}

/** The publisher client runs in Bun; the core says what it needs. */
async function onBun() {
  const bun = '@oven/bun-linux-x64/bin/bun';
  const { GripProxy } = await import('@p-8/core');
  const server = createServer(new GripProxy().controlApi()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  await expect('Bun, publisher client', [bun, path.join(runtimes, 'publish.mjs'), url], /"matched":0/);
  server.close();
  await expect(
    'Bun, core',
    [bun, path.join(runtimes, 'load-core.mjs')],
    /^@p-8\/core needs Node 20\.19 or later, or Deno/m,
  );
}

/** Runs a program of the folder until it ends, and looks at what it prints. */
async function expect(name, [program, ...args], printed) {
  const started = performance.now();
  const child = spawn(path.join(folder, 'node_modules', program), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const isRight = status === 0 && printed.test(out);
  if (!isRight) failed.push(name);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    isRight ? `${name}: ${printed.exec(out)?.[0]} (${seconds} s)` : `${name}: failed\n${out}${errors}`,
  );
}
