import { FORMAT_NAMES } from '@p-8/protocol';
import type { Warnings } from '../warnings.js';

/** Warns of formats that do not exist, in items as another process has published them. They are ignored, as in Pushpin. */
export function adviseOnUnknownFormats(warnings: Warnings, { items }: { readonly items?: unknown }): void {
  for (const { channel, formats } of items as { readonly channel: string; readonly formats?: unknown }[]) {
    for (const name of Object.keys(formats ?? {})) {
      if (FORMAT_NAMES.some((known) => known === name)) continue;
      const message = `an item for channel '${channel}' has a format '${name.slice(0, 100)}', which there is not, so it is ignored: formats are ${FORMAT_NAMES.join(', ')}`;
      warnings.give('P8_UNKNOWN_FORMAT', message);
    }
  }
}
