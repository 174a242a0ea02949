import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { OPCODES, readFrames, writeFrame } from '../support/ws-frames.js';
import { messagesOf, type WsMessage } from '../support/ws-messages.js';
import type { Activity } from './activity.js';
import type { WebSocketScript } from './answer.js';
import type { Field } from './field.js';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The origin's end of a WebSocket that the proxy opened to it. */
export class OriginWebSocket {
  readonly #socket: Socket;
  readonly #script: WebSocketScript;
  readonly #activity: Activity;
  #received: Buffer = Buffer.alloc(0);
  #answeredClose = false;
  #closed = false;

  constructor(socket: Socket, script: WebSocketScript, activity: Activity) {
    this.#socket = socket;
    this.#script = script;
    this.#activity = activity;
    socket.on('data', (bytes) => this.#take(bytes));
    // Node's server leaves it to whoever upgrades to end its own side
    socket.on('end', () => socket.end());
    // a reset is an outcome, not a failure of the suite
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      activity.changed();
    });
  }

  /** What the proxy has sent. */
  get messages(): WsMessage[] {
    return messagesOf(readFrames(this.#received).frames, true);
  }

  /** The connection is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Answers the handshake. `early`: what came after it at once. */
  accept(key: string, headers: readonly Field[], early: Buffer): void {
    const digest = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    const fields = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', digest],
    ];
    const lines = [...fields, ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
    this.#take(early);
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
    // who closes first need not answer the other's Close
    if (readFrames(Buffer.from(bytes)).frames.some(({ opcode }) => opcode === OPCODES.close)) {
      this.#answeredClose = true;
      this.#endAfterClose();
    }
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    const close = this.messages.find(({ type }) => type === 'close');
    if (close !== undefined && !this.#answeredClose) {
      this.#answeredClose = true;
      this.#socket.write(this.#script.onClose ?? writeFrame(OPCODES.close, close.content));
    }
    this.#endAfterClose();
    this.#activity.changed();
  }

  /** RFC 6455, section 7.1.1: the server is the first to end the connection, after both Closes. */
  #endAfterClose(): void {
    const gotClose = this.messages.some(({ type }) => type === 'close');
    if (gotClose && this.#answeredClose) this.#socket.end();
  }
}
