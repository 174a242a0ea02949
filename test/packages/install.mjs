// What users do: the packages are installed together in an empty project, imported, required, and compiled against.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileForUsers } from './compile-for-users.ts';

const root = path.resolve(import.meta.dirname, '../..');
const TSC = path.join(root, 'node_modules/typescript/bin/tsc');

const STRICT = {
  target: 'es2023',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  outDir: 'out',
};

/** The consumers in TypeScript, and what each may count on. */
const COMPILED = {
  // No types of Node: it is for any runtime that has fetch.
  'publisher-client.mts': { lib: ['es2023', 'dom'], types: [] },
  'testing.mts': { lib: ['es2023'], types: ['node'] },
  'commonjs.cts': { lib: ['es2023'], types: ['node'] },
};

/** What users of the adapters install besides. */
const BESIDES = ['express', 'koa', '@koa/router', '@types/express', '@types/koa', '@types/node'];

/**
 * Installs packed packages in a project of their own below `scratch`, and uses them in each way.
 * @param {string} scratch
 * @param {readonly string[]} tarballs
 */
export function installAndUse(scratch, tarballs) {
  const project = path.join(scratch, 'project');
  mkdirSync(project);
  cpSync(path.join(import.meta.dirname, 'consumers'), project, { recursive: true });
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n');
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const besides = BESIDES.map((name) => `${name}@${devDependencies[name]}`);
  const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  run(project, 'npm', ['install', ...quick, ...besides, ...tarballs]);
  console.log('installed together: ok');

  for (const consumer of ['all.mjs', 'all.cjs']) {
    run(project, process.execPath, [consumer]);
    console.log(`${consumer}: ok`);
  }
  for (const [consumer, options] of Object.entries(COMPILED)) {
    writeFileSync(
      path.join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: [consumer] }),
    );
    run(project, process.execPath, [TSC, '--project', '.']);
    run(project, process.execPath, [path.join('out', consumer.replace(/ts$/, 'js'))]);
    console.log(`${consumer}: ok`);
  }
  compileForUsers(project, ['express.mts', 'koa.mts']);
  for (const name of readdirSync(path.join(project, 'node_modules/@p-8')))
    checkMaps(path.join(project, 'node_modules/@p-8', name));
  checkMaps(path.join(project, 'node_modules/p-8'));
  console.log('maps lead to sources: ok');
  checkPublisherClient(path.join(project, 'node_modules/@p-8/publisher-client'));
  console.log('@p-8/publisher-client needs nothing but @p-8/protocol and jose: ok');
}

/**
 * "Go to definition" ends in a source.
 * @param {string} folder
 */
function checkMaps(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const maps = files.filter((file) => /^dist\b.*\.map$/.test(file));
  assert.ok(maps.length > 0, folder);
  for (const map of maps) {
    const { sources } = JSON.parse(readFileSync(path.join(folder, map), 'utf8'));
    for (const source of sources) {
      const file = path.join(folder, path.dirname(map), source);
      assert.ok(
        existsSync(file),
        `${map} leads to ${source}, which is not there: delete dist, and build again`,
      );
    }
  }
}

/** @param {string} folder */
function checkPublisherClient(folder) {
  const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  assert.deepEqual(Object.keys(dependencies).sort(), ['@p-8/protocol', 'jose']);
  assert.equal(peerDependencies ?? optionalDependencies, undefined);
  const files = readdirSync(path.join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  const imported = files
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(path.join(folder, 'dist', file), 'utf8'))
    .flatMap((code) => [
      ...code.matchAll(/^(?:import|export)\b[^;]*?from '([^.'][^']*)'|\bimport\('([^.'][^']*)'\)/gm),
    ])
    .map(([, fixed, loaded]) => fixed ?? loaded);
  assert.deepEqual([...new Set(imported)].sort(), ['@p-8/protocol', 'jose']);
}

/** What it prints is shown when it fails. */
function run(cwd, command, args) {
  try {
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
  }
}
