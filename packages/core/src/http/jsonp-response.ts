import type { IncomingMessage, ServerResponse } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { type HeaderList, headerValue, reasonPhrase } from '@p-8/protocol';
import { ClientResponse } from './client-response.js';
import type { ClientServices } from './client-services.js';

/** Writes a response into a script. */
export interface ScriptWrapper {
  /** The fields of the script, and what its body begins with. */
  head(status: number, reason: string, headers: HeaderList): { headers: string[]; prefix: Buffer };
  update(chunk: Uint8Array): Buffer;
  finish(): Buffer;
}

/** A response that goes out inside a script: always 200, since a browser runs no other. */
export class JsonpResponse extends ClientResponse {
  readonly #wrapper: ScriptWrapper;

  constructor(req: IncomingMessage, res: ServerResponse, wrapper: ScriptWrapper, services: ClientServices) {
    super(req, res, services);
    this.#wrapper = wrapper;
  }

  override get isDirect(): boolean {
    return false;
  }

  override sendHead(status: number, reason: string, fields: HeaderList): void {
    const text = reason === '' ? reasonPhrase(status) : reason;
    // Any page may load a script: it needs no leave.
    this.crossOrigin = false;
    const { headers, prefix } = this.#wrapper.head(status, text, fields);
    super.sendHead(200, 'OK', headers);
    super.write(prefix);
  }

  override respond(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.gone) return;
    this.sendHead(status, reason, headers);
    this.end(body);
  }

  override write(chunk: Uint8Array): boolean {
    return super.write(this.#wrapper.update(chunk));
  }

  override end(body?: Uint8Array): void {
    if (body !== undefined) this.write(body);
    super.end(this.#wrapper.finish());
  }

  /** The script says how long it is by its end. */
  override addTrailers(): void {}
}

/** The head of a script; nobody may take it for anything else. */
function scriptHeaders(headers: HeaderList): string[] {
  const cacheControl = headerValue(headers, 'cache-control');
  const fields = ['Content-Type', 'application/javascript', 'X-Content-Type-Options', 'nosniff'];
  return cacheControl === undefined ? fields : [...fields, 'Cache-Control', cacheControl];
}

/** `CALLBACK(body)`, less the line end of the body. */
export class BasicWrapper implements ScriptWrapper {
  readonly #callback: string;
  #held = '';

  constructor(callback: string) {
    this.#callback = callback;
  }

  head(_status: number, _reason: string, headers: HeaderList): { headers: string[]; prefix: Buffer } {
    return { headers: scriptHeaders(headers), prefix: Buffer.from(`/**/${this.#callback}(`) };
  }

  update(chunk: Uint8Array): Buffer {
    const text = this.#held + Buffer.from(chunk).toString('latin1');
    this.#held = /\r?\n?$/.exec(text)?.[0] ?? '';
    return Buffer.from(text.slice(0, text.length - this.#held.length), 'latin1');
  }

  finish(): Buffer {
    // A carriage return alone is no line end.
    return Buffer.from(`${this.#held === '\r' ? '\r' : ''});\n`);
  }
}

/** `CALLBACK({"code": …, "reason": …, "headers": …, "body": …})`. */
export class ExtendedWrapper implements ScriptWrapper {
  readonly #callback: string;
  readonly #decoder = new StringDecoder('utf8');

  constructor(callback: string) {
    this.#callback = callback;
  }

  head(status: number, reason: string, headers: HeaderList): { headers: string[]; prefix: Buffer } {
    const fields: Record<string, string> = Object.create(null);
    for (let i = 0; i + 1 < headers.length; i += 2) fields[headers[i] ?? ''] ??= headers[i + 1] ?? '';
    const parts = [`"code": ${status}`, `"reason": ${quote(reason)}`, `"headers": ${quote(fields)}`];
    const prefix = Buffer.from(`/**/${this.#callback}({${parts.join(', ')}, "body": "`);
    return { headers: scriptHeaders(headers), prefix };
  }

  update(chunk: Uint8Array): Buffer {
    return Buffer.from(quote(this.#decoder.write(Buffer.from(chunk))).slice(1, -1));
  }

  finish(): Buffer {
    return Buffer.from(`${quote(this.#decoder.end()).slice(1, -1)}"});\n`);
  }
}

/** JSON that is a script as well: two line ends of Unicode were not allowed in strings before ES2019. */
function quote(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
