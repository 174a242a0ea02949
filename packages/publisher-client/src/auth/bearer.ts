import type { IAuth } from './auth.js';

/** A token that is sent as it is. Source: RFC 6750. */
export class Bearer implements IAuth {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  getToken(): string {
    return this.#token;
  }

  async buildHeader(): Promise<string> {
    return `Bearer ${this.#token}`;
  }
}
