import { createServer, type RequestListener, type Server } from 'node:http';
import { answerClientErrors, type Linger, refuseConnect, TIMEOUT_CHECKS } from './client-error.js';
import { continueWhenRead } from './continue-when-read.js';

/** Milliseconds for a publisher's whole request. */
const REQUEST_TIMEOUT = 60_000;

const DEFAULT_MAX_HEADER_SIZE = 10_000;

/** Makes the HTTP server of the control API; it does not listen yet. Its texts are those of Pushpin 1.36. */
export function createControlServer(
  listener: RequestListener,
  maxHeaderSize: number | undefined,
  linger: Linger,
): Server {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderSize ?? DEFAULT_MAX_HEADER_SIZE,
      insecureHTTPParser: false,
      // Publishers in the field speak HTTP/1.0 and may leave Host out.
      requireHostHeader: false,
      requestTimeout: REQUEST_TIMEOUT,
      headersTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: TIMEOUT_CHECKS,
    },
    (req, res) => {
      if (req.httpVersionMajor === 1) listener(req, res);
      else res.writeHead(505, { 'Content-Type': 'text/plain' }).end('HTTP version not supported.\n');
    },
  );
  const answers = {
    headTooLarge: { status: 400, body: 'Request header too large.\n' },
    unreadable: { status: 400, body: 'Failed to parse request header.\n' },
  };
  answerClientErrors(server, answers, linger);
  refuseConnect(server, linger);
  continueWhenRead(server);
  return server;
}
