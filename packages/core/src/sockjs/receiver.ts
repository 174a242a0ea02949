import type { HeaderList } from '@p-8/protocol';
import type { ClientOwner } from '../http/client-response.js';
import type { FrameFormat } from './frame-format.js';
import type { SockJsRequest } from './sockjs-request.js';

/** Who hears what becomes of a {@link Receiver}. */
export interface ReceiverOwner {
  /** The client has left before the response was complete. */
  onReceiverGone(receiver: Receiver): void;
  /** After having been {@link Receiver.blocked}, the client has taken all frames. */
  onReceiverDrained(): void;
}

/** A request that waits for frames. */
export abstract class Receiver implements ClientOwner {
  owner: ReceiverOwner | undefined;
  protected readonly request: SockJsRequest;
  protected readonly format: FrameFormat;

  constructor(request: SockJsRequest, format: FrameFormat) {
    this.request = request;
    this.format = format;
    request.client.owner = this;
    request.client.hold();
  }

  /** The client does not take what was written. */
  abstract readonly blocked: boolean;
  /** The response is whole: the next frame needs another request. */
  abstract readonly ended: boolean;
  /** Frames may come now. Called once, and before {@link Receiver.write}. */
  abstract begin(): void;
  abstract write(frame: string): void;
  abstract end(): void;
  /** The session has broken off: no frame follows. */
  abstract abort(): void;
  abstract onClientDrained(): void;
  /** The client has left; the owner will hear of it, if it has not yet. */
  get gone(): boolean {
    return this.request.client.gone;
  }

  /** Changes whenever the client takes something. */
  get progress(): number {
    return this.request.client.progress;
  }

  /** Sends one frame, and no more. */
  writeLast(frame: string): void {
    this.begin();
    this.write(frame);
    this.end();
  }

  /** Answers as the origin has answered the handshake, in place of frames. */
  relay(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    this.request.relay(status, reason, headers, body);
  }

  /** Answers with a line of text, in place of frames. */
  refuse(status: number, message: string): void {
    this.request.refuse(status, message);
  }

  /** Says that the session has broken off, in place of frames. */
  refuseLost(): void {
    this.refuse(410, 'Session terminated');
  }

  onClientGone(): void {
    this.owner?.onReceiverGone(this);
  }
}
