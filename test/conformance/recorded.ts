import { readFileSync, writeFileSync } from 'node:fs';
import type { Group } from './scenario.js';
import type { Transcript } from './transcript.js';

/** What the reference did, by the name of the scenario. */
export type Recording = Record<string, Transcript>;

/** The recording of `group`; empty before the first one. */
export function readRecording(group: Group): Recording {
  try {
    return JSON.parse(readFileSync(fileOf(group), 'utf8')) as Recording;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Writes the recording in the order of the scenarios; those that no longer exist are left out. */
export function writeRecording(group: Group, recording: Recording): void {
  const ordered = group.scenarios.flatMap(({ name }) => {
    const transcript = recording[name];
    return transcript === undefined ? [] : [[name, transcript] as const];
  });
  writeFileSync(fileOf(group), `${JSON.stringify(Object.fromEntries(ordered), undefined, 2)}\n`);
}

function fileOf(group: Group): URL {
  return new URL(`./recorded/${group.name}.json`, import.meta.url);
}
