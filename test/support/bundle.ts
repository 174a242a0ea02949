import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/p-8/', import.meta.url));

/** Marks what is being resolved already. */
const RESOLVING = {};

const bundles = new Map<string, Promise<string>>();

/**
 * The path of one file that is these modules, and what they import of our packages, from their sources. Programs that tests
 * start again and again start in a third of the time.
 */
export function bundle(...modules: URL[]): Promise<string> {
  const key = modules.join();
  const known = bundles.get(key) ?? make(modules, `${FOLDER}${process.pid}-${bundles.size}.mjs`);
  bundles.set(key, known);
  return known;
}

async function make(modules: readonly URL[], outfile: string): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  process.on('exit', () => rmSync(outfile, { force: true }));
  const contents = modules.map((module) => `import ${JSON.stringify(fileURLToPath(module))};\n`).join('');
  await build({
    stdin: { contents, resolveDir: FOLDER },
    outfile,
    bundle: true,
    // A command has effects.
    ignoreAnnotations: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    conditions: ['@p-8/source'],
    plugins: [ourPackages],
  });
  return outfile;
}

/** What others made is imported from where it is, and each of our files believes itself where its source is. */
const ourPackages: Plugin = {
  name: 'our packages',
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...place }) => {
      if (path.startsWith('@p-8/') || pluginData === RESOLVING) return undefined;
      if (isBuiltin(path)) return { path, external: true };
      return { ...(await resolve(path, { ...place, pluginData: RESOLVING })), external: true };
    });
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};
