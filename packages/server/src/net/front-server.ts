import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { CertificateStore } from './certificates.js';
import { answerClientErrors, type Linger, TIMEOUT_CHECKS } from './client-error.js';
import { continueWhenRead } from './continue-when-read.js';

/** Milliseconds for a request's head, and for the handshake of TLS before. Source: Pushpin 1.36. */
const HEAD_TIMEOUT = 30_000;

/**
 * Milliseconds for a whole request, long uploads included. Holds are not cut by it: their request has been read. Source:
 * the time after which Pushpin 1.36 gives up a client that does nothing.
 */
const REQUEST_TIMEOUT = 1_800_000;

/** Milliseconds that an idle connection stays open: longer than the minute of common load balancers, so that they close first. */
const IDLE_TIMEOUT = 65_000;

/** Milliseconds of silence before TCP asks whether the client is still there. */
const PROBE_DELAY = 60_000;

const DEFAULT_MAX_HEADER_SIZE = 16_384;

/** How a port for clients behaves. */
export interface FrontServerOptions {
  readonly maxHeaderSize?: number | undefined;
  readonly maxConnections?: number | undefined;
  /** Milliseconds for a request's head. @default 30_000 */
  readonly headTimeout?: number | undefined;
  readonly linger?: Linger | undefined;
  /** For TLS: where certificates come from, and the port that a default certificate is named after. */
  readonly tls?: { readonly certificates: CertificateStore; readonly port: number } | undefined;
}

/** Makes the HTTP or HTTPS server of a port that clients connect to; it does not listen yet. */
export function createFrontServer(listener: RequestListener, options: FrontServerOptions): Server {
  const maxHeaderSize = options.maxHeaderSize ?? DEFAULT_MAX_HEADER_SIZE;
  const headTimeout = options.headTimeout ?? HEAD_TIMEOUT;
  const settings = {
    maxHeaderSize,
    insecureHTTPParser: false,
    headersTimeout: headTimeout,
    connectionsCheckingInterval: TIMEOUT_CHECKS,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: IDLE_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_DELAY,
    noDelay: true,
  };
  const server =
    options.tls === undefined
      ? createServer(settings, listener)
      : createSecureServer({ ...settings, handshakeTimeout: headTimeout }, options.tls, listener);
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  const answers = {
    headTooLarge: { status: 431, body: `Request header size exceeded limit of ${maxHeaderSize} bytes.\n` },
    unreadable: { status: 400, body: 'Failed to parse request.\n' },
  };
  answerClientErrors(server, answers, options.linger ?? {});
  continueWhenRead(server);
  return server;
}

function createSecureServer(
  settings: ServerOptions & TlsOptions,
  { certificates, port }: NonNullable<FrontServerOptions['tls']>,
  listener: RequestListener,
): Server {
  const server = createTlsServer({ ...settings, ...certificates.tlsOptions(port) }, listener);
  certificates.serve(server, port);
  return server;
}
