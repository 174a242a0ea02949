import { readArguments, USAGE } from './arguments.js';
import { stalePackages } from './build-state.js';
import { nginxVersion } from './contenders/nginx.js';
import { pushpinVersion } from './contenders/pushpin.js';
import { rowAt } from './curves/curve.js';
import { CURVES } from './curves/index.js';
import { commitName, readLatest, saveResults, writeDocument } from './files.js';
import { compile } from './machine/compiled.js';
import { shareCores } from './machine/cores.js';
import { killAll } from './machine/launch.js';
import { describeMachine } from './machine/machine.js';
import { toMarkdown } from './report/markdown.js';
import { publish, publishedMarkdown } from './report/published.js';
import type { CurveResult, Results, RowResult } from './report/result.js';
import { ROWS } from './rows/index.js';
import { Runner } from './runner.js';

/**
 * Compares P-8 with Pushpin, nginx with nchan, and the least that Node can do, side by side: `npm run bench`. What it prints,
 * and how to read it, is told in docs/performance.md.
 */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(1);
  });
}

const argv = process.argv.slice(2);
const chosen = readArguments(argv);
if (chosen === undefined) console.log(USAGE);
else if (chosen.list)
  for (const { name, title } of [...ROWS, ...CURVES]) console.log(`${name.padEnd(24)} ${title}`);
else if (chosen.reportOnly) {
  const latest = readLatest();
  console.log(publishedMarkdown(latest));
  if (chosen.write) writeDocument(latest);
} else await measure(chosen);

async function measure({
  effort,
  only,
  roles,
  profiles,
  write,
  curves,
  unpinned,
}: NonNullable<typeof chosen>): Promise<void> {
  const tell = (line: string): void => console.error(line);
  const stale = stalePackages();
  if (stale.length > 0) tell(`dist is older than src in ${stale.join(', ')}: npm run build first`);
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    only.length === 0 || only.some((part) => name.includes(part));
  const rows = curves ? [] : ROWS.filter(isWanted);
  const wantedCurves = curves ? CURVES.filter(isWanted) : [];
  if (rows.length + wantedCurves.length === 0)
    throw new Error(`no ${curves ? 'curve' : 'row'} is named like ${only.join(', ')}: see --list`);
  const cores = unpinned ? { server: [], drivers: [] } : shareCores();
  if (cores.server.length === 0)
    tell('server and clients share all cores, by choice or for want of taskset or a second core');
  await compile();
  const nodeArguments = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const runner = new Runner({ effort, cores, roles, nodeArguments, tell });
  const date = new Date().toISOString();
  const measured: RowResult[] = [];
  for (const row of rows) measured.push(await runner.run(row));
  const drawn: CurveResult[] = [];
  for (const curve of wantedCurves) {
    const { name, title, axis, theory, shape, from } = curve;
    const last = Math.max(...curve.points);
    const points: { at: number; row: RowResult }[] = [];
    for (const at of curve.points.filter((point) => point <= last * effort.curveShare)) {
      points.push({ at, row: await runner.run(rowAt(curve, at)) });
    }
    drawn.push({ name, title, axis, theory, shape, from, points });
  }
  const results: Results = {
    date,
    commit: commitName(),
    effort: effort.name,
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
    machine: describeMachine(),
    isPinned: cores.server.length > 0,
    versions: { pushpin: `Pushpin ${pushpinVersion()}`, nginx: nginxVersion() },
    rows: measured,
    curves: drawn,
  };
  tell(`kept in ${saveResults(results)}`);
  console.log(toMarkdown(results));
  if (write) tell(`written: ${writeDocument(publish(readLatest(), results)).join(', ')}`);
}
