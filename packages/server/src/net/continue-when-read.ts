import type { Server } from 'node:http';

/**
 * Lets a client that asks before it sends a body (`Expect: 100-continue`) do so when the body is wanted, and not before: a request
 * that is refused, or whose origin cannot be reached, is answered without it. RFC 9110 10.1.1.
 */
export function continueWhenRead(server: Server): void {
  server.on('checkContinue', (req, res) => {
    const { _read } = req;
    const { shouldKeepAlive } = res;
    // A client that is refused may send the body or another request: the connection must end.
    res.shouldKeepAlive = false;
    const goOn = (): void => {
      // Who begins to listen may stop at once.
      if (req.readableFlowing === false) return;
      req.off('resume', goOn);
      req._read = _read;
      if (res.headersSent) return;
      res.shouldKeepAlive = shouldKeepAlive;
      res.writeContinue();
    };
    req.on('resume', goOn);
    req._read = (size) => {
      goOn();
      _read.call(req, size);
    };
    server.emit('request', req, res);
  });
}
