import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logger.js';

/** Refuses requests of other versions than HTTP/1.0 and 1.1: RFC 9110 15.6.6. */
export class VersionGuard {
  readonly #logger: Logger;
  #isHttp2Noted = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** False: the request has been answered. */
  admits(req: IncomingMessage, res: ServerResponse): boolean {
    const { httpVersionMajor: major } = req;
    // A request that a test makes up may name no version.
    if (major !== 0 && !(major > 1)) return true;
    this.#refuse(req, res);
    return false;
  }

  /** By Node's own methods, which the compatibility API of HTTP/2 has too. */
  #refuse(req: IncomingMessage, res: ServerResponse): void {
    const text = `HTTP version not supported: ${req.httpVersion}. Use HTTP/1.1.\n`;
    if (!isHttp2(req)) {
      this.#logger.info(
        { url: req.url, version: req.httpVersion, status: 505 },
        'HTTP version not supported',
      );
    } else if (!this.#isHttp2Noted) {
      this.#isHttp2Noted = true;
      this.#logger.warn({ status: 505 }, 'HTTP/2 is not supported yet: its requests are refused');
    }
    res.writeHead(505, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) });
    res.end(text);
  }
}

/** Whether a request is one of `node:http2`: others may bear the version in their text. */
export function isHttp2(req: IncomingMessage): boolean {
  return 'stream' in req;
}
