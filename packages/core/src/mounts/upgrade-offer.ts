import type { IncomingMessage } from 'node:http';
import { filterHeaders, headerValue, splitHeader } from '@p-8/protocol';

/** The fields of a request without those that offer to upgrade; what else its Connection field says stays. */
export function withoutOffer(rawHeaders: readonly string[]): string[] {
  const fields = filterHeaders(rawHeaders, (name) => !isUpgradeField(name));
  const options = splitHeader(rawHeaders, 'connection').filter((name) => !isUpgradeField(name.toLowerCase()));
  if (options.length > 0) fields.push('Connection', options.join(', '));
  return fields;
}

/** Takes the offer to upgrade off a request. */
export function dropOffer(req: IncomingMessage): void {
  // Node makes the maps from the raw list when they are first asked for, and counts on its length: so they come first.
  const { headers, headersDistinct, rawHeaders } = req;
  rawHeaders.splice(0, rawHeaders.length, ...withoutOffer(rawHeaders));
  const connection = headerValue(rawHeaders, 'connection');
  for (const name of UPGRADE_FIELDS) {
    delete headers[name];
    delete headersDistinct[name];
  }
  if (connection === undefined) return;
  headers.connection = connection;
  Object.assign(headersDistinct, { connection: [connection] });
}

const UPGRADE_FIELDS = ['upgrade', 'connection', 'http2-settings'] as const;

function isUpgradeField(lowerName: string): boolean {
  return UPGRADE_FIELDS.some((name) => name === lowerName);
}
