import type { HeaderList } from '@p-8/protocol';
import type { LimitName } from '../limits.js';
import type { MessageType, WebSocketMessage } from './message.js';

/** A client's side of a WebSocket, whatever carries it: a real one, or one of the SockJS transports. */
export interface ClientWebSocket {
  /** Hears what the client does. Set before anything else is called. */
  owner: ClientWebSocketOwner;
  /** The client is lost, or the connection is over: nothing reaches it any more. */
  readonly gone: boolean;
  /** What was sent has not been taken yet; {@link ClientWebSocketOwner.onClientDrained} says when. */
  readonly blocked: boolean;
  /** Bytes that were sent and wait in this process. */
  readonly pendingBytes: number;
  /** Bytes that they take while they wait. */
  readonly pendingCost: number;
  /** Changes whenever the client takes something. */
  readonly progress: number;
  /** Lets the client in. `headers` are those of the response; what the handshake itself sets is not among them. */
  accept(headers: HeaderList): void;
  /** Answers the handshake with an HTTP response. To be called in place of {@link ClientWebSocket.accept}. */
  reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void;
  /** Sends a message; it is never refused, so look at {@link ClientWebSocket.pendingBytes} before. */
  send(message: WebSocketMessage): void;
  /** Drops what has been sent and not been handed to the connection. To be called before {@link ClientWebSocket.close}. */
  drop(): void;
  /**
   * Sends a Close, `code` being one that may be sent. Answers the client's own where that has come; else the owner hears of the
   * client's answer by `onClientClose`, or by `onClientGone` when there is none in time.
   */
  close(code: number, reason: string): void;
  /**
   * Sends a Close, `code` being one that may be sent, and ends the connection without waiting for an answer: RFC 6455 7.1.7. The
   * owner hears nothing more.
   */
  fail(code: number, reason: string): void;
  /** Cuts the connection without a Close. The owner hears nothing more. */
  abort(): void;
  /** Reads no more from the client; {@link ClientWebSocket.resume} goes on. */
  pause(): void;
  resume(): void;
}

/** Who is behind a {@link ClientWebSocket}. */
export interface ClientWebSocketOwner {
  onClientMessage(type: MessageType, content: Uint8Array): void;
  /** The client has sent a Close, as the first or as the answer; no message follows. */
  onClientClose(code: number | undefined, reason: string): void;
  /**
   * The connection broke, before or after it was accepted, without both sides having closed. Nothing follows. `limit`: the bound that
   * the client has reached.
   */
  onClientGone(detail: string, limit?: LimitName): void;
  /** The client does not take what was sent, from now on or still. */
  onClientBlocked(): void;
  /** After having been {@link ClientWebSocket.blocked}, the client has taken all that was sent. */
  onClientDrained(): void;
}
