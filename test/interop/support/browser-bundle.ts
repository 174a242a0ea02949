import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

/** The publisher client's main entry, from source. */
export const PUBLISHER_CLIENT: string = fileURLToPath(
  new URL('../../../packages/publisher-client/src/index.ts', import.meta.url),
);

/** Bundles code for browsers, as an app's build would: minified, without polyfills. Warnings are errors. */
export async function bundleForBrowsers(code: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles = [], warnings } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@p-8/source'],
    logLevel: 'silent',
    ...options,
    write: false,
  });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
  return outputFiles[0]?.text ?? '';
}
