import type { IncomingMessage, Server } from 'node:http';
import { hasBody } from '../http/request-body.js';

/** From Node 22.21 and 24.9 on, a server asks whether it is to upgrade: an option of `http.createServer`, and a property. */
type AskingServer = Server & { shouldUpgradeCallback?: (req: IncomingMessage) => boolean };

/**
 * Has a server serve requests for which `isPlain` is true as ordinary ones, though they offer to upgrade: those with a body, of which
 * Node 26 gives the body and what comes behind it apart from one another. Others come as upgrades, and so do all where Node does not
 * ask: a server that ignores an offer drops what has come with it.
 * @returns stops it
 */
export function askBeforeUpgrade(
  server: AskingServer,
  isPlain: (req: IncomingMessage) => boolean,
): () => void {
  const before = server.shouldUpgradeCallback;
  if (before === undefined) return () => {};
  let stopped = false;
  const ask = (req: IncomingMessage): boolean => {
    const isOurs = !stopped && hasBody(req) && isPlain(req);
    return !isOurs && before.call(server, req);
  };
  server.shouldUpgradeCallback = ask;
  return () => {
    stopped = true;
    // Somebody may have put himself before it since.
    if (server.shouldUpgradeCallback === ask) server.shouldUpgradeCallback = before;
  };
}
