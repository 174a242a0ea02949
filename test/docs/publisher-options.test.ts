import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../packages/publisher-client');
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

/** First cells of the rows of all tables, where they are code. */
const documented = [...read('README.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);

describe('packages/publisher-client/README.md', () => {
  it('lists every option of a publisher, with its default', () => {
    const source = read('src/publish-options.ts');
    const [declared = ''] =
      /export interface PublisherClientOptions .*?^export interface SendOptions/ms.exec(source) ?? [];
    const options = [...declared.matchAll(/@default (.+?) \*\/\n {2}(\w+)\?:/g)];
    assert.equal(options.length, 6);
    for (const [, fallback = '', name = ''] of options) {
      const row =
        read('README.md').match(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'm'))?.[1] ?? '';
      assert(row.replaceAll('`', '').trim() === fallback.split(',')[0], `${name}: ${fallback} and ${row}`);
    }
  });

  it('lists every code of an error, and no other', () => {
    const declared = [...read('src/publish-exception.ts').matchAll(/^ {2}\| '(GRIP_ERR_\w+)'/gm)].map(
      ([, code]) => code,
    );
    assert.deepEqual(documented.filter((name) => name.startsWith('GRIP_ERR_')).sort(), declared.sort());
  });
});
