import type { IncomingMessage } from 'node:http';
import os from 'node:os';

/** Where a target listens. */
export interface TargetAddress {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export function targetAddress({ hostname, port, protocol }: URL): TargetAddress {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/**
 * Whether `target` is the listener that the request came in by: a proxy that is its own origin asks itself until it runs
 * out of sockets.
 */
export function isOwnListener({ host, port }: TargetAddress, { socket }: IncomingMessage): boolean {
  return port === socket.localPort && isOwnHost(host);
}

function isOwnHost(host: string): boolean {
  if (
    host === 'localhost' ||
    host === '::1' ||
    host === '::' ||
    host === '0.0.0.0' ||
    host.startsWith('127.')
  )
    return true;
  return Object.values(os.networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}
