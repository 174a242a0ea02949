import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../..');
/** Where options are declared, and those of their interfaces that are for users; without any, all. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  'packages/core/src/options.ts': [],
  'packages/testing/src/grip-test-options.ts': ['GripTestOptions'],
};
const DOCUMENT = 'docs/reference/options.md';

/** An option as the source declares it. */
interface DeclaredOption {
  readonly name: string;
  /** The text of `@default`, where there is one. */
  readonly fallback: string | undefined;
}

/** A row of one of the document's tables. */
interface DocumentedOption {
  readonly name: string;
  readonly fallback: string;
}

const declared = Object.entries(SOURCES).flatMap(([source, names]) =>
  [...readDeclared(path.join(root, source))]
    .filter(([type]) => names.length === 0 || names.includes(type))
    .map(([type, options]) => ({ source, type, options })),
);
const documented = readDocumented(readFileSync(path.join(root, DOCUMENT), 'utf8'));

describe(DOCUMENT, () => {
  for (const { source, type, options } of declared) {
    it(`lists every option of ${type}, and no other`, () => {
      const names = documented.get(type)?.map(({ name }) => name) ?? [];
      assert.deepEqual(names.sort(), options.map(({ name }) => name).sort());
    });

    it(`has the defaults of ${type} that the source names`, () => {
      for (const { name, fallback } of options) {
        const value = literalOf(fallback);
        if (value === undefined) continue;
        const row = documented.get(type)?.find((option) => option.name === name);
        assert.ok(
          row?.fallback.includes(value),
          `${type}.${name}: ${source} has the default ${value}, the document ${row?.fallback}`,
        );
      }
    });
  }
});

function readDeclared(file: string): Map<string, DeclaredOption[]> {
  const types = new Map<string, DeclaredOption[]>();
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue;
    types.set(statement.name.text, statement.members.map(readMember));
  }
  return types;
}

function readMember(member: ts.TypeElement): DeclaredOption {
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
  return { name: member.name?.getText() ?? '', fallback: ts.getTextOfJSDocComment(tag?.comment) };
}

/** Sections `## NAME` (GripProxyOptions has several tables), and in them rows `| `name` | type | default | …`. */
function readDocumented(markdown: string): Map<string, DocumentedOption[]> {
  const types = new Map<string, DocumentedOption[]>();
  for (const section of markdown.split(/^## /m)) {
    const rows = [...section.matchAll(/^\| `(\w+)` \|[^|]*\| ?([^|]*?) ?\|/gm)];
    const options = rows.map(([, name = '', fallback = '']) => ({
      name,
      fallback: fallback.replaceAll(/[`,]/g, ''),
    }));
    types.set(section.split('\n')[0] ?? '', options);
  }
  return types;
}

/** A default that is a plain value, as the document writes it; undefined for one in words. */
function literalOf(fallback: string | undefined): string | undefined {
  const [, value] = /^('[^']*'|[\d_]+|true|false)( \(.*\))?$/.exec(fallback ?? '') ?? [];
  return value?.startsWith("'") ? value : value?.replaceAll('_', '');
}
