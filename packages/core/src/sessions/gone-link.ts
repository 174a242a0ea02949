import type { Logger } from '../logger.js';
import type { UpstreamError, UpstreamHandler } from '../upstream/upstream.js';

/** Hears how an origin takes it that a held client is gone. Nothing depends on it, and nothing is tried again. Source: Pushpin 1.41. */
export class GoneLinkAnswer implements UpstreamHandler {
  readonly #uri: string;
  readonly #logger: Logger;

  constructor(uri: string, logger: Logger) {
    this.#uri = uri;
    this.#logger = logger;
  }

  onHead(status: number): void {
    if (status < 200 || status > 299) this.#logger.warn({ link: this.#uri, status }, 'gone link failed');
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {}

  onError({ detail }: UpstreamError): void {
    this.#logger.warn({ link: this.#uri, detail }, 'gone link failed');
  }
}
