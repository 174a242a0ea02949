import type { Socket } from 'node:net';

/** Notes what a connection gives to the system from now on: each call, and in it each piece. */
export function notePieces(socket: Socket): string[][] {
  const calls: string[][] = [];
  const { _write: write, _writev: writev } = socket;
  socket._write = function (chunk, ...rest) {
    calls.push([String(chunk)]);
    return write.call(this, chunk, ...rest);
  };
  socket._writev = function (chunks, ...rest) {
    calls.push(chunks.map(({ chunk }) => String(chunk)));
    return writev?.call(this, chunks, ...rest);
  };
  return calls;
}
