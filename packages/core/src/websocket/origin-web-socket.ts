import type { HeaderList } from '@p-8/protocol';
import type { ClientFacts } from '../upstream/upstream.js';
import type { MessageType } from './message.js';

/** What an origin is told of a WebSocket besides its handshake. */
export interface OriginCall {
  readonly connectionId: string;
  readonly client: ClientFacts;
  /** What changes from request to request: Grip-Sig. */
  fields(): HeaderList;
}

/** The origin's side of a WebSocket, whatever carries it: events over HTTP, or a WebSocket. */
export interface OriginWebSocket {
  /** Asks the origin for the connection. */
  open(): void;
  /** It takes no more of the client's messages at the moment; {@link OriginWebSocketOwner.onOriginDrained} says when. */
  readonly blocked: boolean;
  /** Passes a client's message on. */
  send(type: MessageType, content: Uint8Array): void;
  /** Tells the origin that the client closes, or that somebody else does. Its answer comes by the owner's methods. */
  close(code: number | undefined, reason: string): void;
  /** The client is lost: the origin is told, and the owner hears nothing more. */
  disconnect(): void;
  /** Nobody waits for the origin's answer to a close any more; it still gets all that was sent. The owner hears nothing more. */
  release(): void;
  /** Has the origin asked for what it may have, where it is one that must be asked. */
  refresh(): void;
  /** The client has taken all that came from the origin: more may come. */
  resume(): void;
}

/** Who is behind an {@link OriginWebSocket}. After `onOriginUnreachable`, `-Reject`, `-Closed`, `-Failed` and `-Overloaded` nothing follows. */
export interface OriginWebSocketOwner {
  /** What came from the origin has not been taken by the client: more must wait for {@link OriginWebSocket.resume}. */
  readonly clientBlocked: boolean;
  /**
   * No connection could be made: nothing has reached the origin, and another target may be tried. `status`: what the client is
   * answered with where there is none.
   */
  onOriginUnreachable(detail: string, status: number, cause: string): void;
  /** The origin lets the client in. `headers` are those of its answer. */
  onOriginAccept(headers: HeaderList): void;
  /** The origin does not let the client in. */
  onOriginReject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void;
  onOriginMessage(type: MessageType, content: Uint8Array): void;
  /** The origin has sent a Close, as the first or as the answer. Its side may go on until the client has answered. */
  onOriginClose(code: number | undefined, reason: string): void;
  /** Both sides have closed. */
  onOriginClosed(): void;
  /** The origin did what it must not do, or is gone. */
  onOriginFailed(detail: string): void;
  /** All clients together have sent more than their origins take, and this one the most. The origin is told that the client is gone. */
  onOriginOverloaded(): void;
  onOriginDrained(): void;
  /** The origin did something that is wrong and does no harm. */
  onOriginOddity(detail: string): void;
}
