import type { HeaderList } from '@p-8/protocol';
import type { LimitName } from '../limits.js';
import { Timer, type TimerOwner } from '../timers.js';
import type { ClientWebSocket, ClientWebSocketOwner } from '../websocket/client-web-socket.js';
import { type MessageType, WebSocketMessage } from '../websocket/message.js';
import { nobody } from '../websocket/nobody.js';
import * as frames from './frames.js';
import { readWebSocketMessages } from './sent-messages.js';
import type { SockJsServices } from './sockjs-services.js';

/** The data of a message is not what its type says: RFC 6455 7.4.1. */
const INVALID_DATA = 1007;

/** Where a WebSocket is registered. */
export interface WebSocketRegistry {
  /** It is over. */
  forget(socket: SockJsWebSocket): void;
}

/** A WebSocket in which a client and we speak SockJS: frames in text messages. Source: the SockJS protocol. */
export class SockJsWebSocket implements ClientWebSocket, ClientWebSocketOwner, TimerOwner {
  owner: ClientWebSocketOwner = nobody;
  readonly #inner: ClientWebSocket;
  readonly #registry: WebSocketRegistry;
  readonly #services: SockJsServices;
  readonly #heartbeat = new Timer(this);
  #state: 'opening' | 'open' | 'closing' | 'left' = 'opening';

  constructor(inner: ClientWebSocket, registry: WebSocketRegistry, services: SockJsServices) {
    this.#inner = inner;
    this.#registry = registry;
    this.#services = services;
    inner.owner = this;
  }

  get gone(): boolean {
    return this.#inner.gone;
  }

  get blocked(): boolean {
    return this.#inner.blocked;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes;
  }

  get pendingCost(): number {
    return this.#inner.pendingCost;
  }

  get progress(): number {
    return this.#inner.progress;
  }

  accept(headers: HeaderList): void {
    this.#state = 'open';
    this.#inner.accept(headers);
    this.#inner.send(openMessage);
    this.#services.timers.start(this.#heartbeat, frames.HEARTBEAT_DELAY);
  }

  reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    this.#finish();
    this.#inner.reject(status, reason, headers, body);
  }

  /** Pings and pongs have no frame, and heartbeats of their own take their place. */
  send(message: WebSocketMessage): void {
    if (message.type === 'text' || message.type === 'binary') this.#inner.send(message.asSockJs);
  }

  drop(): void {
    this.#inner.drop();
  }

  close(code: number, reason: string): void {
    if (this.#state === 'left') {
      this.#finish();
    } else {
      this.#state = 'closing';
      this.#services.timers.stop(this.#heartbeat);
      this.#inner.send(textMessage(frames.closeFrame(code, reason)));
    }
    this.#inner.close(code, reason);
  }

  fail(code: number, reason: string): void {
    if (this.#state === 'open') this.#inner.send(textMessage(frames.closeFrame(code, reason)));
    this.#finish();
    this.#inner.fail(code, reason);
  }

  abort(): void {
    this.#finish();
    this.#inner.abort();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  onClientMessage(type: MessageType, content: Uint8Array): void {
    if (type === 'ping') this.#inner.send(new WebSocketMessage('pong', content));
    if (type === 'ping' || type === 'pong' || this.owner === nobody) return;
    const messages = readWebSocketMessages(content);
    if (!messages.ok) {
      this.#break(messages.message);
      return;
    }
    const { owner } = this;
    for (const message of messages.value) {
      // What comes first may make the owner cut the connection.
      if (this.owner === owner) owner.onClientMessage('text', Buffer.from(message));
    }
  }

  onClientClose(code: number | undefined, reason: string): void {
    const { owner } = this;
    if (this.#state === 'closing') this.#finish();
    else this.#state = 'left';
    owner.onClientClose(code, reason);
  }

  onClientGone(detail: string, limit?: LimitName): void {
    const { owner } = this;
    this.#finish();
    owner.onClientGone(detail, limit);
  }

  onClientBlocked(): void {
    this.owner.onClientBlocked();
  }

  onClientDrained(): void {
    this.owner.onClientDrained();
  }

  onTimer(): void {
    this.#services.timers.start(this.#heartbeat, frames.HEARTBEAT_DELAY);
    if (!this.#inner.blocked) this.#inner.send(heartbeatMessage);
  }

  /** Ends the connection since the proxy ends. */
  shutDown(code: number, reason: string): void {
    const { owner } = this;
    this.#finish();
    if (this.#state === 'opening') this.#inner.reject(503, '', [], Buffer.from('Closing.\n'));
    else this.close(code, reason);
    owner.onClientGone('the proxy is closing');
  }

  /** The client does not speak SockJS. */
  #break(detail: string): void {
    const { owner } = this;
    this.#finish();
    this.#inner.close(INVALID_DATA, detail);
    owner.onClientGone(`the client does not speak SockJS: ${detail}`);
  }

  #finish(): void {
    this.owner = nobody;
    this.#services.timers.stop(this.#heartbeat);
    this.#registry.forget(this);
  }
}

const openMessage = textMessage(frames.OPEN_FRAME);
const heartbeatMessage = textMessage(frames.HEARTBEAT_FRAME);

function textMessage(text: string): WebSocketMessage {
  return new WebSocketMessage('text', Buffer.from(text));
}
