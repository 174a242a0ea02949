import { gripUrl } from './grip-url.js';
import type { P8ServerOptions } from './options.js';

/** What the banner tells. */
export interface BannerFacts {
  readonly version: string;
  readonly options: P8ServerOptions;
  readonly urls: readonly string[];
  readonly controlUrl: string | undefined;
  readonly configPath: string | undefined;
  /** Route lines, or the file that they are in. */
  readonly routes: readonly string[];
  /** Whether keys may be shown: standard output is a terminal. */
  readonly showSecrets: boolean;
}

/** The lines that the command prints when its ports are open. */
export function formatBanner(facts: BannerFacts): string {
  const lines: [label: string, value: string][] = facts.urls.map((url) => ['clients', url]);
  lines.push(['control API', facts.controlUrl ?? 'off']);
  for (const route of facts.routes) lines.push(['route', route]);
  if (facts.configPath !== undefined) lines.push(['config', facts.configPath]);
  const [url] = facts.urls;
  if (facts.options.demo && url !== undefined) lines.push(['demo', `open ${url}/ in a browser`]);
  const table = lines.map(([label, value]) => `  ${label.padEnd(13)}${value}`);
  const title = `P-8 ${facts.version}`;
  if (facts.controlUrl === undefined) return `${[title, '', ...table].join('\n')}\n\n`;
  const uri = gripUrl(facts.controlUrl, facts.options, facts.showSecrets);
  return `${[title, '', ...table, '', `  GRIP_URL=${quote(uri)}`].join('\n')}\n\n`;
}

/** Fit for a shell and for a .env file. A URL has no apostrophe but where one was typed into it. */
function quote(url: string): string {
  return url.includes('&') ? `'${url.replaceAll("'", '%27')}'` : url;
}
