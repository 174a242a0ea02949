import { OPCODES, readFrames, writeFrame } from '../support/ws-frames.js';
import { messagesOf, type WsMessage } from '../support/ws-messages.js';
import type { Field } from './field.js';
import type { RawClient } from './raw-client.js';

/** The same in every scenario, so that origins see the same: the example of RFC 6455, section 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The request that opens a WebSocket. `headers` follow those that belong to every handshake. */
export function handshake(target: string, headers: readonly Field[] = [], host = 'example.com'): string {
  const fields: Field[] = [
    ['Host', host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Version', '13'],
    ...headers,
  ];
  return `GET ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** A WebSocket client on a bare socket: sends frames of any form, and keeps what comes. Answers nothing but a Close. */
export class WsClient {
  readonly #raw: RawClient;
  /** Whether a Close has been sent, or is not to be. */
  #closeSent: boolean;

  constructor(raw: RawClient, answersClose: boolean) {
    this.#raw = raw;
    this.#closeSent = !answersClose;
    raw.onBytes(() => this.#answerClose());
  }

  /** Whether the handshake was answered with 101. */
  get opened(): boolean {
    return this.#raw.replies[0]?.status === 101;
  }

  /** What came after the handshake. */
  get messages(): WsMessage[] {
    const [accept] = this.#raw.replies;
    return accept?.status === 101 ? messagesOf(readFrames(accept.body).frames, false) : [];
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#raw.send(bytes, []);
  }

  /** Sends a Close with any payload. */
  close(payload: Uint8Array): void {
    this.#closeSent = true;
    this.send(writeFrame(OPCODES.close, payload, { mask: true }));
  }

  #answerClose(): void {
    if (this.#closeSent) return;
    const close = this.messages.find(({ type }) => type === 'close');
    if (close !== undefined) this.close(close.content);
  }
}
