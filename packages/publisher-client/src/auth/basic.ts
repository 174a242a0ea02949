import { encodeBase64, encodeUtf8 } from '@p-8/protocol';
import type { IAuth } from './auth.js';

/** A user's name and password. Source: RFC 7617, in UTF-8. */
export class Basic implements IAuth {
  readonly #user: string;
  readonly #pass: string;

  constructor(user: string, pass: string) {
    this.#user = user;
    this.#pass = pass;
  }

  getUser(): string {
    return this.#user;
  }

  getPass(): string {
    return this.#pass;
  }

  async buildHeader(): Promise<string> {
    return `Basic ${encodeBase64(encodeUtf8(`${this.#user}:${this.#pass}`))}`;
  }
}
