/// <reference path="./undici-parts.d.ts" />
import type * as undici from 'undici';
import poolBase, { type PoolWithClients } from 'undici/lib/dispatcher/pool-base.js';
import { type MaxAge, OriginConnection } from './origin-connection.js';
import { type Connector, Pool } from './undici.js';

/**
 * Makes a pool of kept-alive connections, one request on each at a time. undici keeps what it has made for each of the
 * connections that were ever needed at once, and looks it through for each request; this pool forgets what has lost its
 * connection, so that a busy moment leaves nothing behind.
 */
export function createPool(
  url: string,
  { connect, ...options }: undici.Pool.Options & { readonly connect: Connector },
  maxAge?: MaxAge,
): Pool {
  const pool = new Pool(url, {
    ...options,
    pipelining: 1,
    factory: (origin, all) => new OriginConnection(origin, { ...all, connect }, maxAge),
  });
  const clients = (pool as PoolWithClients)[poolBase.kClients];
  pool.on('disconnect', (_origin, targets) => {
    for (const target of targets) {
      const at = clients.indexOf(target);
      // Where something waits for it, it connects again by itself.
      if (at !== -1 && (target as undici.Client).stats.size === 0) clients.splice(at, 1);
    }
  });
  return pool;
}

/** How many connections there are, those included that are being made. */
export function connectionsOf(pool: Pool): number {
  return (pool as PoolWithClients)[poolBase.kClients].length;
}
