import type { Item } from '@p-8/protocol';
import type { Warnings } from '../warnings.js';
import type { Subscription } from './session.js';

/** What an item must have for the sessions of each mode. */
const FORMATS = {
  response: { name: 'http-response', clients: 'long-polls' },
  stream: { name: 'http-stream', clients: 'streams' },
  websocket: { name: 'ws-message', clients: 'WebSockets' },
} as const;

/** Warns of an item that has no format for any of the clients of its channel. */
export function adviseOnFormats(warnings: Warnings, item: Item, subscribers: Iterable<Subscription>): void {
  if (!warnings.expects('P8_NO_CLIENTS_OF_FORMAT')) return;
  const modes = new Set([...subscribers].map(({ session }) => session.info().mode));
  const present = { response: item.httpResponse, stream: item.httpStream, websocket: item.wsMessage };
  if (modes.size === 0 || [...modes].some((mode) => present[mode] !== undefined)) return;
  const clients = [...modes].map((mode) => FORMATS[mode].clients).join(' and ');
  const wanted = [...modes].map((mode) => FORMATS[mode].name).join(' and ');
  warnings.give(
    'P8_NO_CLIENTS_OF_FORMAT',
    `an item for channel '${item.channel}' reached none of its clients, which are ${clients}: publish the format ${wanted}, too`,
  );
}
