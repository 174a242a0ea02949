import { noteRejection } from './note-rejection.js';

/** The methods of a logger that P-8 uses: those of pino, bunyan, winston and `console`. */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** Gets what a callback of one connection threw, where the other connections must go on. */
export type OnError = (error: unknown) => void;

const ignore = (): void => {};

/** A logger that says nothing: the default of the library. */
export const silentLogger: Logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };

/** A logger that never throws or rejects, whatever the one behind it does: logging must not end a connection, or the process. */
export function safeLogger(logger: Logger): Logger {
  const safe =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        const result: unknown = logger[level](fields, message);
        noteRejection(result, ignore);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { error: safe('error'), warn: safe('warn'), info: safe('info'), debug: safe('debug') };
}
