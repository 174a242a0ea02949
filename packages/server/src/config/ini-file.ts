import { readFileSync } from 'node:fs';
import { parse } from 'ini';
import { plainLines } from '../plain-lines.js';

/** An INI file: sections by name, each a map of keys to their text. */
export type IniFile = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The section of keys that stand before the first section header. */
const NO_SECTION = '';

/** Reads an INI file; a file that cannot be read throws the system's error. */
export function readIniFile(path: string): IniFile {
  return parseIni(readFileSync(path, 'utf8'));
}

/**
 * Parses INI text as Pushpin reads it: `;` starts a comment anywhere, `#` at the start of a line or after a space; inside a
 * word `#` is an ordinary character, or secrets would be cut in silence.
 */
export function parseIni(text: string): IniFile {
  const sections = new Map<string, Map<string, string>>();
  const section = (name: string): Map<string, string> => {
    const known = sections.get(name) ?? new Map<string, string>();
    sections.set(name, known);
    return known;
  };
  const parsed: Record<string, unknown> = parse(protectHashes(plainLines(text)), { bracketedArray: false });
  // A header such as `[a.b]` comes as a section within a section.
  const found: [name: string, entries: Record<string, unknown>][] = [[NO_SECTION, parsed]];
  for (const [name, entries] of found) {
    for (const [key, value] of Object.entries(entries)) {
      if (isSection(value)) found.push([name === NO_SECTION ? key : `${name}.${key}`, value]);
      else section(name).set(key, toText(value));
    }
  }
  return sections;
}

/** The ini library takes every `#` for a comment unless a backslash stands before it. */
function protectHashes(text: string): string {
  return text
    .split('\n')
    .map((line) => (/^\s*[#;]|=\s*["']/.test(line) ? line : line.replace(/(\S)#/g, '$1\\#')))
    .join('\n');
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key that repeats comes as a list: the last one counts. A key without `=` comes as true. */
function toText(value: unknown): string {
  return String(Array.isArray(value) ? value.at(-1) : value);
}
