// What users get: every package is packed as npm would, looked at by publint and by attw, and used.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installAndUse } from './install.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'p-8-packages-'));

try {
  const folders = readdirSync(path.join(root, 'packages')).map((name) => `./packages/${name}`);
  const packed = JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', scratch, ...folders]));
  const tarballs = Object.values(packed).map(({ filename }) => path.join(scratch, filename));
  await Promise.all(tarballs.map(check));
  installAndUse(scratch, tarballs);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function check(tarball) {
  await run(tool('publint'), ['--strict', tarball]);
  // ESM only, on purpose: Node 20.19 and later can require() it.
  await run(tool('attw'), [tarball, '--profile', 'esm-only']);
  console.log(`${path.basename(tarball)}: ok`);
}

function tool(name) {
  return path.join(root, 'node_modules/.bin', name);
}

/** Resolves with what it prints. @throws Error with that when it fails. */
async function run(command, args) {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
  }
}
