import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { bundleForBrowsers, PUBLISHER_CLIENT } from '../interop/support/browser-bundle.js';

/** Bytes, gzipped, of what an app gets that publishes: all that `Publisher` needs. */
const MAX_PUBLISHER = 7000;

/** Bytes, gzipped, of every name that there is, those for handlers among them: no app needs all. */
const MAX_ENTRY = 12_000;

describe('the publisher client as browsers get it', function () {
  this.timeout(60_000);
  const entry = JSON.stringify(PUBLISHER_CLIENT);

  /** esbuild fails where something of Node is imported. */
  const bundle = (code: string): Promise<string> => bundleForBrowsers(code, { external: ['jose'] });

  const sizeOf = async (code: string): Promise<number> => gzipSync(await bundle(code), { level: 9 }).length;

  it(`is smaller than ${MAX_PUBLISHER} bytes, compressed, for an app that publishes`, async () => {
    const size = await sizeOf(`export { Publisher } from ${entry};`);
    assert(size < MAX_PUBLISHER, `${size} bytes`);
  });

  it(`is smaller than ${MAX_ENTRY} bytes, compressed, with every name of it`, async () => {
    const size = await sizeOf(`export * from ${entry};`);
    assert(size < MAX_ENTRY, `${size} bytes`);
  });

  it('imports jose and nothing else, and that only when a key needs it', async () => {
    const code = await bundle(`export * from ${entry};`);
    assert.deepEqual(
      [...new Set(code.match(/\bimport\b[^;]{0,20}/g)?.map((one) => one.slice(0, 14)))],
      ['import("jose")'],
    );
    assert.doesNotMatch(code, /\b(process|Buffer|require|global)\b\s*[.([]/);
  });
});
