/** What a path below a SockJS prefix stands for. `session` is the id that the client has chosen. */
export type SockJsPath =
  | { readonly kind: 'greeting' | 'info' | 'iframe' | 'raw-websocket' }
  | { readonly kind: 'websocket' }
  | { readonly kind: 'transport'; readonly session: string; readonly transport: string };

/** Names of the iframe page carry the client's version. */
const IFRAME = /^\/iframe[0-9-.a-z_]*\.html$/;

/**
 * The first segment is for load balancers, and means nothing here. Source: the SockJS protocol, "Session URLs". Sessions are
 * kept by their ids, so these must not be of any length.
 */
const SESSION = /^\/[^/.]+\/([^/.]{1,1024})\/([a-z_]+)$/;

/** Reads a path without query, less the prefix; undefined: there is nothing. */
export function readSockJsPath(path: string): SockJsPath | undefined {
  if (path === '' || path === '/') return { kind: 'greeting' };
  if (path === '/info') return { kind: 'info' };
  if (path === '/websocket') return { kind: 'raw-websocket' };
  if (IFRAME.test(path)) return { kind: 'iframe' };
  const [, session, transport] = SESSION.exec(path) ?? [];
  if (session === undefined || transport === undefined) return undefined;
  return transport === 'websocket' ? { kind: 'websocket' } : { kind: 'transport', session, transport };
}
