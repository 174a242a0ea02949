import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const BENCH = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = join(BENCH, 'build');

/**
 * Compiles what runs in processes of its own: the servers and the driver. A loader like tsx would do, but what it adds
 * to functions costs something wherever functions are made.
 */
export async function compile(): Promise<void> {
  rmSync(OUTPUT, { recursive: true, force: true });
  await build({
    entryPoints: ['drivers/main.ts', 'servers/*.ts'].map((pattern) => join(BENCH, pattern)),
    outdir: OUTPUT,
    outbase: BENCH,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/** Arguments for Node that run a compiled file. */
export function compiled(name: string): string[] {
  return [...WITH_COLLECTOR, join(OUTPUT, `${name}.mjs`)];
}

/** Arguments for Node by which a server collects its garbage when it gets SIGUSR2. */
export const WITH_COLLECTOR: readonly string[] = [
  '--expose-gc',
  '--import',
  pathToFileURL(join(OUTPUT, 'servers/gc-on-signal.mjs')).href,
];
