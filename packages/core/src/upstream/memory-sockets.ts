import { type Duplex, duplexPair } from 'node:stream';

/**
 * The two ends of a connection in memory, for Node's HTTP client, its HTTP server (`server.emit('connection', end)`) and
 * undici: no port, and real HTTP on it.
 */
export function memorySockets(): [client: Duplex, server: Duplex] {
  const [client, server] = duplexPair();
  // Unlike those of a connection, the ends of a pair do not notice when the other one is gone; the client's hears why.
  client.once('close', () => server.destroy());
  server.once('close', () => client.destroy(server.errored ?? undefined));
  return [asSocket(client), asSocket(server)];
}

/** Gives one half of a duplex pair the socket methods that are called on it. */
function asSocket(duplex: Duplex): Duplex {
  const returnSelf = function (this: Duplex): Duplex {
    return this;
  };
  return Object.assign(duplex, {
    setKeepAlive: returnSelf,
    setNoDelay: returnSelf,
    setTimeout: returnSelf,
    ref: returnSelf,
    unref: returnSelf,
  });
}
