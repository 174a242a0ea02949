import type { Transform } from 'node:stream';
import { MAX_INSTRUCT_BODY, type OriginResponse } from '@p-8/protocol';
import { ChunkList } from './chunk-list.js';
import { contentCoding, createDecoder, decode, withoutCoding } from './content-decoding.js';
import type { CapturedBody } from './interception.js';

/** The part of a body that comes after the client's head has been sent: a response too large to be read first. */
export interface EarlyBody {
  /** False: `resume` is called when there is room again. */
  write(chunk: Buffer, resume: () => void): boolean;
}

/** Who reads instructs. */
export interface InstructReader {
  /** The response is complete. `sent`: head and body have gone to the client already. */
  onInstruct(response: OriginResponse, sent: boolean): void;
  /** The body is larger than {@link MAX_INSTRUCT_BODY}: takes it from here as it comes, or undefined to refuse it. */
  onLargeInstruct(head: OriginResponse): EarlyBody | undefined;
  /** The response cannot be read. */
  onBrokenInstruct(detail: string): void;
  /** The early body may be written to again. */
  onSourceResume(): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * A response with Grip- fields on its way in: gathered up to {@link MAX_INSTRUCT_BODY} bytes, since what to do is known
 * only when it is complete. A larger one may stream through to the client, when its head alone says that it can.
 */
export class CapturedResponse implements CapturedBody {
  readonly #status: number;
  readonly #reason: string;
  readonly #headers: readonly string[];
  readonly #coding: string | undefined;
  readonly #reader: InstructReader;
  readonly #body = new ChunkList();
  #done = false;
  #early: EarlyBody | undefined;
  #decoder: Transform | undefined;

  constructor(status: number, reason: string, headers: readonly string[], reader: InstructReader) {
    this.#status = status;
    this.#reason = reason;
    this.#coding = contentCoding(headers);
    this.#headers = this.#coding === undefined ? headers : withoutCoding(headers);
    this.#reader = reader;
  }

  write(chunk: Buffer): boolean {
    if (this.#done || chunk.length === 0) return true;
    if (this.#early !== undefined) return this.#pass(chunk);
    this.#body.add(chunk);
    return this.#body.bytes <= MAX_INSTRUCT_BODY || this.#overflow();
  }

  end(): void {
    if (this.#done) return;
    if (this.#decoder !== undefined) {
      this.#decoder.end();
      return;
    }
    this.#done = true;
    if (this.#early !== undefined) {
      this.#reader.onInstruct(this.#response(EMPTY), true);
      return;
    }
    const body = this.#body.concat();
    this.#body.clear();
    const content = this.#coding === undefined ? body : decode(this.#coding, body);
    if (content === undefined) this.#reader.onBrokenInstruct(`the ${this.#coding} body cannot be decoded`);
    else this.#reader.onInstruct(this.#response(content), false);
  }

  /** The origin's response broke off. */
  fail(detail: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#body.clear();
    this.#decoder?.destroy();
    this.#reader.onBrokenInstruct(detail);
  }

  #overflow(): boolean {
    const decoder = this.#coding === undefined ? undefined : createDecoder(this.#coding);
    if (this.#coding !== undefined && decoder === undefined) {
      this.fail(`the ${this.#coding} body cannot be decoded`);
      return true;
    }
    const early = this.#reader.onLargeInstruct(this.#response(EMPTY));
    const body = this.#body.concat();
    this.#body.clear();
    if (early === undefined) {
      this.#done = true;
      return true;
    }
    this.#early = early;
    if (decoder !== undefined) this.#decodeInto(early, decoder);
    return this.#pass(body);
  }

  #decodeInto(early: EarlyBody, decoder: Transform): void {
    decoder.on('data', (content: Buffer) => {
      if (!early.write(content, this.#resume)) decoder.pause();
    });
    decoder.on('drain', () => this.#reader.onSourceResume());
    decoder.once('end', () => {
      this.#done = true;
      this.#reader.onInstruct(this.#response(EMPTY), true);
    });
    decoder.once('error', (error) =>
      this.fail(`the ${this.#coding} body cannot be decoded: ${error.message}`),
    );
    this.#decoder = decoder;
  }

  #pass(chunk: Buffer): boolean {
    if (this.#decoder !== undefined) return this.#decoder.write(chunk);
    return this.#early?.write(chunk, this.#resume) ?? true;
  }

  /** The client has taken the early body so far. */
  readonly #resume = (): void => {
    this.#decoder?.resume();
    this.#reader.onSourceResume();
  };

  #response(body: Buffer): OriginResponse {
    return { status: this.#status, reason: this.#reason, headers: this.#headers, body };
  }
}
