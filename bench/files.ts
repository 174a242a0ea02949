import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { insertReport } from './report/document.js';
import { PLOT_TITLE, toPlot } from './report/plot.js';
import { type Published, publishedMarkdown } from './report/published.js';
import type { Results } from './report/result.js';

const inRepository = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What was measured last by runs of all rows, and of all curves: what the document is made from. */
const LATEST = 'bench/results/latest.json';
const DOCUMENT = 'docs/performance.md';
const PLOT = 'docs/performance.svg';
const PICTURE = `![${PLOT_TITLE}](performance.svg)`;

/** Keeps results in a file of their own, and gives its path. */
export function saveResults(results: Results): string {
  const path = `bench/results/${results.date.replaceAll(/[:.]/g, '-')}.json`;
  mkdirSync(inRepository('bench/results'), { recursive: true });
  writeFileSync(inRepository(path), toJson(results));
  return path;
}

/** Writes what users see, and gives the paths. */
export function writeDocument(published: Published): readonly string[] {
  const { rows } = published;
  const picture = rows === undefined ? '' : `${PICTURE}\n\n`;
  const document = readFileSync(inRepository(DOCUMENT), 'utf8');
  writeFileSync(inRepository(LATEST), toJson(published));
  writeFileSync(inRepository(DOCUMENT), insertReport(document, picture + publishedMarkdown(published)));
  if (rows === undefined) return [LATEST, DOCUMENT];
  writeFileSync(inRepository(PLOT), toPlot(rows));
  return [LATEST, DOCUMENT, PLOT];
}

/** What has been written so far. */
export function readLatest(): Published {
  const path = inRepository(LATEST);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Published) : {};
}

/** The commit that was measured, with a mark when there was more. */
export function commitName(): string {
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], {
    cwd: inRepository('.'),
    encoding: 'utf8',
  });
  return git.status === 0 ? git.stdout.trim() : 'unknown';
}

function toJson(results: Results | Published): string {
  return `${JSON.stringify(results, (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 1)}\n`;
}
