import { readFileSync } from 'node:fs';

/** What the page is told about the server. */
export interface PageConfig {
  /** Base of the control API; undefined where there is none. */
  readonly controlUrl: string | undefined;
  readonly controlNeedsKey: boolean;
}

/** The element of the page that the configuration is put into. */
const PLACE = '<script type="application/json" id="config">null</script>';

/** The demo's page. The file lies next to this module, in the sources as well as when built. */
export function renderPage(config: PageConfig): string {
  template ??= readFileSync(new URL('./page.html', import.meta.url), 'utf8');
  // Inside a script element only `<` could end it.
  const json = JSON.stringify(config).replaceAll('<', '\\u003c');
  return template.replace(PLACE, () => PLACE.replace('null', () => json));
}

let template: string | undefined;
