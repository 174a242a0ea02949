import type { Duplex, Readable } from 'node:stream';
import { progressOf } from '../http/node-connection.js';
import type { Stallable, StallWatch } from '../http/stall-watch.js';
import type { Limits } from '../limits.js';
import type { RequestHead } from './request-head.js';

/** What finds uploads that their origins do not take. */
export interface UploadServices {
  readonly stalls: StallWatch;
  readonly limits: Limits;
}

/** Whose request an {@link Upload} carries. */
export interface UploadOwner {
  /** There will be no more of the request: the client has left, or has sent less than it said. */
  onUploadBroken(error: Error): void;
  /** The origin does not take what has been sent. */
  onUploadStalled(): void;
}

/** What is gathered until the end of the turn, at most: more goes out at once. */
const MAX_GATHERED = 64 * 1024;

const CRLF = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/**
 * Sends a request with a body to an origin. The head of a stream goes out at the end of the turn at the latest, so that the origin
 * may answer it; a body that is complete by then has its length said, and goes out with it: servers by CGI and WSGI read nothing
 * of a body without.
 */
export class Upload implements Stallable {
  readonly #socket: Duplex;
  readonly #services: UploadServices;
  readonly #owner: UploadOwner;
  #body: Readable | undefined;
  #head: RequestHead | undefined;
  /** What waits for the head. */
  #gathered: Buffer[] = [];
  #bytes = 0;
  /** Bytes that are still to come; undefined: the body goes out in chunks. */
  #left: number | undefined;
  #isDone = false;
  #isStopped = false;
  #isWatched = false;
  #isAnswered = false;

  constructor(socket: Duplex, services: UploadServices, owner: UploadOwner) {
    this.#socket = socket;
    this.#services = services;
    this.#owner = owner;
  }

  /** The whole request is with the system. */
  get isDone(): boolean {
    return this.#isDone && this.#socket.writableLength === 0;
  }

  /** Sends a body that is there. */
  sendAll({ text }: RequestHead, body: Uint8Array): void {
    this.#isDone = true;
    this.#together(() => {
      this.#socket.write(`${text}${CRLF}`, 'latin1');
      this.#socket.write(body);
    });
    this.#watch();
  }

  /** Sends a body as it comes. */
  send(head: RequestHead, body: Readable): void {
    this.#head = head;
    this.#left = head.length;
    this.#body = body;
    body.on('data', this.#onData);
    body.once('end', this.#onEnd);
    body.once('error', this.#onError);
    body.once('close', this.#onClose);
    setImmediate(() => this.#sendHead());
  }

  /** The socket has taken what was written. */
  drained(): void {
    this.#body?.resume();
  }

  /** The origin answers: from now on it may take its time for the body. */
  answered(): void {
    this.#isAnswered = true;
    this.#unwatch();
  }

  /** Nobody wants the rest of the body. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#unwatch();
    const body = this.#body;
    if (body === undefined) return;
    this.#letGo(body);
    body.on('error', () => {});
    body.destroy();
  }

  get progress(): number {
    return progressOf(this.#socket);
  }

  stillWaits(): boolean {
    return this.#socket.writableLength > 0;
  }

  stalled(): void {
    this.#services.limits.reached('stalledUpload', { side: 'origin' });
    this.#owner.onUploadStalled();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#head === undefined) {
      this.#write(chunk);
      return;
    }
    this.#gathered.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_GATHERED) this.#sendHead();
  };

  readonly #onEnd = (): void => {
    const head = this.#head;
    if (head !== undefined && head.length === undefined) {
      this.#head = { text: `${head.text}Content-Length: ${this.#bytes}${CRLF}`, length: this.#bytes };
      this.#left = this.#bytes;
    }
    this.#sendHead();
    if (this.#isStopped) return;
    if (this.#left === undefined) this.#socket.write(LAST_CHUNK, 'latin1');
    else if (this.#left > 0) {
      this.#owner.onUploadBroken(new Error('the body is shorter than it was said to be'));
      return;
    }
    this.#isDone = true;
    if (this.#body !== undefined) this.#letGo(this.#body);
    this.#watch();
  };

  readonly #onError = (error: Error): void => this.#owner.onUploadBroken(error);

  readonly #onClose = (): void => {
    if (!this.#isDone) this.#owner.onUploadBroken(new Error('the body broke off'));
  };

  #sendHead(): void {
    const head = this.#head;
    if (head === undefined || this.#isStopped) return;
    this.#head = undefined;
    const gathered = this.#gathered;
    this.#gathered = [];
    const framing = head.length === undefined ? `Transfer-Encoding: chunked${CRLF}` : '';
    this.#together(() => {
      this.#socket.write(`${head.text}${framing}${CRLF}`, 'latin1');
      for (const chunk of gathered) this.#write(chunk);
    });
  }

  #write(chunk: Buffer): void {
    if (this.#isStopped || chunk.length === 0) return;
    const socket = this.#socket;
    if (this.#left === undefined) {
      socket.cork();
      socket.write(`${chunk.length.toString(16)}${CRLF}`, 'latin1');
      socket.write(chunk);
      socket.write(CRLF, 'latin1');
      socket.uncork();
    } else {
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.#owner.onUploadBroken(new Error('the body is longer than it was said to be'));
        return;
      }
      socket.write(chunk);
    }
    if (!socket.writableNeedDrain) return;
    this.#body?.pause();
    this.#watch();
  }

  /** With one call of the system, where there is a system. */
  #together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  #letGo(body: Readable): void {
    body
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
  }

  /** The origin takes what waits, or is not worth waiting for. */
  #watch(): void {
    if (this.#isWatched || this.#isAnswered || this.#isStopped || !this.stillWaits()) return;
    this.#isWatched = true;
    this.#services.stalls.add(this);
  }

  #unwatch(): void {
    if (this.#isWatched) this.#services.stalls.remove(this);
    this.#isWatched = false;
  }
}
