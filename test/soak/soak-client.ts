import net, { type Socket } from 'node:net';
import { closePayload, OPCODES, readFrames, writeFrame } from '../support/ws-frames.js';

/** What clients have done and seen. */
export interface Tally {
  opened: number;
  echoes: number;
  pushes: number;
  /** What should not have happened. */
  failures: string[];
}

/** What a {@link SoakClient} shares with others. */
export interface Crowd {
  readonly port: number;
  /** Milliseconds between two things that a client does. */
  readonly pause: number;
  readonly tally: Tally;
  /** Nobody comes back. */
  leaving: boolean;
  onGone(): void;
}

/** How a WebSocket ends: by a Close of the client's, without a word, by the app, by an item; and with which code. In turn. */
const ENDS = [
  { by: 'close', code: 1000 },
  { by: 'drop', code: undefined },
  { by: 'bye', code: 4001 },
  { by: 'kick me', code: 4002 },
] as const;

/** Messages that are echoed before. */
const ECHOES = 3;

const ROOMS = 50;

/** Of those that are told. */
const MAX_FAILURES = 20;

/** A WebSocket on a bare connection: opens, has its messages echoed, leaves in one of the ways, and comes back. */
export class SoakClient {
  readonly #crowd: Crowd;
  readonly #index: number;
  #visits = 0;
  #socket: Socket | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #open = false;
  #said = '';
  #echoes = 0;
  /** It has done what ends the WebSocket. */
  #ending = false;
  /** With which it was closed. */
  #code: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(crowd: Crowd, index: number) {
    this.#crowd = crowd;
    this.#index = index;
  }

  /** How this visit ends. */
  get #way(): (typeof ENDS)[number] {
    return ENDS[this.#visits % ENDS.length] ?? ENDS[0];
  }

  connect(): void {
    this.#rest = Buffer.alloc(0);
    this.#open = this.#ending = false;
    this.#echoes = 0;
    this.#code = undefined;
    const socket = net.connect({
      port: this.#crowd.port,
      host: '127.0.0.1',
      // Many addresses have many ports: those of connections that are over cannot be used again at once.
      localAddress: `127.0.1.${1 + (this.#index % 200)}`,
    });
    this.#socket = socket;
    socket.on('connect', () =>
      socket.write(
        `GET /ws/${this.#index % ROOMS} HTTP/1.1\r\nHost: soak.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      ),
    );
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#gone());
  }

  #read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#open) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      if (!this.#rest.includes('HTTP/1.1 101 ')) this.#fail(this.#rest.toString('latin1', 0, 40));
      this.#open = true;
      this.#crowd.tally.opened++;
      this.#rest = this.#rest.subarray(end + 4);
      this.#later(() => this.#speak());
    }
    const { frames, rest } = readFrames(this.#rest);
    this.#rest = rest;
    for (const { opcode, payload } of frames) this.#take(opcode, payload);
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === OPCODES.ping) this.#write(OPCODES.pong, payload);
    else if (opcode === OPCODES.close) this.#takeClose(payload);
    else if (payload.toString() === this.#said) this.#takeEcho();
    else if (payload.toString().startsWith('item ')) this.#crowd.tally.pushes++;
    else this.#fail(`heard ${payload}`);
  }

  #takeEcho(): void {
    this.#said = '';
    this.#crowd.tally.echoes++;
    this.#echoes++;
    this.#later(() => (this.#echoes < ECHOES && !this.#crowd.leaving ? this.#speak() : this.#end()));
  }

  #takeClose(payload: Buffer): void {
    this.#code = payload.readUInt16BE(0);
    if (this.#way.by !== 'close') this.#write(OPCODES.close, payload);
    this.#socket?.end();
  }

  #speak(): void {
    this.#said = `hello ${this.#index} ${this.#visits} ${this.#echoes}`;
    this.#write(OPCODES.text, this.#said);
  }

  #end(): void {
    this.#ending = true;
    const { by } = this.#way;
    if (by === 'drop') this.#socket?.destroy();
    else if (by === 'close') this.#write(OPCODES.close, closePayload(1000, 'enough'));
    else this.#write(OPCODES.text, by);
  }

  #gone(): void {
    if (!this.#ending || this.#code !== this.#way.code) this.#fail(`it ends with the code ${this.#code}`);
    clearTimeout(this.#timer);
    this.#visits++;
    if (this.#crowd.leaving) this.#crowd.onGone();
    else this.connect();
  }

  #write(opcode: number, payload: string | Uint8Array): void {
    this.#socket?.write(writeFrame(opcode, payload, { mask: true }));
  }

  /** Not all at the same time. */
  #later(action: () => void): void {
    this.#timer = setTimeout(action, this.#crowd.pause * (0.5 + Math.random()));
  }

  #fail(what: string): void {
    const { failures } = this.#crowd.tally;
    if (failures.length >= MAX_FAILURES) return;
    const state = this.#ending ? `ending by '${this.#way.by}'` : this.#open ? 'open' : 'coming';
    failures.push(`client ${this.#index} in its visit ${this.#visits}, ${state}: ${what}`);
  }
}
