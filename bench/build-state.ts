import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url));

/** Packages whose sources have changed since they were compiled: P-8 is measured as it is installed, from `dist`. */
export function stalePackages(): string[] {
  return readdirSync(PACKAGES).filter((name) => {
    const built = statSync(join(PACKAGES, name, 'tsconfig.tsbuildinfo'), { throwIfNoEntry: false });
    return built === undefined || newest(join(PACKAGES, name, 'src')) > built.mtimeMs;
  });
}

/** When the newest TypeScript file below a directory was changed, in milliseconds since 1970. */
function newest(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .reduce((time, file) => Math.max(time, statSync(join(directory, file)).mtimeMs), 0);
}
