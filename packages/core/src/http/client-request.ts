import type { IncomingMessage } from 'node:http';
import { filterHeaders, type HeaderList } from '@p-8/protocol';
import type { ClientFacts } from '../upstream/upstream.js';

/** A request as the client sent it, kept so that it can be sent again. */
export interface ClientRequest {
  readonly method: string;
  /** `http` or `https`, as the client sees it. */
  readonly scheme: 'http' | 'https';
  /** Authority: host and, where given, port. */
  readonly host: string;
  /** Path and query, percent-encoded; `*` for OPTIONS of the server itself. */
  readonly path: string;
  /** As received. */
  readonly headers: HeaderList;
  readonly facts: ClientFacts;
}

/** Frameworks that mount handlers below a path keep the whole one here. */
interface MountedRequest extends IncomingMessage {
  originalUrl?: string;
}

/** The target that the client asked for, whatever a framework has made of it. */
export function requestTarget(req: MountedRequest): string {
  return req.originalUrl ?? req.url ?? '/';
}

/** Reads what there is to know of a request from Node's. Headers are copied: an app may change its own. */
export function readClientRequest(
  req: IncomingMessage,
  target: string,
  acceptXForwardedProtocol: boolean,
): ClientRequest {
  const { method = 'GET', headers, rawHeaders, socket } = req;
  const encrypted = 'encrypted' in socket && socket.encrypted === true;
  const { authority, path } = splitTarget(target, method);
  const forwarded = headers['x-forwarded-proto'] || headers['x-forwarded-protocol'];
  const isTls = encrypted || (acceptXForwardedProtocol && (forwarded === 'https' || forwarded === 'wss'));
  return {
    method,
    scheme: isTls ? 'https' : 'http',
    host: readableHost(authority ?? headers.host),
    path,
    headers: [...rawHeaders],
    facts: { remoteAddress: socket.remoteAddress, remotePort: socket.remotePort, encrypted },
  };
}

/** The request with its body as a parser has left it: decoded, and written down again. */
export function withoutCoding(request: ClientRequest): ClientRequest {
  const describesBody = (name: string): boolean => name === 'content-encoding' || name === 'content-length';
  return { ...request, headers: filterHeaders(request.headers, (name) => !describesBody(name)) };
}

/** Links are resolved against the host, so it must be one. */
function readableHost(host: string | undefined): string {
  return host !== undefined && isHost(host) ? host : 'localhost';
}

/** The last one that {@link isHost} was asked for, and the answer: most requests have the same one. */
let lastHost = '';
let isLastHost = false;

/** Whether `host` can be the authority of an `http` URI: RFC 9110 4.2.1. */
export function isHost(host: string): boolean {
  if (host !== lastHost) {
    lastHost = host;
    isLastHost = !/[/?#@\\\s]/.test(host) && URL.canParse(`http://${host}/`);
  }
  return isLastHost;
}

/** Whether a request's target can be told to another server: a path, an absolute URI, or `*` for OPTIONS. RFC 9112 3.2. */
export function isTarget(target: string, method: string | undefined): boolean {
  if (target.startsWith('/')) return true;
  const { authority } = splitTarget(target, method);
  return authority === undefined ? target === '*' && method === 'OPTIONS' : isHost(authority);
}

/** The absolute URI of a request for `path` at `host`; that of `*` has no path: RFC 9110 7.1. */
export function targetUri(scheme: string, host: string, path: string): string {
  return path === '*' ? `${scheme}://${host}` : `${scheme}://${host}${path}`;
}

/**
 * A request target in absolute form names the host itself, and overrules the Host field; without a path it is `*` for OPTIONS.
 * RFC 9112 3.2.2, 3.2.4.
 */
function splitTarget(
  target: string,
  method: string | undefined,
): { authority: string | undefined; path: string } {
  if (target.startsWith('/')) return { authority: undefined, path: target };
  const scheme = /^https?:\/\//i.exec(target);
  if (scheme === null) return { authority: undefined, path: target === '*' ? '*' : '/' };
  const rest = target.slice(scheme[0].length);
  const end = rest.search(/[/?]/);
  if (end === -1) return { authority: rest, path: method === 'OPTIONS' ? '*' : '/' };
  const path = rest.slice(end);
  return { authority: rest.slice(0, end), path: path.startsWith('?') ? `/${path}` : path };
}

/** The name in an authority, without port, in lower case. */
export function hostName(authority: string): string {
  const end = authority.startsWith('[') ? authority.indexOf(']') + 1 : authority.indexOf(':');
  return (end > 0 ? authority.slice(0, end) : authority).toLowerCase();
}
