import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findDocuments } from './snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

describe('links of the documents', () => {
  for (const document of findDocuments(root)) {
    it(`${document}: every link within the repository leads somewhere`, () => {
      assert.deepEqual(
        linksOf(document).filter((link) => !leadsSomewhere(document, link)),
        [],
      );
    });
  }
});

/** Targets of links, but for those to other sites. */
function linksOf(document: string): string[] {
  const text = withoutCode(readFileSync(path.join(root, document), 'utf8'));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(document: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path.join(root, document) : path.resolve(root, path.dirname(document), file);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** Anchors of headings, made as GitHub makes them. */
function anchorsOf(file: string): string[] {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '');
}
