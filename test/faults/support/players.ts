import { readReplies } from '../../support/http-reply.js';
import { HANDSHAKE } from '../../support/ws-client.js';
import { WsEnd } from '../../support/ws-end.js';
import { pathOf, type Wish } from './log-origin.js';
import type { Connection } from './networks.js';
import { type Content, type Got, readContent, type TrueLog } from './true-log.js';

/** A client of a schedule: keeps what it gets. */
export abstract class Player {
  readonly wish: Wish;
  readonly id: number;
  /** Gone by its own will, or lost: it can complain of nothing. */
  hasLeft = false;
  /** The connection has ended. */
  isOver = false;
  isStalled = false;
  /** A publisher has ended it, after so many items of the plain channel. */
  closedAfter: number | undefined;
  /** Which items were there, by channel, when it saw that it was held; undefined: it has not seen that yet. */
  since: ReadonlyMap<string, number> | undefined;
  protected readonly connection: Connection;
  protected readonly log: TrueLog;

  protected constructor(connection: Connection, wish: Wish, id: number, log: TrueLog) {
    this.connection = connection;
    this.wish = wish;
    this.id = id;
    this.log = log;
    for (const event of ['end', 'close']) {
      connection.socket.on(event, () => {
        this.isOver = true;
      });
    }
    connection.socket.on('error', () => {
      this.isOver = true;
    });
  }

  /** What it has got. @throws Error where that makes no sense. */
  abstract get content(): Content;

  /** Whether an end was one that it takes for proper. */
  abstract get endedProperly(): boolean;

  get name(): string {
    return `${this.wish.transport} ${this.id}`;
  }

  stall(): void {
    this.isStalled = true;
    this.connection.stall();
  }

  resume(bytesPerTurn?: number): void {
    if (this.hasLeft) return;
    this.isStalled = false;
    this.connection.resume(bytesPerTurn);
  }

  leave(how: 'reset' | 'end' | 'lose'): void {
    this.hasLeft = true;
    if (how === 'lose') this.connection.lose();
    else this.connection.cut(how);
  }

  protected noteStart(): void {
    this.since ??= new Map(this.wish.channels.map((name) => [name, this.log.count(name)]));
  }
}

function ask(path: string, fields: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, 'Host: example.com', ...fields, '', ''].join('\r\n');
}

export class StreamPlayer extends Player {
  #chunks: Buffer[] = [];

  constructor(connection: Connection, wish: Wish, id: number, log: TrueLog) {
    super(connection, wish, id, log);
    connection.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      if (this.since === undefined && this.#received().includes('<start ')) this.noteStart();
    });
    connection.socket.write(ask(pathOf(wish, id)));
  }

  get content(): Content {
    return readContent(this.#reply()?.body.toString('latin1') ?? '');
  }

  get endedProperly(): boolean {
    return this.#reply()?.complete ?? false;
  }

  #reply(): ReturnType<typeof readReplies>[number] | undefined {
    return readReplies(this.#received(), ['GET'], this.isOver)[0];
  }

  #received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

/** Asks again with each answer, and says what it has. */
export class PollPlayer extends Player {
  #bytes = Buffer.alloc(0);
  readonly #items: Got[] = [];
  readonly #has = new Map<string, number>();

  constructor(connection: Connection, wish: Wish, id: number, log: TrueLog) {
    super(connection, wish, id, log);
    for (const name of wish.channels) this.#has.set(name, log.count(name));
    this.noteStart();
    connection.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#ask();
  }

  get content(): Content {
    return { start: Object.fromEntries(this.since ?? []), items: this.#items, rest: '' };
  }

  get endedProperly(): boolean {
    return false;
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const [reply] = readReplies(this.#bytes, ['GET'], false);
    if (reply?.complete !== true) return;
    if (reply.status !== 200) throw new Error(`${this.name} got ${reply.status} ${reply.body}`);
    this.#bytes = Buffer.alloc(0);
    const { items } = readContent(reply.body.toString('latin1'));
    this.#items.push(...items);
    for (const { channel, number } of items) this.#has.set(channel, number);
    if (!this.hasLeft) this.#ask();
  }

  #ask(): void {
    const positions = new URLSearchParams(
      [...this.#has].map(([name, number]): [string, string] => [name, `${number}`]),
    );
    this.connection.socket.write(ask(`${pathOf(this.wish, this.id)}&${positions}`));
  }
}

export class WebSocketPlayer extends Player {
  readonly #end: WsEnd;
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor(connection: Connection, wish: Wish, id: number, log: TrueLog) {
    super(connection, wish, id, log);
    this.#end = new WsEnd(connection.socket, true);
    this.#end.answersClose = true;
    connection.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    connection.socket.write(ask(pathOf(wish, id), HANDSHAKE));
  }

  get content(): Content {
    const texts = this.#end.messages.filter(({ type }) => type === 'text');
    return readContent(texts.map(({ content }) => content.toString('latin1')).join(''));
  }

  get endedProperly(): boolean {
    const close = this.#end.messages.find(({ type }) => type === 'close');
    return close !== undefined && (close.content.length === 0 || close.content.readUInt16BE() === 1000);
  }

  #take(chunk: Buffer): void {
    if (this.#head === undefined) this.#end.feed(chunk);
    else {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const rest = this.#head.subarray(end + 4);
      this.#head = undefined;
      if (rest.length > 0) this.#end.feed(rest);
    }
    if (this.since === undefined && this.#end.frames.length > 0) this.noteStart();
  }
}
