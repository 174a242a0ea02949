/** What JSON can hold. */
export type JsonValue = null | boolean | string | number | { [key: string]: JsonValue } | JsonValue[];

/** A format as it is published. */
export interface IFormatExport {
  [member: string]: JsonValue;
}

/** What an item holds for one kind of client. */
export interface IFormat {
  /** `http-response`, `http-stream` or `ws-message`. */
  name(): string;
  export(): IFormatExport;
}

/** A base for formats of your own; anything that is an {@link IFormat} will do. */
export abstract class Format implements IFormat {
  abstract name(): string;
  abstract export(): IFormatExport;
}
