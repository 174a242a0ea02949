import { EventEmitter, once } from 'node:events';
import type { Duplex } from 'node:stream';
import { settle } from './eventually.js';
import { closePayload, type Frame, type FrameShape, OPCODES, readFrames, writeFrame } from './ws-frames.js';
import { messagesOf, type WsMessage } from './ws-messages.js';

/** Milliseconds after which a system that is busy with other things would have moved some bytes, if there were a way. */
const STALL = 20;

/**
 * One end of a WebSocket in the hands of a test: writes frames of any form, answers nothing by itself unless it is told to,
 * and keeps what comes.
 */
export class WsEnd {
  readonly socket: Duplex;
  /** The frames that have come. */
  readonly frames: Frame[] = [];
  /** How the connection ended; undefined: it is open. */
  ending: 'ended' | 'reset' | undefined;
  /** Whether a Close is answered with the same, and the connection ended then. */
  answersClose = false;
  /** Whether a Ping is answered. */
  answersPing = false;
  readonly #isClient: boolean;
  #rest: Buffer = Buffer.alloc(0);
  /** The messages of the frames before `#settled`, where none was open. */
  readonly #messages: WsMessage[] = [];
  readonly #words: string[] = [];
  #settled = 0;
  #taken = 0;
  readonly #news = new EventEmitter().setMaxListeners(0);

  constructor(socket: Duplex, isClient: boolean) {
    this.socket = socket;
    this.#isClient = isClient;
    const over = (ending: 'ended' | 'reset'): void => {
      this.ending ??= ending;
      this.#news.emit('news');
    };
    socket.on('end', () => {
      over('ended');
      socket.end();
    });
    socket.on('error', () => over('reset'));
    socket.on('close', () => over('ended'));
  }

  /** The messages that have come, fragments put together. */
  get messages(): readonly WsMessage[] {
    const open = this.#settle();
    return open.length === 0 ? this.#messages : [...this.#messages, ...open];
  }

  /** The messages that have come, in words: `text hello`, `binary 00ff`, `close 1000 bye`. */
  get received(): string[] {
    const open = this.#settle();
    return [...this.#words, ...open.map(showMessage)];
  }

  text(content: string | Uint8Array): void {
    this.frame(OPCODES.text, content);
  }

  binary(content: string | Uint8Array): void {
    this.frame(OPCODES.binary, content);
  }

  ping(content: string | Uint8Array = ''): void {
    this.frame(OPCODES.ping, content);
  }

  pong(content: string | Uint8Array = ''): void {
    this.frame(OPCODES.pong, content);
  }

  close(code?: number, reason: string | Uint8Array = ''): void {
    this.frame(OPCODES.close, closePayload(code, reason));
  }

  /** Writes a frame, masked as this end has to, unless `shape` says otherwise. */
  frame(opcode: number, payload: string | Uint8Array = '', shape: FrameShape = {}): void {
    this.write(writeFrame(opcode, payload, { mask: this.#isClient, ...shape }));
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits for the next message, and gives it in words. */
  async next(): Promise<string> {
    await this.#until(() => this.messages.length > this.#taken, `message ${this.#taken}`);
    const message = this.messages[this.#taken++];
    return message === undefined ? '' : showMessage(message);
  }

  /** Waits until so many messages have come, and gives all. */
  async count(messages: number): Promise<readonly WsMessage[]> {
    await this.#until(() => this.messages.length >= messages, `${messages} messages`);
    return this.messages;
  }

  /** Waits until a message has come that reads so in words. */
  async sees(message: string): Promise<void> {
    await this.#until(() => this.received.includes(message), message);
  }

  /** Waits until the other end has closed the connection, and tells how. */
  async closed(): Promise<'ended' | 'reset'> {
    while (this.ending === undefined) await once(this.#news, 'news');
    return this.ending;
  }

  /** Waits until some of what was written stays here, since the other side does not read it. */
  async stalled(): Promise<void> {
    for (let left = 0; left === 0 || left !== this.socket.writableLength; ) {
      left = this.socket.writableLength;
      const end = Date.now() + STALL;
      while (Date.now() < end) await settle();
    }
  }

  /** Leaves without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Takes bytes that have come. */
  feed(bytes: Buffer): void {
    const { frames, rest } = readFrames(this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]));
    this.#rest = rest;
    this.frames.push(...frames);
    const pings = this.answersPing ? frames.filter(({ opcode }) => opcode === OPCODES.ping) : [];
    const mask = this.#isClient;
    if (pings.length > 0)
      this.write(Buffer.concat(pings.map(({ payload }) => writeFrame(OPCODES.pong, payload, { mask }))));
    const close = this.answersClose ? frames.find(({ opcode }) => opcode === OPCODES.close) : undefined;
    if (close !== undefined) {
      this.frame(OPCODES.close, close.payload);
      this.socket.end();
    }
    this.#news.emit('news');
  }

  /** Puts together what can be, once for all; gives the control messages that came within a message that is not whole yet. */
  #settle(): WsMessage[] {
    if (this.#messages.at(-1)?.type === 'broken') return [];
    let end = this.#settled;
    for (let i = end, isOpen = false; i < this.frames.length; i++) {
      const { opcode = 0, fin = true } = this.frames[i] ?? {};
      if (opcode < OPCODES.close) isOpen = !fin;
      if (!isOpen) end = i + 1;
    }
    for (const message of messagesOf(this.frames.slice(this.#settled, end), !this.#isClient)) {
      this.#messages.push(message);
      this.#words.push(showMessage(message));
    }
    this.#settled = end;
    return messagesOf(this.frames.slice(end), !this.#isClient);
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.ending !== undefined) {
        const seen = this.received.map((one) => one.slice(0, 80));
        throw new Error(`connection ${this.ending} without ${what}; there was ${JSON.stringify(seen)}`);
      }
      await once(this.#news, 'news');
    }
  }
}

function showMessage({ type, content }: WsMessage): string {
  switch (type) {
    case 'binary':
      return `binary ${content.toString('hex')}`;
    case 'close':
      return content.length < 2
        ? 'close'
        : `close ${content.readUInt16BE()} ${content.subarray(2)}`.trimEnd();
    default:
      return `${type} ${content}`;
  }
}
