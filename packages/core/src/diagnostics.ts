import { channel } from 'node:diagnostics_channel';
import type { GripProxyEvents } from './events.js';
import type { GripProxy } from './grip-proxy.js';

/** What comes on the diagnostics channels: the event of a proxy, and what its listeners get. */
export interface GripDiagnostic {
  readonly proxy: GripProxy;
  readonly args: readonly unknown[];
}

/** One channel for each event of {@link GripProxyEvents}: `p-8:hold`, `p-8:release`, and so on. */
const channels = {
  subscribe: channel('p-8:subscribe'),
  unsubscribe: channel('p-8:unsubscribe'),
  hold: channel('p-8:hold'),
  release: channel('p-8:release'),
  overflow: channel('p-8:overflow'),
  limit: channel('p-8:limit'),
  recover: channel('p-8:recover'),
  recovered: channel('p-8:recovered'),
  publish: channel('p-8:publish'),
} satisfies Record<keyof GripProxyEvents, unknown>;

/** Whether anybody listens to an event's channel. */
export function isDiagnosed(event: keyof GripProxyEvents): boolean {
  return channels[event].hasSubscribers;
}

/**
 * Tells those who observe all proxies of the process. What one of them throws does not come here: Node makes it an uncaught
 * exception of the process, on every diagnostics channel.
 */
export function diagnose(event: keyof GripProxyEvents, proxy: GripProxy, args: readonly unknown[]): void {
  const { [event]: told } = channels;
  if (told.hasSubscribers) told.publish({ proxy, args } satisfies GripDiagnostic);
}
