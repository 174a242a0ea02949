import type { UpstreamError, UpstreamHandler } from '../upstream/upstream.js';
import type { SessionServices } from './held-request.js';

/** Hears how an origin takes it that a held client is gone. Nothing depends on it, and nothing is tried again. Source: Pushpin 1.41. */
export class GoneLinkAnswer implements UpstreamHandler {
  readonly #uri: string;
  readonly #services: Pick<SessionServices, 'logger' | 'farewells'>;

  constructor(uri: string, services: Pick<SessionServices, 'logger' | 'farewells'>) {
    this.#uri = uri;
    this.#services = services;
    services.farewells.begin();
  }

  onHead(status: number): void {
    if (status < 200 || status > 299)
      this.#services.logger.warn({ link: this.#uri, status }, 'gone link failed');
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {
    this.#services.farewells.end();
  }

  onError({ detail }: UpstreamError): void {
    this.#services.farewells.end();
    this.#services.logger.warn({ link: this.#uri, detail }, 'gone link failed');
  }
}
