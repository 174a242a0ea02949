import assert from 'node:assert/strict';
import path from 'node:path';
import ts from 'typescript';
import { compileSnippets } from './compile-snippets.js';
import { findDocuments, findSnippets } from './snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
  customConditions: ['@p-8/source'],
};

describe('snippets of the documents', function () {
  this.timeout(300_000);
  const snippets = findDocuments(root).flatMap((document) => findSnippets(root, document));
  let problems: readonly string[];

  before(() => {
    problems = compileSnippets(root, snippets, OPTIONS);
  });

  for (const document of new Set(snippets.map((snippet) => snippet.document))) {
    it(`those of ${document} compile`, () => {
      assert.deepEqual(
        problems.filter((problem) => problem.startsWith(`${document}:`)),
        [],
      );
    });
  }

  it('nothing else is wrong with them', () => {
    assert.deepEqual(problems, []);
  });
});
