import assert from 'node:assert/strict';
import path from 'node:path';
import ts from 'typescript';
import { findDocuments, findSnippets, type Snippet } from './snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

/** What a fragment of each kind can count on: one line, so that the lines of errors are those of the document. */
const PRELUDES: Readonly<Record<string, string>> = {
  express:
    "import express from 'express'; import { gripProxy } from '@p-8/express'; const app = express(); const grip = gripProxy();",
  koa: "import Koa from 'koa'; import { gripProxy } from '@p-8/koa'; const app = new Koa(); const grip = gripProxy();",
  publisher:
    "import { HttpStreamFormat, Item, Publisher, sse } from '@p-8/publisher-client'; const publisher = new Publisher();",
  core: "import { GripProxy } from '@p-8/core'; const proxy = new GripProxy();",
  testing:
    "import { createGripTest } from '@p-8/testing'; const t = await createGripTest(() => new Response());",
};

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
  this.timeout(60_000);
  let program: ts.Program;
  const snippets = findDocuments(root).flatMap((document) => findSnippets(root, document));
  const modules = new Map(snippets.map((snippet) => [fileOf(snippet), snippet]));

  before(() => {
    program = createProgram(modules);
  });

  for (const [file, snippet] of modules) {
    it(`${snippet.document}:${snippet.line} compiles`, () => {
      assert.deepEqual(problems(program, file, snippet), []);
    });
  }
});

/** Where the snippet would be as a module: beside its document, so that imports lead where they lead there. */
function fileOf({ document, line, language }: Snippet): string {
  return path.join(root, `${document}.${line}.m${language}`);
}

function moduleOf({ code, fragment }: Snippet): string {
  if (fragment === undefined) return `export {};\n${code}`;
  const prelude = PRELUDES[fragment];
  assert.ok(prelude !== undefined, `there is no fragment of kind ${fragment}`);
  // In braces, so that it may declare what the prelude declares too.
  return `${prelude} {\n${code}}`;
}

function createProgram(modules: ReadonlyMap<string, Snippet>): ts.Program {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  const textOf = (file: string): string | undefined => {
    const snippet = modules.get(file);
    return snippet && moduleOf(snippet);
  };
  host.fileExists = (file) => modules.has(file) || fileExists(file);
  host.readFile = (file) => textOf(file) ?? readFile(file);
  host.getSourceFile = (file, options, ...rest) => {
    const text = textOf(file);
    return text === undefined
      ? getSourceFile(file, options, ...rest)
      : ts.createSourceFile(file, text, options, true);
  };
  return ts.createProgram([...modules.keys()], OPTIONS, host);
}

/** What the compiler has to say about a snippet, with the document's lines. */
function problems(program: ts.Program, file: string, { document, line }: Snippet): string[] {
  const source = program.getSourceFile(file);
  assert.ok(source !== undefined);
  return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
    const at = line + source.getLineAndCharacterOfPosition(start).line - 1;
    return `${document}:${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
