/** Channels whose items are numbered: with id and prev-id. */
export const NUMBERED = ['a', 'b'] as const;

/** The channel whose items say of themselves nothing that the proxy could see. */
export const PLAIN = 'u';

export type ChannelName = (typeof NUMBERED)[number] | typeof PLAIN;

export const CHANNELS: readonly ChannelName[] = [...NUMBERED, PLAIN];

/** One item, as its publisher knows it. */
export interface Entry {
  readonly channel: ChannelName;
  /** From 1 on. */
  readonly number: number;
  /** Bytes of content. */
  readonly size: number;
  /** Who sent it; empty: nobody in particular. */
  readonly sender: string;
  /** When, in milliseconds. */
  readonly at: number;
  /** It has come to the proxy, which has not told the publisher that it was given up. */
  reachedProxy: boolean;
}

/** All items that there are, whatever became of them on their way: what an origin has in its database. */
export class TrueLog {
  readonly #entries = new Map<string, Entry[]>(CHANNELS.map((name) => [name, []]));
  /** Channels of which items were overtaken by later ones. */
  readonly reordered = new Set<string>();
  /** Channels of which the proxy cannot know the last item for sure, so that it cannot turn round what was overtaken. */
  readonly unsure = new Set<string>();

  entries(channel: string): readonly Entry[] {
    return this.#entries.get(channel) ?? [];
  }

  /** How many items of a channel there are. */
  count(channel: string): number {
    return this.entries(channel).length;
  }

  append(entry: Omit<Entry, 'number' | 'reachedProxy'>): Entry {
    const entries = this.#entries.get(entry.channel) ?? [];
    const whole: Entry = { ...entry, number: entries.length + 1, reachedProxy: false };
    entries.push(whole);
    return whole;
  }

  /** Items after the one of this number, but for those that `user` has sent. */
  after(channel: string, number: number, user: string): Entry[] {
    return this.entries(channel)
      .slice(number)
      .filter(({ sender }) => user === '' || sender !== user);
  }
}

/** What clients get of an item: says which it is, and where it ends. */
export function contentOf({ channel, number, size }: Entry): string {
  return `<${channel}:${number}:${size}>`.padEnd(size, '.');
}

/** What stands before the items of a stream: after which of them it begins, by channel. */
export function startOf(positions: Readonly<Record<string, number>>): string {
  return `<start ${JSON.stringify(positions)}>`;
}

/** An item as a client has got it. */
export interface Got {
  readonly channel: string;
  readonly number: number;
}

/** What a client has got, read strictly. */
export interface Content {
  readonly start: Readonly<Record<string, number>> | undefined;
  readonly items: readonly Got[];
  /** What is at the end and not whole. */
  readonly rest: string;
}

/** Reads what a client has got. @throws Error where it is anything else than whole items in a row, and the beginning of one. */
export function readContent(text: string): Content {
  let start: Content['start'];
  const items: Got[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('>', at);
    const tag = text.slice(at, end + 1);
    if (end === -1) break;
    const item = /^<(\w+):(\d+):(\d+)>$/.exec(tag);
    if (item !== null) {
      const [, channel = '', number, size] = item;
      const length = Math.max(Number(size), tag.length);
      if (at + length > text.length) break;
      const filling = text.slice(end + 1, at + length);
      if (/[^.]/.test(filling)) throw new Error(`${tag} has something else within it: ${filling}`);
      items.push({ channel, number: Number(number) });
      at += length;
    } else {
      const [, positions] = /^<start (.*)>$/.exec(tag) ?? [];
      if (positions === undefined || at > 0) throw new Error(`${JSON.stringify(tag)} is no item`);
      start = JSON.parse(positions) as Record<string, number>;
      at = end + 1;
    }
  }
  return { start, items, rest: text.slice(at) };
}
