import type { Duplex } from 'node:stream';

/** What is published: GRIP's JSON, of which this much is looked at. */
interface Published {
  readonly items: readonly {
    readonly channel: string;
    readonly formats: {
      readonly 'http-stream'?: { readonly content: string };
      readonly 'http-response'?: { readonly body: string };
      readonly 'ws-message'?: { readonly content: string };
    };
  }[];
}

/** Who hears a channel, and what they are about to get. */
class Channel {
  readonly streams = new Set<Duplex>();
  readonly sockets = new Set<Duplex>();
  /** Each is called once. */
  polls: ((body: string) => void)[] = [];
  chunks: Buffer[] = [];
  frames: Buffer[] = [];

  /** Writes once to each, whatever has come in this turn. */
  flush(): void {
    if (this.chunks.length > 0) writeAll(this.streams, this.chunks);
    if (this.frames.length > 0) writeAll(this.sockets, this.frames);
    this.chunks = [];
    this.frames = [];
  }
}

/** Channels, and who hears them. What a channel gets in one turn of the loop is written at once. */
export class BareHub {
  readonly #channels = new Map<string, Channel>();
  #waiting = new Set<Channel>();

  channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel = new Channel();
    this.#channels.set(name, channel);
    return channel;
  }

  publish(body: string): void {
    const { items } = JSON.parse(body) as Published;
    for (const { channel: name, formats } of items) {
      const channel = this.#channels.get(name);
      if (channel === undefined) continue;
      const stream = formats['http-stream'];
      const message = formats['ws-message'];
      const response = formats['http-response'];
      if (stream !== undefined) channel.chunks.push(chunk(stream.content));
      if (message !== undefined) channel.frames.push(textFrame(message.content));
      if (response !== undefined) for (const answer of channel.polls.splice(0)) answer(response.body);
      if (this.#waiting.size === 0) setImmediate(() => this.#flush());
      this.#waiting.add(channel);
    }
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const channel of waiting) channel.flush();
  }
}

function writeAll(sockets: Iterable<Duplex>, parts: readonly Buffer[]): void {
  const [first] = parts;
  const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  for (const socket of sockets) socket.write(bytes);
}

function chunk(content: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(content).toString(16)}\r\n${content}\r\n`);
}

/** A frame of a server: no mask. */
export function textFrame(content: string): Buffer {
  const payload = Buffer.from(content);
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([0x81, 126, length >> 8, length & 255]), payload]);
  const head = Buffer.alloc(10);
  head[0] = 0x81;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
