import type { HeaderList } from '@p-8/protocol';
import type { Flushable } from '../http/flusher.js';
import type { KeptInput } from '../input-bytes.js';
import { Timer, type TimerOwner } from '../timers.js';
import type { ClientWebSocket, ClientWebSocketOwner } from '../websocket/client-web-socket.js';
import type { WebSocketMessage } from '../websocket/message.js';
import { nobody } from '../websocket/nobody.js';
import { FrameQueue } from './frame-queue.js';
import * as frames from './frames.js';
import type { Receiver, ReceiverOwner } from './receiver.js';
import { SendQueue } from './send-queue.js';
import type { SendRequest } from './send-request.js';
import type { SockJsServices } from './sockjs-services.js';

/** Milliseconds that a session lives without a receiver, and that its end is remembered. Source: the SockJS protocol. */
const DISCONNECT_DELAY = 5000;

/** Bytes of messages that do not wait for the end of the turn. */
const FLUSH_BYTES = 64 * 1024;

/** Where a session is registered. */
export interface SessionRegistry {
  /** The session is over, and its id is free. */
  forget(session: SockJsSession): void;
}

/**
 * `opening`: the origin has not let the client in. `open`: both sides talk. `closing`: the owner has closed, the client does
 * not know yet. `left`: the client has closed, the owner has not answered yet. `over`: late requests are told how it ended.
 */
type State = 'opening' | 'open' | 'closing' | 'left' | 'over';

/**
 * A WebSocket that is carried by HTTP requests of a client: one after the other waits for messages, others bring some. What
 * is sent to the client in one turn of the loop goes out in one frame. Source: the SockJS protocol.
 */
export class SockJsSession implements ClientWebSocket, ReceiverOwner, TimerOwner, Flushable, KeptInput {
  /** By which the client's requests name the session. */
  readonly id: string;
  owner: ClientWebSocketOwner = nobody;
  readonly #registry: SessionRegistry;
  readonly #services: SockJsServices;
  /** For heartbeats while there is a receiver, else for the end. */
  readonly #timer = new Timer(this);
  #state: State = 'opening';
  #receiver: Receiver | undefined;
  readonly #queue = new FrameQueue();
  readonly #sends: SendQueue;
  #scheduled = false;
  /** Requests for frames that have come. */
  #received = 0;
  #wasBlocked = false;
  #close = { code: 0, reason: '' };
  /** What receivers are told after the end; undefined: that there is no such session any more. */
  #lastFrame: string | undefined;

  /** `receiver`: the request by which the client begins the session. */
  constructor(id: string, receiver: Receiver, registry: SessionRegistry, services: SockJsServices) {
    this.id = id;
    this.#registry = registry;
    this.#services = services;
    this.#sends = new SendQueue(services.maxMessageBytes);
    this.#receiver = receiver;
    receiver.owner = this;
  }

  get gone(): boolean {
    return this.#state === 'over';
  }

  get blocked(): boolean {
    return this.#receiver === undefined ? !this.#queue.isEmpty : this.#receiver.blocked;
  }

  get pendingBytes(): number {
    return this.#queue.bytes;
  }

  get pendingCost(): number {
    return this.#queue.cost;
  }

  get progress(): number {
    // Each request of a client that polls is a connection's or a place on one: to have come is progress.
    return this.#receiver === undefined ? this.#received : this.#received + this.#receiver.progress;
  }

  accept(_headers: HeaderList): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#receiver?.begin();
    this.#services.timers.start(this.#timer, frames.HEARTBEAT_DELAY);
    this.#write(frames.OPEN_FRAME);
  }

  reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.#state !== 'opening') return;
    const receiver = this.#takeReceiver();
    // With this status, clients would read the body as frames, and ask again without end.
    if (status === 200) receiver?.refuse(502, 'The origin did not answer as a WebSocket.');
    else receiver?.relay(status, reason, headers, body);
    this.#forget();
  }

  /** Pings and pongs have no frame: a client neither sees them nor answers. */
  send(message: WebSocketMessage): void {
    if (this.#state !== 'open' || message.type === 'ping' || message.type === 'pong') return;
    this.#queue.add(message);
    if (this.blocked) this.#wasBlocked = true;
    else if (this.#queue.bytes >= FLUSH_BYTES) this.flush();
    else this.#schedule();
  }

  drop(): void {
    if (this.#state === 'open') this.#queue.clear();
  }

  /** There is nothing that a client answers a close with: to have been told is answer enough. */
  close(code: number, reason: string): void {
    if (this.#state === 'left') this.#state = 'over';
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#close = { code, reason };
    this.#lastFrame = frames.closeFrame(code, reason);
    this.#schedule();
  }

  /** The client is told as soon as it can be. */
  fail(code: number, reason: string): void {
    this.owner = nobody;
    this.close(code, reason);
  }

  abort(): void {
    if (this.#state === 'left') this.#state = 'over';
    if (this.#state === 'over') return;
    const receiver = this.#takeReceiver();
    this.#end('over', undefined);
    receiver?.abort();
  }

  pause(): void {
    this.#sends.paused = true;
  }

  resume(): void {
    this.#sends.paused = false;
    if (this.#sends.blocked) this.#schedule();
  }

  /** The client asks for frames. */
  receive(receiver: Receiver): void {
    this.#received++;
    if (this.#state === 'left' || this.#state === 'over') {
      if (this.#lastFrame === undefined) receiver.refuseLost();
      else receiver.writeLast(this.#lastFrame);
    } else if (this.#receiver !== undefined) {
      receiver.writeLast(frames.BUSY_FRAME);
    } else {
      receiver.owner = this;
      this.#receiver = receiver;
      this.#services.timers.start(this.#timer, frames.HEARTBEAT_DELAY);
      receiver.begin();
      this.flush();
    }
  }

  /** The client sends messages. */
  take(send: SendRequest): void {
    if (this.#state === 'opening') send.refuse(404, 'Session not found');
    else if (this.#state !== 'open' || !this.#sends.blocked) this.#passOn(send);
    else if (!this.#sends.add(send)) send.refuse(400, 'Already sending');
    else this.#services.input.update(this, this.#sends.bytes);
  }

  /** What waits for the origin is too much. */
  shedInput(): void {
    for (const send of this.#sends.clear()) send.refuse(503, 'Too many bytes wait.');
  }

  onReceiverGone(receiver: Receiver): void {
    if (receiver !== this.#receiver) return;
    this.#receiver = undefined;
    if (this.#state === 'opening') {
      this.#forget();
      this.owner.onClientGone('the client left before it was let in');
    } else if (this.#state === 'open') {
      // A client has no other way to close than to leave.
      this.#end('left', frames.INTERRUPTED_FRAME);
      this.owner.onClientClose(undefined, '');
    } else {
      this.#end('over', this.#lastFrame);
      this.owner.onClientGone('the client left');
    }
  }

  onReceiverDrained(): void {
    this.flush();
  }

  onTimer(): void {
    if (this.#state === 'left' || this.#state === 'over') {
      this.#forget();
    } else if (this.#receiver === undefined) {
      this.#forget();
      this.owner.onClientGone('the client did not come back for messages');
    } else {
      this.#services.timers.start(this.#timer, frames.HEARTBEAT_DELAY);
      if (!this.#receiver.blocked) this.#write(frames.HEARTBEAT_FRAME);
    }
  }

  /** Passes on what waits, in both directions. */
  flush(): void {
    this.#scheduled = false;
    for (let send = this.#sends.next(); send !== undefined; send = this.#sends.next()) this.#passOn(send);
    this.#services.input.update(this, this.#sends.bytes);
    const isClosing = this.#state === 'closing';
    if (!this.#queue.isEmpty && this.#receiver !== undefined && (isClosing || !this.blocked)) {
      this.#write(this.#queue.take());
    }
    if (isClosing && this.#queue.isEmpty) this.#sayClose();
    if (this.blocked) {
      this.#wasBlocked = true;
    } else if (this.#wasBlocked) {
      this.#wasBlocked = false;
      this.owner.onClientDrained();
    }
  }

  /** Ends the session since the proxy ends; a client that waits is told. */
  shutDown(code: number, reason: string): void {
    const { owner } = this;
    const knowsAlready = this.#state === 'left' || this.#state === 'over';
    this.owner = nobody;
    if (this.#state === 'opening') this.#takeReceiver()?.refuse(503, 'Closing.');
    this.close(code, reason);
    this.flush();
    this.#forget();
    if (!knowsAlready) owner.onClientGone('the proxy is closing');
  }

  #write(frame: string): void {
    const receiver = this.#receiver;
    if (receiver === undefined || receiver.gone) return;
    receiver.write(frame);
    if (!receiver.ended) return;
    this.#receiver = undefined;
    this.#services.timers.start(this.#timer, DISCONNECT_DELAY);
  }

  #sayClose(): void {
    const receiver = this.#takeReceiver();
    if (receiver === undefined || this.#lastFrame === undefined) return;
    receiver.write(this.#lastFrame);
    receiver.end();
    this.#end('over', this.#lastFrame);
    this.owner.onClientClose(this.#close.code, this.#close.reason);
  }

  #passOn(send: SendRequest): void {
    if (this.#state !== 'open') {
      this.#drop(send);
      return;
    }
    try {
      for (const message of send.messages) {
        if (this.#state === 'open') this.owner.onClientMessage('text', Buffer.from(message));
      }
    } catch (error) {
      this.#services.onError(error);
    }
    send.confirm();
  }

  /** It came too late. The client learns how the session ended by its receiver: an error here could come before that. */
  #drop(send: SendRequest): void {
    if (this.#lastFrame === undefined) send.refuse(410, 'Session terminated');
    else send.confirm();
  }

  #takeReceiver(): Receiver | undefined {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    return receiver;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#services.flusher.add(this);
  }

  /** Nothing is passed on any more; for a while, late requests are told why. */
  #end(state: 'left' | 'over', lastFrame: string | undefined): void {
    this.#state = state;
    this.#lastFrame = lastFrame;
    this.#wasBlocked = false;
    this.#queue.clear();
    for (const send of this.#sends.clear()) this.#drop(send);
    this.#services.input.remove(this);
    this.#services.timers.start(this.#timer, DISCONNECT_DELAY);
  }

  #forget(): void {
    this.#end('over', undefined);
    this.#services.timers.stop(this.#timer);
    this.#registry.forget(this);
  }
}
