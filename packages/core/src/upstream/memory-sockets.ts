import { Duplex } from 'node:stream';

/**
 * The two ends of a connection in memory, for HTTP clients and for Node's HTTP server (`server.emit('connection', end)`): no port,
 * and real HTTP on it.
 */
export function memorySockets(): [client: Duplex, server: Duplex] {
  const client = new MemorySocket();
  const server = new MemorySocket();
  client.other = server;
  server.other = client;
  // The ends do not notice when the other one is gone; the client's hears why.
  client.once('close', () => server.destroy());
  server.once('close', () => client.destroy(server.errored ?? undefined));
  return [client, server];
}

type Written = (error?: Error | null) => void;

/** As the sides of Node's `duplexPair`, one of which takes the other along from Node 26 on, and does not say why. */
class MemorySocket extends Duplex {
  other: MemorySocket | undefined;
  /** The other end waits until what it has written is asked for. */
  #onRead: Written | undefined;

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Written): void {
    // As on any connection, nothing comes of it, nor an answer, before the call returns that has sent it.
    if (chunk.length === 0) process.nextTick(written);
    else process.nextTick(receive, this, chunk, written);
  }

  override _final(done: Written): void {
    this.other?.once('end', done).push(null);
  }

  /** Takes what the other end has sent. */
  receive(chunk: Buffer, onRead: Written): void {
    // Before the push, which may ask for more at once.
    this.#onRead = onRead;
    this.push(chunk);
  }

  // What is called on sockets.

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function receive({ other }: MemorySocket, chunk: Buffer, written: Written): void {
  if (other === undefined || other.destroyed) written();
  else other.receive(chunk, written);
}
