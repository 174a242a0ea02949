import type { IncomingMessage } from 'node:http';
import os from 'node:os';

/**
 * Whether `target` is the listener that the request came in by: a proxy that is its own origin asks itself until it runs
 * out of sockets.
 */
export function isOwnListener(target: URL, { socket }: IncomingMessage): boolean {
  const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port);
  return port === socket.localPort && isOwnHost(target.hostname.replace(/^\[|\]$/g, ''));
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
