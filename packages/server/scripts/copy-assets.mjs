// Copies what the compiler leaves behind: the demo's page.
import { copyFileSync, mkdirSync } from 'node:fs';

const assets = ['demo/page.html'];

for (const asset of assets) {
  const target = new URL(`../dist/${asset}`, import.meta.url);
  mkdirSync(new URL('.', target), { recursive: true });
  copyFileSync(new URL(`../src/${asset}`, import.meta.url), target);
}
