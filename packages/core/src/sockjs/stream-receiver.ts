import { ClientStream, type StreamOwner } from '../http/client-stream.js';
import type { Flusher } from '../http/flusher.js';
import { OwnChunk } from '../http/stream-chunk.js';
import type { FrameFormat } from './frame-format.js';
import { Receiver } from './receiver.js';
import type { SockJsRequest } from './sockjs-request.js';

/** Bytes of frames after which a stream ends, since browsers keep all of it. Source: the SockJS protocol. */
const RESPONSE_LIMIT = 128 * 1024;

/** A request whose response brings many frames. */
export class StreamReceiver extends Receiver implements StreamOwner {
  readonly #flusher: Flusher;
  #stream: ClientStream | undefined;
  #bytes = 0;
  #ended = false;

  constructor(request: SockJsRequest, format: FrameFormat, flusher: Flusher) {
    super(request, format);
    this.#flusher = flusher;
  }

  get blocked(): boolean {
    return this.#stream?.blocked ?? false;
  }

  get ended(): boolean {
    return this.#ended;
  }

  begin(): void {
    const { client } = this.request;
    if (!this.request.beginStream(this.format.contentType)) return;
    this.#stream = new ClientStream(client, this.#flusher, this);
    this.#stream.write(new OwnChunk(Buffer.from(this.format.prelude)));
  }

  write(frame: string): void {
    const chunk = new OwnChunk(Buffer.from(this.format.write(frame)));
    this.#stream?.write(chunk);
    // What comes in one turn has been gathered before: nothing is gained by waiting.
    this.#stream?.flush();
    this.#bytes += chunk.content.length;
    if (this.#bytes >= RESPONSE_LIMIT) this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream?.end();
    if (this.blocked) this.request.client.mustTake();
  }

  /** The client asks again after any end: then it is told. To cut the response instead would leave clients in Node waiting. */
  abort(): void {
    if (this.#stream === undefined) this.refuseLost();
    this.end();
  }

  onClientDrained(): void {
    this.#stream?.onClientDrained();
  }

  onStreamBlocked(): void {
    this.request.client.mustTake();
  }

  onStreamOver(): void {}

  onStreamDrained(): void {
    this.owner?.onReceiverDrained();
  }
}
