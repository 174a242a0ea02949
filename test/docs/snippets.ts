import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A fenced block of code in a document. */
export interface Snippet {
  /** The document, relative to the root. */
  readonly document: string;
  /** Number of the first line of code. */
  readonly line: number;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** Undefined for a whole module; else the kind of program that the code is a part of. */
  readonly fragment: string | undefined;
}

const FENCE = /^(?:<!-- fragment: (?<fragment>\w+) -->\n)?```(?<language>ts|js)\n(?<code>.*?)^```$/gms;

/** The documents that have snippets: the README, docs/, and the READMEs of packages and examples. */
export function findDocuments(root: string): string[] {
  const isDocument = (file: string): boolean => file.endsWith('.md') && !file.includes('node_modules');
  const folders = ['docs', 'packages', 'examples'];
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(isDocument)
      .map((file) => path.join(folder, file)),
  );
  return ['README.md', 'CONTRIBUTING.md', ...files];
}

/** The blocks of TypeScript and JavaScript in a document. `<!-- fragment: KIND -->` before one says that it is no whole module. */
export function findSnippets(root: string, document: string): Snippet[] {
  const text = readFileSync(path.join(root, document), 'utf8');
  return [...text.matchAll(FENCE)].map((match) => {
    const { fragment, language, code = '' } = match.groups ?? {};
    const before = text.slice(0, match.index + match[0].indexOf('```'));
    return {
      document,
      line: before.split('\n').length + 1,
      language: language === 'js' ? 'js' : 'ts',
      code,
      fragment,
    };
  });
}
