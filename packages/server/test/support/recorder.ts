import { EventEmitter, once } from 'node:events';
import type { Logger } from '@p-8/core';

/** A logger that remembers messages, and can be waited for. */
export class Recorder implements Logger {
  readonly lines: string[] = [];
  readonly #events = new EventEmitter();

  error(_fields: object, message: string): void {
    this.#add('error', message);
  }

  warn(_fields: object, message: string): void {
    this.#add('warn', message);
  }

  info(_fields: object, message: string): void {
    this.#add('info', message);
  }

  debug(): void {}

  /** Resolves with the first line that matches, also one of the past. */
  async logged(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.lines.find((logged) => pattern.test(logged));
      if (line !== undefined) return line;
      await once(this.#events, 'line');
    }
  }

  /** Forgets the past. */
  clear(): void {
    this.lines.length = 0;
  }

  #add(level: string, message: string): void {
    this.lines.push(`${level}: ${message}`);
    this.#events.emit('line');
  }
}
