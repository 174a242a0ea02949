declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}

declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export default Client;
}

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}

declare module 'undici/lib/dispatcher/pool-base.js' {
  import type { Dispatcher, Pool } from 'undici';

  const kClients: unique symbol;
  const base: { readonly kClients: typeof kClients };
  export default base;
  /** A pool, and the list of what opens its connections. */
  export type PoolWithClients = Pool & { readonly [kClients]: Dispatcher[] };
}
