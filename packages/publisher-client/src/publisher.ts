import type { FormatsInput, ItemInput } from '@p-8/protocol';
import { EmbeddedClient, type EmbeddedGrip } from './embedded-client.js';
import type { IFormat } from './format.js';
import type { IGripConfig } from './grip-config.js';
import { parseGripUri } from './grip-uri.js';
import { HttpResponseFormat } from './http-response-format.js';
import { HttpStreamFormat } from './http-stream-format.js';
import type { IPublisherClient } from './i-publisher-client.js';
import { type IItem, Item } from './item.js';
import { OrderedChannel, type OrderedOptions } from './ordered-channel.js';
import { Ordering } from './ordering.js';
import {
  type PublisherClientOptions,
  type PublisherOptions,
  type PublishOptions,
  type SendOptions,
  systemClock,
} from './publish-options.js';
import { exportItem, isItem, PublishRequest } from './publish-request.js';
import { PublisherClient } from './publisher-client.js';
import type { Receipt } from './receipt.js';
import { sendToAll } from './send-to-all.js';
import { type ValidateGripSigResult, validateGripSig } from './validate-grip-sig.js';

/** Where to publish: a GRIP URI, a configuration, or a proxy in the same process. */
export type GripConfig = string | IGripConfig | EmbeddedGrip;

/**
 * Publishes to GRIP proxies: P-8, Pushpin, Fastly Fanout, and to P-8 in the same process.
 *
 * @example
 * ```ts
 * const publisher = new Publisher('http://localhost:5561');
 * await publisher.publish('news', { 'http-stream': 'hello\n', 'ws-message': 'hello' });
 * ```
 */
export class Publisher {
  /** The endpoints: each gets everything. */
  clients: IPublisherClient[] = [];
  /** Put before the name of each channel that is published to. */
  prefix: string | undefined;
  readonly #options: PublisherOptions;
  readonly #ordering: Ordering;

  /**
   * @param config where to publish; nowhere without it
   * @throws TypeError when a GRIP URI or a key is broken
   */
  constructor(config?: GripConfig | readonly GripConfig[] | null, options: PublisherOptions = {}) {
    this.#options = options;
    this.#ordering = new Ordering(options.clock ?? systemClock);
    this.prefix = options.prefix;
    this.applyConfigs(config ?? []);
  }

  /** Adds endpoints. `options` replace those of the publisher. */
  applyConfigs(config: GripConfig | readonly GripConfig[], options?: PublisherClientOptions): void {
    for (const one of [config].flat() as GripConfig[]) this.applyConfig(one, options);
  }

  /** Adds an endpoint. `options` replace those of the publisher. */
  applyConfig(config: GripConfig, options?: PublisherClientOptions): void {
    const read = typeof config === 'string' ? parseGripUri(config) : config;
    const isEmbedded = 'publish' in read && !('control_uri' in read);
    const all = { ...this.#options, ...options };
    this.addClient(isEmbedded ? new EmbeddedClient(read) : new PublisherClient(read as IGripConfig, all));
  }

  /** Adds an endpoint of your own. */
  addClient(client: IPublisherClient): void {
    this.clients.push(client);
  }

  /**
   * Publishes to all endpoints at once; each is tried, whatever becomes of the others.
   * @returns what became of it, summed up; undefined when an endpoint does not tell. Only P-8 does.
   * @throws PublishException for the endpoint that failed, or with `errors` for several.
   *
   * @example
   * ```ts
   * await publisher.publish('room', { 'http-stream': 'hi\n', 'ws-message': 'hi' }, { id: '2', 'prev-id': '1' });
   * await publisher.publish('room', new Item(new HttpStreamFormat('hi\n'), '2', '1'));
   * await publisher.publish([{ channel: 'a', formats: { 'ws-message': 'hi' } }, { channel: 'b', formats: { 'ws-message': 'hi' } }]);
   * ```
   */
  publish(channel: string, formats: FormatsInput, options?: PublishOptions): Promise<Receipt | undefined>;
  publish(channel: string, item: IItem, options?: SendOptions): Promise<Receipt | undefined>;
  /** Publishes items in order, all in one request to each endpoint. */
  publish(items: ItemInput | readonly ItemInput[], options?: SendOptions): Promise<Receipt | undefined>;
  async publish(
    target: string | ItemInput | readonly ItemInput[],
    content: FormatsInput | IItem | SendOptions = {},
    options: PublishOptions = {},
  ): Promise<Receipt | undefined> {
    if (typeof target === 'string') {
      return this.#publish(
        [toItem(target, content as FormatsInput | IItem, options)],
        options,
        this.#options.ordered,
      );
    }
    return this.#publish([target].flat(), content as SendOptions, this.#options.ordered);
  }

  /** Publishes an item of one format, or several. */
  async publishFormats(
    channel: string,
    formats: IFormat | IFormat[],
    id?: string,
    prevId?: string,
  ): Promise<Receipt | undefined> {
    return this.publish(channel, new Item(formats, id, prevId));
  }

  /** Publishes to response holds. `data`: the format, or the body. */
  async publishHttpResponse(
    channel: string,
    data: HttpResponseFormat | string | Uint8Array,
    id?: string,
    prevId?: string,
  ): Promise<Receipt | undefined> {
    return this.publishFormats(
      channel,
      isFormat(data) ? data : new HttpResponseFormat({ body: data }),
      id,
      prevId,
    );
  }

  /** Publishes to stream holds. `data`: the format, or the content. */
  async publishHttpStream(
    channel: string,
    data: HttpStreamFormat | string | Uint8Array,
    id?: string,
    prevId?: string,
  ): Promise<Receipt | undefined> {
    return this.publishFormats(channel, isFormat(data) ? data : new HttpStreamFormat(data), id, prevId);
  }

  /** A channel whose items are numbered. The same name is the same channel, however often it is asked for. */
  ordered(channel: string, { lastId }: OrderedOptions = {}): OrderedChannel {
    const name = (): string => `${this.prefix ?? ''}${channel}`;
    if (lastId !== undefined) this.#ordering.follow(name(), lastId);
    return new OrderedChannel(channel, {
      lastId: () => this.#ordering.lastId(name()),
      publish: async (content, options = {}) =>
        this.#publish([toItem(channel, content, options)], options, true),
    });
  }

  /**
   * Tells whether a request comes from one of the publisher's proxies, by its header `Grip-Sig`; null: it has none. Where one of them
   * does not sign, as a proxy in the same process, any signature will do.
   */
  validateGripSig(signature: string | null | undefined): Promise<ValidateGripSigResult> {
    return validateGripSig(signature, this.clients);
  }

  /** Async in name only: ids are given before it returns, so that items have the order of the calls. */
  async #publish(
    items: readonly ItemInput[],
    options: SendOptions,
    isOrdered = false,
  ): Promise<Receipt | undefined> {
    const prefix = this.prefix ?? '';
    // What is no string is to be found wrong, and not to become one.
    const named = items.map((item) =>
      prefix === '' || typeof item.channel !== 'string' ? item : { ...item, channel: prefix + item.channel },
    );
    const request = new PublishRequest(named);
    if (!isOrdered) return sendToAll(this.clients, request, options);
    return this.#ordering.send(request.items, options.signal, (numbered) =>
      sendToAll(this.clients, new PublishRequest(numbered), options),
    );
  }
}

function isFormat<T extends IFormat>(data: T | string | Uint8Array): data is T {
  return typeof (data as Partial<IFormat>).export === 'function';
}

function toItem(channel: string, content: FormatsInput | IItem, options: PublishOptions): ItemInput {
  if (isItem(content)) return exportItem(channel, content);
  const { signal, timeout, ...about } = options;
  return { ...about, channel, formats: content };
}
