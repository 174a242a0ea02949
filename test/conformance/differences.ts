import { readFileSync } from 'node:fs';
import type { Group } from './scenario.js';

/** The document that gives the reasons. */
export const DOCUMENT: URL = new URL('../../docs/differences.md', import.meta.url);

/** A difference on purpose, as the document has it. */
export interface Difference {
  readonly id: string;
  /** `group: name` of each scenario that shows it. */
  readonly scenarios: readonly string[];
}

/**
 * Reads the differences of the document: sections whose heading begins with the id in code quotes, and in each a list of scenarios,
 * every one in code quotes.
 */
export function readDifferences(text: string = readFileSync(DOCUMENT, 'utf8')): Difference[] {
  const differences: Difference[] = [];
  for (const section of text.split(/^## /m).slice(1)) {
    const [, id] = /^`(D-[a-z0-9-]+)`/.exec(section) ?? [];
    if (id === undefined) continue;
    const scenarios = [...section.matchAll(/^- `` (.+) ``$/gm)].map(([, name = '']) => name);
    differences.push({ id, scenarios });
  }
  return differences;
}

/** What is wrong between the scenarios' expectations and the document; empty when they agree. */
export function disagreements(groups: readonly Group[], differences: readonly Difference[]): string[] {
  const documented = differences.flatMap(({ id, scenarios }) => scenarios.map((name) => `${id}: ${name}`));
  const expected = groups.flatMap((group) =>
    group.scenarios.flatMap(({ name, expect }) =>
      expect === undefined ? [] : [`${expect.difference}: ${group.name}: ${name}`],
    ),
  );
  return [
    ...expected
      .filter((entry) => !documented.includes(entry))
      .map((entry) => `not in the document: ${entry}`),
    ...documented.filter((entry) => !expected.includes(entry)).map((entry) => `without a scenario: ${entry}`),
  ];
}
