import assert from 'node:assert/strict';
import type { GripProxy, HoldInfo, Logger, Overflow, Receipt } from '@p-8/core';
import { settle } from '../../../../test/support/eventually.js';
import type { SeenRequest } from '../../../../test/support/origin.js';

/** What fills a connection soon, in few items. */
export const LARGE = 128 * 1024;

/** Publishes items that say which they are, and remembers how many there were: `<a:1>xxx…`. */
export class Counting {
  readonly #proxy: GripProxy;
  readonly #sizes = new Map<string, number[]>();
  readonly #numbered: boolean;

  /** `numbered`: with ids, from 1 on. */
  constructor(proxy: GripProxy, numbered: boolean) {
    this.#proxy = proxy;
    this.#numbered = numbered;
  }

  /** How many items of a channel have been published. */
  count(channel: string): number {
    return this.#sizes.get(channel)?.length ?? 0;
  }

  /** Bytes of all items of a channel. */
  bytes(channel: string): number {
    return (this.#sizes.get(channel) ?? []).reduce((sum, size) => sum + size, 0);
  }

  async send(channel: string, size = LARGE): Promise<Receipt> {
    const sizes = this.#sizes.get(channel) ?? [];
    this.#sizes.set(channel, sizes);
    const number = sizes.push(size);
    const content = this.content(channel, number);
    const ids = this.#numbered ? { id: String(number), 'prev-id': String(number - 1) } : {};
    const receipt = await this.#proxy.publish(
      channel,
      { 'http-stream': content, 'ws-message': content },
      ids,
    );
    // What comes of it may take some turns: a connection shows only then that it is full.
    await settle(2);
    return receipt;
  }

  content(channel: string, number: number): string {
    return `<${channel}:${number}>`.padEnd(this.#sizes.get(channel)?.[number - 1] ?? 0, 'x');
  }

  /** Publishes to the channels in turn until a receipt is what is wanted. */
  async until(
    channels: readonly string[],
    wanted: (receipt: Receipt) => boolean,
    size = LARGE,
  ): Promise<void> {
    for (let i = 0; i < 2000; i++) {
      if (wanted(await this.send(channels[i % channels.length] ?? '', size))) return;
    }
    assert.fail('it never comes to that');
  }

  /** All items of a channel after that which a request names as the last, as an origin tells them. */
  after(request: SeenRequest, channel: string): string {
    let content = '';
    const last = lastIds(request).get(channel);
    for (let i = Number(last ?? 0) + 1; i <= this.count(channel); i++) content += this.content(channel, i);
    return content;
  }
}

export const isQueued = ({ queued }: Receipt): boolean => queued > 0;

/** The numbers of a channel's items in what a client has got, in their order. */
export function numbersOf(text: string | Uint8Array, channel: string): number[] {
  const pattern = new RegExp(`<${channel}:(\\d+)>`, 'g');
  return [...Buffer.from(text).toString('latin1').matchAll(pattern)].map(([, number]) => Number(number));
}

/** 1, 2, …, `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** The ids that a request names by Grip-Last. */
export function lastIds({ rawHeaders }: SeenRequest): Map<string, string> {
  const ids = new Map<string, string>();
  rawHeaders.forEach((name, i) => {
    if (i % 2 === 1 || name.toLowerCase() !== 'grip-last') return;
    const [, channel = '', id = ''] = /^(\w+); last-id=(\w+)$/.exec(rawHeaders[i + 1] ?? '') ?? [];
    ids.set(channel, id);
  });
  return ids;
}

/** What a proxy tells of clients that are too slow. */
export class OverflowWatch {
  /** `stream queue recover`, in the order in which they were told. */
  readonly events: string[] = [];
  readonly holds: HoldInfo[] = [];
  /** The log's lines about them. */
  readonly lines: { readonly level: keyof Logger; readonly fields: object }[] = [];

  listen(proxy: GripProxy): void {
    proxy.on('overflow', (hold: HoldInfo, { reason, action }: Overflow) => {
      this.holds.push(hold);
      this.events.push(`${hold.mode} ${reason} ${action}`);
    });
  }

  get logger(): Logger {
    const note =
      (level: keyof Logger) =>
      (fields: object, message: string): void => {
        if (message === 'slow client') this.lines.push({ level, fields });
      };
    return { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
  }
}
