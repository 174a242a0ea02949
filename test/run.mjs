// Runs the tests: files side by side in a few processes, then, one after another, those that need the machine for themselves.
//
//     npm test                                 all
//     npm test -- --grep 'part of a name'      some
//     npm test -- test/faults FILE             those of a folder, and of a file
//
// A comment in a file says why it is run alone (`// Runs alone: …`), or first, where the end would wait for it (`// Runs first: …`).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Mocha from 'mocha';

const ROOT = path.resolve(import.meta.dirname, '..');
const OPTIONS = JSON.parse(readFileSync(path.join(ROOT, '.mocharc.json'), 'utf8'));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string', short: 'g' }, jobs: { type: 'string', short: 'j' } },
});
/** More than there are cores: many tests wait rather than compute. */
const jobs = Number(values.jobs ?? os.availableParallelism() + 1);

const files = (positionals.length > 0 ? positionals : testFolders()).flatMap(testFiles);
const alone = files.filter(isMarked('alone'));
const together = files.filter((file) => !alone.includes(file));
const first = together.filter(isMarked('first'));
const sideBySide = [...first, ...together.filter((file) => !first.includes(file))];

let failures = await run(sideBySide, jobs, alone.length > 0);
if (alone.length > 0) failures += await run(alone, 1, false);
process.exitCode = failures > 0 ? 1 : 0;

/** Resolves with how many tests failed. `more`: whether another run follows, which then reports of both. */
function run(files, jobs, more) {
  const mocha = new Mocha({ ...OPTIONS, ...values, jobs, reporterOptions: { more } }).parallelMode();
  for (const file of files) mocha.addFile(file);
  return new Promise((resolve) => mocha.run(resolve));
}

function testFolders() {
  const packages = readdirSync(path.join(ROOT, 'packages')).map((name) => `packages/${name}/test`);
  return [...packages, 'test', 'examples'].map((folder) => path.join(ROOT, folder));
}

/** The test files in a folder, or the file. */
function testFiles(place) {
  if (statSync(place).isFile()) return [path.resolve(place)];
  return readdirSync(place, { recursive: true })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => path.resolve(place, file))
    .sort();
}

function isMarked(how) {
  const mark = new RegExp(`^// Runs ${how}: `, 'm');
  return (file) => mark.test(readFileSync(file, 'utf8'));
}
