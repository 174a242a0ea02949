import assert from 'node:assert/strict';
import path from 'node:path';
import ts from 'typescript';
import type { Snippet } from './snippets.js';

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

/**
 * Compiles snippets as modules below `root`, beside their documents, so that imports lead where they lead there.
 * @param files others to compile with them, relative to `root`
 * @returns what the compiler has to say, with the documents' lines
 */
export function compileSnippets(
  root: string,
  snippets: readonly Snippet[],
  options: ts.CompilerOptions,
  files: readonly string[] = [],
): readonly string[] {
  const modules = new Map(snippets.map((snippet) => [fileOf(root, snippet), snippet]));
  const names = [...modules.keys(), ...files.map((file) => path.join(root, file))];
  const program = ts.createProgram(names, options, hostOf(modules, options));
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => textOf(root, modules, diagnostic));
}

function fileOf(root: string, { document, line, language }: Snippet): string {
  return path.join(root, `${document}.${line}.m${language}`);
}

function moduleOf({ code, fragment }: Snippet): string {
  if (fragment === undefined) return `export {};\n${code}`;
  const prelude = PRELUDES[fragment];
  assert.ok(prelude !== undefined, `there is no fragment of kind ${fragment}`);
  // In braces, so that it may declare what the prelude declares too.
  return `${prelude} {\n${code}}`;
}

function hostOf(modules: ReadonlyMap<string, Snippet>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const codeOf = (file: string): string | undefined => {
    const snippet = modules.get(file);
    return snippet && moduleOf(snippet);
  };
  host.fileExists = (file) => modules.has(file) || fileExists(file);
  host.readFile = (file) => codeOf(file) ?? readFile(file);
  host.getSourceFile = (file, target, ...rest) => {
    const code = codeOf(file);
    return code === undefined
      ? getSourceFile(file, target, ...rest)
      : ts.createSourceFile(file, code, target, true);
  };
  return host;
}

function textOf(root: string, modules: ReadonlyMap<string, Snippet>, diagnostic: ts.Diagnostic): string {
  const { file, start = 0, messageText } = diagnostic;
  const message = ts.flattenDiagnosticMessageText(messageText, '\n');
  if (file === undefined) return message;
  const line = file.getLineAndCharacterOfPosition(start).line;
  const snippet = modules.get(file.fileName);
  return snippet === undefined
    ? `${path.relative(root, file.fileName)}:${line + 1}: ${message}`
    : `${snippet.document}:${snippet.line + line - 1}: ${message}`;
}
