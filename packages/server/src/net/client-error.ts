import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { unanswered } from '@p-8/core';
import { errorCode } from '../error-text.js';

/** What a client is told whose request could not be read. */
export interface ClientErrorAnswers {
  /** The head was larger than the server takes. */
  readonly headTooLarge: ClientErrorAnswer;
  /** The request is no HTTP. */
  readonly unreadable: ClientErrorAnswer;
}

export interface ClientErrorAnswer {
  readonly status: number;
  readonly body: string;
}

const TIMED_OUT: ClientErrorAnswer = { status: 408, body: 'Request took too long.\n' };

/** Milliseconds between two looks of a server for requests that take too long: Node's own would be 30 seconds apart. */
export const TIMEOUT_CHECKS = 1000;

/** How long, and how much, is read of a client that has been refused: `lingerTimeout` and `lingerBytes` of the proxy. */
export interface Linger {
  /** Milliseconds. @default 10_000 */
  readonly timeout?: number | undefined;
  /** @default 67_108_864 */
  readonly bytes?: number | undefined;
}

/**
 * Answers requests that Node's parser refuses, and closes their connections. A connection on which a response is under way
 * is only closed: an answer would land in the middle of that response.
 */
export function answerClientErrors(server: Server, answers: ClientErrorAnswers, linger: Linger): void {
  server.on('clientError', (error, socket) => {
    // Answered already; more of the same request comes in.
    if (socket.writableEnded) return;
    const code = errorCode(error);
    if (code === 'ECONNRESET' || !socket.writable || unanswered(socket) !== undefined) {
      socket.destroy();
      return;
    }
    if (code === 'HPE_HEADER_OVERFLOW') send(socket, answers.headTooLarge, linger);
    else send(socket, code === 'ERR_HTTP_REQUEST_TIMEOUT' ? TIMED_OUT : answers.unreadable, linger);
  });
}

/** Answers CONNECT, which a server that nobody listens to for it closes the connection on. */
export function refuseConnect(server: Server, linger: Linger): void {
  server.on('connect', (_req, socket) => {
    socket.on('error', () => {});
    if (unanswered(socket) !== undefined) socket.destroy();
    else send(socket, { status: 501, body: 'Method not implemented: CONNECT.\n' }, linger);
  });
}

function send(socket: Duplex, { status, body }: ClientErrorAnswer, linger: Linger): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  drop(socket, linger);
}

/**
 * Reads what still comes, for a while, and parses none of it. To close at once, with bytes unread, would reset the connection, and
 * the client would never see its answer: RFC 9112 9.6.
 */
function drop(socket: Duplex, { timeout = 10_000, bytes: max = 67_108_864 }: Linger): void {
  let bytes = 0;
  const readers = socket.listeners('data') as ((chunk: Buffer) => void)[];
  // Who listens to `data` makes Node's parser give the connection back.
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > max) socket.destroy();
  });
  for (const reader of readers) socket.removeListener('data', reader);
  const timer = setTimeout(() => socket.destroy(), timeout).unref();
  socket.once('close', () => clearTimeout(timer));
}
