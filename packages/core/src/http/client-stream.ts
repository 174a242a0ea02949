import type { ClientOwner } from './client-response.js';
import type { Flusher } from './flusher.js';
import { joinChunks, MAX_WRITE, type StreamChunk } from './stream-chunk.js';
import type { StreamClient } from './stream-client.js';

/** Who feeds a {@link ClientStream}. */
export interface StreamOwner {
  /** The client does not take what was written. */
  onStreamBlocked(): void;
  /** All that was gathered has gone out, after the client had been slow. */
  onStreamDrained(): void;
  /** After {@link ClientStream.end}: all has been handed to the connection, or the client is gone. */
  onStreamOver(): void;
}

/**
 * The body of a streaming response. A write to a socket costs several microseconds whatever its size, so what comes in
 * one turn of the loop goes out in one write; a lone chunk goes out in the same turn.
 */
export class ClientStream implements ClientOwner {
  #client: StreamClient;
  readonly #flusher: Flusher;
  readonly #direct: boolean;
  readonly #owner: StreamOwner;
  #chunks: StreamChunk[] = [];
  /** One for each chunk. */
  #marks: unknown[] = [];
  #bytes = 0;
  /** What the chunks take. */
  #cost = 0;
  #given = 0;
  #scheduled = false;
  #blocked = false;
  #ending = false;
  #ended = false;

  /** For a client that has its head. */
  constructor(client: StreamClient, flusher: Flusher, owner: StreamOwner) {
    this.#client = client;
    this.#flusher = flusher;
    this.#owner = owner;
    this.#direct = client.isDirect;
  }

  /** What is left of the client's response takes its place. */
  set client(client: StreamClient) {
    this.#client = client;
  }

  /** Bytes of content that have not been handed to the connection. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Bytes that they take. */
  get pendingCost(): number {
    return this.#cost;
  }

  /** Bytes of content that have been written, since the beginning; also those that were dropped. */
  get given(): number {
    return this.#given;
  }

  /** Bytes that have not left the process. */
  get unsent(): number {
    return this.#bytes + this.#client.unsentBytes;
  }

  /** Bytes that what the client has not taken takes here. */
  get waitingBytes(): number {
    return this.#blocked && !this.#client.gone ? this.#cost + this.#client.unsentBytes : 0;
  }

  /** The client does not take what was written. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** @param mark comes back from {@link ClientStream.drop}, if the chunk is dropped */
  write(chunk: StreamChunk, mark?: unknown): void {
    if (this.#ending || chunk.size === 0) return;
    this.#chunks.push(chunk);
    this.#marks.push(mark);
    this.#bytes += chunk.size;
    this.#cost += chunk.cost;
    this.#given += chunk.size;
    if (!this.#scheduled && !this.#blocked) {
      this.#scheduled = true;
      this.#flusher.add(this);
    }
  }

  /** Writes without waiting for the end of the turn. */
  writeNow(chunk: StreamChunk): void {
    if (chunk.size === 0) return;
    if (this.#ending || this.#blocked || this.#bytes > 0) {
      this.write(chunk);
      this.flush();
      return;
    }
    this.#given += chunk.size;
    this.#blocked = !this.#send(chunk);
    if (this.#blocked) this.#owner.onStreamBlocked();
  }

  /** Drops what has not been handed to the connection, from the last chunk back to the last one without a mark. */
  drop(): unknown[] {
    let kept = this.#marks.length;
    while (kept > 0 && this.#marks[kept - 1] !== undefined) kept--;
    for (const { size, cost } of this.#chunks.splice(kept)) {
      this.#bytes -= size;
      this.#cost -= cost;
    }
    return this.#marks.splice(kept);
  }

  /** Ends the body, once all that was written before has gone out. */
  end(): void {
    this.#ending = true;
    // Whoever fed the stream is done; a slow client may take its time for the rest.
    this.#client.owner = this;
    this.flush();
  }

  /** Writes out what was gathered. */
  flush(): void {
    this.#scheduled = false;
    if (this.#blocked) return;
    while (!this.#blocked && this.#chunks.length > 0) this.#blocked = !this.#send(this.#takeSome());
    if (this.#blocked && !this.#ending) this.#owner.onStreamBlocked();
    if (this.#blocked || !this.#ending || this.#ended) return;
    this.#ended = true;
    this.#client.end();
    this.#owner.onStreamOver();
  }

  onClientGone(): void {
    this.#chunks = [];
    this.#marks = [];
    this.#bytes = this.#cost = 0;
    this.#owner.onStreamOver();
  }

  onClientDrained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.flush();
    if (!this.#blocked && !this.#ending) this.#owner.onStreamDrained();
  }

  /** Takes out as many chunks as go into one write. */
  #takeSome(): StreamChunk {
    const chunks = this.#chunks;
    let count = 0;
    let bytes = 0;
    for (const { size } of chunks) {
      if (count > 0 && bytes + size > MAX_WRITE) break;
      bytes += size;
      count++;
    }
    if (count < chunks.length) {
      this.#marks.splice(0, count);
      const some = chunks.splice(0, count);
      this.#bytes -= bytes;
      for (const { cost } of some) this.#cost -= cost;
      return joinChunks(some);
    }
    this.#chunks = [];
    this.#marks = [];
    this.#bytes = this.#cost = 0;
    return joinChunks(chunks);
  }

  /** False: the client does not take it at once. */
  #send(chunk: StreamChunk): boolean {
    if (this.#direct) return this.#client.writeRaw(chunk.framed);
    const taken = this.#client.write(chunk.content);
    this.#client.flush();
    return taken;
  }
}
