import type { Item } from '@p-8/protocol';
import type { SteadyClock } from '../clock.js';
import { ChannelHistory, KeptItem } from './channel-history.js';
import { OldestFirst } from './oldest-first.js';

/** What a {@link History} keeps. */
export interface HistoryLimits {
  /** Names of channels; one that ends in `*` stands for all that begin with the rest. */
  readonly channels: readonly string[];
  /** The most items of one channel. */
  readonly items: number;
  /** The most bytes of one channel. */
  readonly bytes: number;
  /** Milliseconds that an item is kept. */
  readonly ttl: number;
  /** The most channels; those go first that have not been published to, nor been asked for, the longest. */
  readonly maxChannels: number;
  /** The most bytes of all channels; the same go first. */
  readonly totalBytes: number;
}

/** What is kept at the moment. */
export interface HistoryStats {
  readonly channels: number;
  readonly items: number;
  readonly bytes: number;
  /** How often a client was told of a gap, since what it asked for was not there; once for each channel. */
  readonly gaps: number;
}

/**
 * The newest items of the channels that are to be kept, for clients that come back. Its order is one over all channels, so
 * that the id of the last item that a client has, of whichever channel, tells what it has missed of each. Items expire
 * when somebody publishes or asks: there is no timer.
 */
export class History {
  readonly #limits: HistoryLimits;
  readonly #clock: SteadyClock;
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  /** The one that has not been used for the longest time first. */
  readonly #channels = new OldestFirst<string, ChannelHistory>();
  /** By number: the oldest first. */
  readonly #items = new OldestFirst<number, KeptItem>();
  #lastNumber = 0;
  #bytes = 0;
  #gaps = 0;
  /** The floor of channels that are not there any more, or not yet: nobody knows what they had before. */
  #floor = 0;

  constructor(limits: HistoryLimits, clock: SteadyClock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#names = new Set(limits.channels.filter((name) => !name.endsWith('*')));
    this.#prefixes = limits.channels.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  }

  /** Whether items of this channel are kept. */
  covers(channel: string): boolean {
    return this.#names.has(channel) || this.#prefixes.some((prefix) => channel.startsWith(prefix));
  }

  /** Keeps an item, if it is one that clients can come back for. To be called in the order in which subscribers get items. */
  keep(item: Item): void {
    if (item.id === undefined || !this.covers(item.channel)) return;
    const kept = keptItem(item);
    if (kept.httpStream === undefined && kept.wsMessage === undefined) return;
    this.#expire();
    const channel = this.#use(item.channel) ?? this.#create(item.channel);
    this.#add(new KeptItem(channel, ++this.#lastNumber, kept, this.#clock.monotonic()));
    while (channel.size > this.#limits.items || channel.bytes > this.#limits.bytes) this.#dropOldest(channel);
    this.#makeRoom(channel);
  }

  /**
   * The number of the item that has this id in one of the channels; where several have one, of the oldest: then something
   * comes twice, but nothing is lost. Undefined: there is none, or none any more.
   */
  find(id: string, channels: readonly string[]): number | undefined {
    this.#expire();
    let found: number | undefined;
    for (const name of channels) {
      const number = this.#use(name)?.find(id)?.number;
      if (number !== undefined && (found === undefined || number < found)) found = number;
    }
    return found;
  }

  /** Whether all that a channel has had after the item of this number is there. */
  reaches(channel: string, number: number): boolean {
    return this.covers(channel) && number >= (this.#channels.get(channel)?.floor ?? this.#floor);
  }

  /** What these channels have had after the item of this number, in order. */
  after(number: number, channels: readonly string[]): readonly KeptItem[] {
    const items = channels.flatMap((name) => this.#channels.get(name)?.after(number) ?? []);
    return channels.length === 1 ? items : items.sort((a, b) => a.number - b.number);
  }

  /** A client has been told that something is missing. */
  countGap(): void {
    this.#gaps++;
  }

  stats(): HistoryStats {
    this.#expire();
    return { channels: this.#channels.size, items: this.#items.size, bytes: this.#bytes, gaps: this.#gaps };
  }

  #create(name: string): ChannelHistory {
    const channel = new ChannelHistory(name, this.#floor);
    this.#channels.set(name, channel);
    return channel;
  }

  #use(name: string): ChannelHistory | undefined {
    const channel = this.#channels.get(name);
    if (channel !== undefined) this.#channels.set(name, channel);
    return channel;
  }

  #add(kept: KeptItem): void {
    kept.channel.add(kept);
    this.#items.set(kept.number, kept);
    this.#bytes += kept.bytes;
  }

  #dropOldest(channel: ChannelHistory): void {
    const kept = channel.dropOldest();
    if (kept === undefined) return;
    this.#items.delete(kept.number);
    this.#bytes -= kept.bytes;
  }

  #forget(channel: ChannelHistory): void {
    while (channel.size > 0) this.#dropOldest(channel);
    this.#channels.delete(channel.name);
    this.#floor = Math.max(this.#floor, channel.floor);
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    for (let oldest = this.#items.oldest; oldest !== undefined; oldest = this.#items.oldest) {
      const { keptAt, channel } = oldest[1];
      if (now - keptAt < this.#limits.ttl) return;
      this.#dropOldest(channel);
      // The floor of what is forgotten does not rise above anything that is kept, since all that is older has expired too.
      if (channel.size === 0) this.#forget(channel);
    }
  }

  /** Whole channels go, and only the newest gives up items: it is the one that is in use. */
  #makeRoom(newest: ChannelHistory): void {
    const { maxChannels, totalBytes } = this.#limits;
    while (this.#channels.size > maxChannels || this.#bytes > totalBytes) {
      const channel = this.#channels.oldest?.[1];
      if (channel === undefined || channel === newest) break;
      this.#forget(channel);
    }
    while (this.#bytes > totalBytes) this.#dropOldest(newest);
  }
}

/**
 * What of an item clients can come back for: with bytes of its own, since a publisher may use its again, or has cut them
 * out of many more.
 */
function keptItem(item: Item): Item {
  const { httpStream, wsMessage } = item;
  const sentOrClosed = httpStream?.action === 'close' ? httpStream : undefined;
  return {
    ...item,
    httpResponse: undefined,
    httpStream:
      httpStream?.action === 'send'
        ? { ...httpStream, content: new Uint8Array(httpStream.content) }
        : sentOrClosed,
    wsMessage:
      wsMessage?.action === 'send' ? { ...wsMessage, content: new Uint8Array(wsMessage.content) } : undefined,
  };
}
