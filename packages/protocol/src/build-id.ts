import { fail, ok, type Result } from './result.js';
import { renderTemplate, TemplateReader } from './template.js';
import { binaryToBytes, bytesToBinary, encodeUtf8 } from './text.js';

/** What the filter `build-id` puts into content. */
export interface IdFilterOptions {
  /** What `%I` stands for; without one it is an error. */
  readonly id: string | undefined;
  /** Whether ids are written as lower-case hex digits of their bytes. */
  readonly hex: boolean;
  /** All ids that are put in may have as many bytes; more is an error. @default no limit */
  readonly maxBytes?: number | undefined;
}

/**
 * The filter `build-id`: replaces `%I` in content by an id, `%(ID)I` by the id given, and `%%` by a percent sign. Content
 * may come in pieces of any size. Messages have the offset in bytes. Source: GRIP, Pushpin 1.36.
 *
 * @example
 * ```ts
 * const filter = new IdFilter({ id: 'C3PO', hex: true });
 * filter.update(new TextEncoder().encode('The ID is %I.')); // The ID is 4333504f.
 * filter.finish();
 * ```
 */
export class IdFilter {
  readonly #reader: TemplateReader;

  constructor(options: IdFilterOptions) {
    const defaultId = options.id === undefined ? undefined : bytesToBinary(encodeUtf8(options.id));
    this.#reader = new TemplateReader((directive, argument) => {
      if (directive !== 'I') return fail(`Unknown directive '${directive}'`);
      const id = argument ?? defaultId;
      if (id === undefined) return fail('No ID specified and no default ID in context');
      return ok(options.hex ? toHex(id) : id);
    }, options.maxBytes);
  }

  /** Filters a piece of content. A directive that the piece ends in is held back until the next one. */
  update(chunk: Uint8Array): Result<Uint8Array> {
    return toBytes(this.#reader.write(bytesToBinary(chunk)));
  }

  /** Ends the content; within a directive that is an error. */
  finish(): Result<Uint8Array> {
    return toBytes(this.#reader.finish());
  }
}

/**
 * Makes the filter `build-id` that a subscription's meta describes: `id_format` is the template of the id, `id_encoding`
 * is absent or `hex`.
 *
 * @param prevIdOf the last id of a channel, or undefined; absent in the body of a response, which has no default id
 * @param maxBytes all ids that are put in may have as many bytes; more is an error. @default no limit
 */
export function createIdFilter(
  meta: ReadonlyMap<string, string>,
  prevIdOf?: (channel: string) => string | undefined,
  maxBytes?: number,
): Result<IdFilter> {
  const template = meta.get('id_format');
  if (template === undefined) return fail("no sub meta 'id_format'");
  const encoding = meta.get('id_encoding');
  if (encoding !== undefined && encoding !== 'hex') return fail(`unsupported encoding: ${encoding}`);
  const hex = encoding === 'hex';
  if (prevIdOf === undefined) return ok(new IdFilter({ id: undefined, hex, maxBytes }));
  const id = renderTemplate(template, prevIdOf, maxBytes);
  return id.ok ? ok(new IdFilter({ id: id.value, hex, maxBytes })) : id;
}

/**
 * Renders a template of ids, in which `%(CHANNEL)s` stands for the last id of a channel (its name without the route's
 * prefix).
 */
export function renderIdTemplate(
  template: string,
  prevIdOf: (channel: string) => string | undefined,
): Result<string> {
  return renderTemplate(template, prevIdOf);
}

function toBytes(text: Result<string>): Result<Uint8Array> {
  return text.ok ? ok(binaryToBytes(text.value)) : text;
}

function toHex(binary: string): string {
  let hex = '';
  for (let i = 0; i < binary.length; i++) hex += binary.charCodeAt(i).toString(16).padStart(2, '0');
  return hex;
}
