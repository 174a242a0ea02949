import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** A key and a self-signed certificate for `localhost`, good from 2020 to 2120, and of no use outside of tests. */
export function certificate(): { readonly key: string; readonly cert: string } {
  return { key: read('localhost.key'), cert: read('localhost.crt') };
}
