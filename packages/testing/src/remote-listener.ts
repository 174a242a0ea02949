import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import { filterHeaders, isHopByHop } from '@p-8/protocol';

/** Passes requests on to the server at `target`, unchanged. `note` hears why one failed. */
export function remoteListener(target: string, note: (text: string) => void): RequestListener {
  const { request } = target.startsWith('https:') ? https : http;
  return (req, res) => {
    // As for a proxy that asks there itself: the server is not reached, or the connection breaks.
    const fail = (error: Error): void => {
      if (req.socket.destroyed) return;
      note(`${target}: ${error.message}`);
      req.socket.destroy(error);
    };
    const { method, url, rawHeaders } = req;
    const headers = [...carried(rawHeaders), 'Connection', 'close'];
    const asked = request(target, { method, path: url, headers, agent: false });
    asked.on('error', fail);
    asked.on('response', (response) => {
      res.writeHead(response.statusCode ?? 502, response.statusMessage, carried(response.rawHeaders));
      pipeline(response, res, (error) => error && fail(error));
    });
    res.once('close', () => asked.destroy());
    req.pipe(asked);
  };
}

/** The fields that pass, with the framing, which stays. */
function carried(headers: readonly string[]): string[] {
  return filterHeaders(headers, (name) => name === 'transfer-encoding' || !isHopByHop(name));
}
