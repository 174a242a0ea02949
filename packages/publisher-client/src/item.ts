import type { IFormat, IFormatExport } from './format.js';

/** An item as it is published. */
export interface IItemExport {
  channel?: string;
  id?: string;
  'prev-id'?: string;
  formats: Record<string, IFormatExport>;
  meta?: Record<string, string>;
  'no-seq'?: boolean;
  size?: number;
}

/** Something that can be published. */
export interface IItem {
  export(): IItemExport;
}

/**
 * One message for the clients of a channel, in a format for each kind of client.
 *
 * @example
 * ```ts
 * await publisher.publish('news', new Item([new HttpStreamFormat('hi\n'), new WebSocketMessageFormat('hi')], '2', '1'));
 * ```
 */
export class Item implements IItem {
  formats: IFormat[];
  id?: string;
  prevId?: string;

  /**
   * @param id names the item, so that it is delivered once and others can follow it
   * @param prevId the id of the item that comes before it on the channel
   */
  constructor(formats: IFormat | IFormat[], id?: string, prevId?: string) {
    this.formats = Array.isArray(formats) ? formats : [formats];
    if (id !== undefined) this.id = id;
    if (prevId !== undefined) this.prevId = prevId;
  }

  /** @throws Error where two formats have the same name. */
  export(): IItemExport {
    const formats: IItemExport['formats'] = {};
    for (const format of this.formats) {
      const name = format.name();
      if (Object.hasOwn(formats, name)) throw new Error(`More than one instance of ${name} specified`);
      formats[name] = format.export();
    }
    return {
      formats,
      ...(this.id != null && { id: this.id }),
      ...(this.prevId != null && { 'prev-id': this.prevId }),
    };
  }
}
