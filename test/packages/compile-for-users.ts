import path from 'node:path';
import ts from 'typescript';
import { compileSnippets } from '../docs/compile-snippets.js';
import { findSnippets } from '../docs/snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

/** Documents whose code newcomers copy. */
const DOCUMENTS = [
  'README.md',
  'docs/quickstart.md',
  'docs/reference/handlers.md',
  'packages/express/README.md',
  'packages/koa/README.md',
];

const STRICTEST: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  types: ['node'],
};

/** How projects find their modules. */
const KINDS: Readonly<Record<string, ts.CompilerOptions>> = {
  nodenext: { module: ts.ModuleKind.NodeNext },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

/**
 * Compiles the documents' code, and `consumers`, in a project in which the packed packages are installed.
 * @throws Error with all that the compiler finds there, and in our types.
 */
export function compileForUsers(project: string, consumers: readonly string[]): void {
  const snippets = DOCUMENTS.flatMap((document) => findSnippets(root, document));
  for (const [kind, options] of Object.entries(KINDS)) {
    const problems = compileSnippets(project, snippets, { ...STRICTEST, ...options }, consumers);
    const ours = problems.filter((problem) => !/^node_modules\/(?!@p-8\/|p-8\/)/.test(problem));
    if (ours.length > 0) throw new Error([`module ${kind}:`, ...ours].join('\n'));
    console.log(`types and documents, module ${kind}: ok`);
  }
}
