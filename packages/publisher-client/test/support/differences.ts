import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type * as theirs from '@fanoutio/grip';
import type * as ours from '@p-8/publisher-client';

const DOCUMENT = path.resolve(import.meta.dirname, '../../../../docs/migrating-from-fanoutio.md');

/** Either library, for what both do. */
export type Library = typeof theirs | typeof ours;

/** A test that shows what both do, with the name of its row in the document. */
export type Difference = (name: string, show: () => void | Promise<void>) => void;

/** The differences of one section of the document: each has a row there, and each row a test. */
export function differencesOf(section: string, define: (difference: Difference) => void): void {
  describe(`where @p-8/publisher-client differs: ${section}`, () => {
    const shown: string[] = [];
    define((name, show) => {
      shown.push(name);
      it(name, show);
    });

    it('is all that the document has', () => {
      const text = readFileSync(DOCUMENT, 'utf8')
        .split(/^##+ /m)
        .find((part) => part.startsWith(`${section}\n`));
      const rows = [...(text ?? '').matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(([, name]) => name);
      assert.deepEqual(rows, shown);
    });
  });
}

/** An endpoint that nobody listens at. */
export const GRIP = { control_uri: 'http://127.0.0.1:1/' };

export function text(content: Uint8Array | string): string {
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}

export function bytes(content: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(content);
}
