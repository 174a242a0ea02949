import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { insertReport } from './report/document.js';
import { toMarkdown } from './report/markdown.js';
import { PLOT_TITLE, toPlot } from './report/plot.js';
import type { Results } from './report/result.js';

const inRepository = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What was measured last by a run of all rows: what the document is made from. */
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

/** Writes what users see. */
export function writeDocument(results: Results): readonly string[] {
  writeFileSync(inRepository(LATEST), toJson(results));
  const document = readFileSync(inRepository(DOCUMENT), 'utf8');
  writeFileSync(inRepository(DOCUMENT), insertReport(document, `${PICTURE}\n\n${toMarkdown(results)}`));
  writeFileSync(inRepository(PLOT), toPlot(results));
  return [LATEST, DOCUMENT, PLOT];
}

/** Throws when nothing has been written yet. */
export function readLatest(): Results {
  return JSON.parse(readFileSync(inRepository(LATEST), 'utf8')) as Results;
}

/** The commit that was measured, with a mark when there was more. */
export function commitName(): string {
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], {
    cwd: inRepository('.'),
    encoding: 'utf8',
  });
  return git.status === 0 ? git.stdout.trim() : 'unknown';
}

function toJson(results: Results): string {
  return `${JSON.stringify(results, (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 1)}\n`;
}
