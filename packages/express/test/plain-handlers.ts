import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { RequestHandler } from 'express';

/** Handlers of plain responses, and what their bytes must have in them if the test is to mean anything. */
export const plainHandlers: Record<string, [RequestHandler, RegExp]> = {
  'res.send': [(_req, res) => void res.send('text'), /Content-Length: 4[\s\S]*ETag/],
  'res.json': [(_req, res) => void res.json({ a: 1 }), /Content-Length: 7/],
  'res.sendStatus': [(_req, res) => void res.sendStatus(404), /404 Not Found/],
  'res.redirect': [(_req, res) => void res.redirect('/elsewhere'), /302 Found[\s\S]*Location/],
  "res.end('x')": [(_req, res) => void res.end('x'), /Content-Length: 1\r/],
  'res.end(buffer)': [(_req, res) => void res.end(Buffer.from('é')), /Content-Length: 2\r/],
  'res.end with an encoding': [(_req, res) => void res.end('eA==', 'base64'), /Content-Length: 1\r/],
  'res.end()': [(_req, res) => void res.end(), /Content-Length: 0\r/],
  'res.end(callback)': [(_req, res) => void res.end(() => {}), /Content-Length: 0\r/],
  "res.end('')": [(_req, res) => void res.end(''), /Content-Length: 0\r/],
  'res.end after removing Content-Length': [
    (_req, res) => {
      res.removeHeader('Content-Length');
      res.end('x');
    },
    /Transfer-Encoding: chunked/,
  ],
  'res.status(204).end()': [(_req, res) => void res.status(204).end(), /204 No Content/],
  'res.status(304).end()': [(_req, res) => void res.status(304).end(), /304 Not Modified/],
  'writeHead and end': [
    (_req, res) => void res.writeHead(201, 'Made', { 'X-A': ['1', '2'] }).end('x'),
    /201 Made/,
  ],
  'writeHead with a flat array': [
    (_req, res) => void res.writeHead(200, ['X-A', '1', 'X-B', '2']).end('x'),
    /X-A: 1\r\nX-B: 2/,
  ],
  'write and end': [
    (_req, res) => {
      res.write('a');
      res.end('b');
    },
    /Transfer-Encoding: chunked[\s\S]*1\r\na\r\n1\r\nb\r\n0\r\n\r\n/,
  ],
  'flushHeaders, write and end': [
    async (_req, res) => {
      res.flushHeaders();
      await setImmediate();
      res.write('a');
      res.end();
    },
    /Transfer-Encoding: chunked/,
  ],
  'Content-Length set by the app': [
    (_req, res) => {
      res.set('Content-Length', '2');
      res.write('a');
      res.end('b');
    },
    /Content-Length: 2\r[\s\S]*ab/,
  ],
  'Content-Length and bytes of all values': [
    (_req, res) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      res.setHeader('Content-Length', bytes.length).end(bytes);
    },
    /Content-Length: 256\r/,
  ],
  'Content-Length, an encoding and a callback': [
    (_req, res) => {
      res.setHeader('Content-Length', 3).end('616263', 'hex', () => {});
    },
    /Content-Length: 3\r[\s\S]*abc/,
  ],
  'Content-Length, and fields and text that are not ASCII': [
    (_req, res) => void res.setHeader('X-A', 'é').setHeader('Content-Length', 5).end('é€'),
    /Content-Length: 5\r/,
  ],
  'Content-Length of more than is put into one piece': [
    (_req, res) => void res.setHeader('Content-Length', 20_000).end('x'.repeat(20_000)),
    /Content-Length: 20000\r[\s\S]*x{20000}/,
  ],
  'Content-Length and Transfer-Encoding': [
    (_req, res) => {
      res.setHeader('Transfer-Encoding', 'chunked').setHeader('Content-Length', 1).end('x');
    },
    /Transfer-Encoding: chunked/,
  ],
  'early hints': [
    (_req, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      res.end('x');
    },
    /103 Early Hints[\s\S]*200 OK/,
  ],
  trailers: [
    (req, res) => {
      if (req.method === 'HEAD') return res.end();
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('a');
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    },
    /0\r\nX-Sum: 1\r\n\r\n/,
  ],
  'stream.pipe': [(_req, res) => void Readable.from(['a', 'b']).pipe(res), /chunked/],
  'stream.pipeline': [(_req, res) => pipeline(Readable.from(['a', 'b']), res), /chunked/],
  'cork, write, end': [
    (_req, res) => {
      res.cork();
      res.write('a');
      res.write('b');
      res.end();
    },
    /chunked/,
  ],
  'server-sent events': [
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
      for (let count = 0; count < 3; count++) {
        res.write(`data: ${count}\n\n`);
        await setImmediate();
      }
      res.end();
    },
    /data: 2/,
  ],
  'a thrown error': [
    () => {
      throw Object.assign(new Error('boom'), { stack: 'boom, at a line' });
    },
    /500 Internal Server Error[\s\S]*boom, at a line/,
  ],
  'text that compression leaves alone': [
    (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.end('short');
    },
    /short/,
  ],
  'text that compression takes': [
    (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.end('long'.repeat(1000));
    },
    /200 OK/,
  ],
};
