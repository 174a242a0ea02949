/** The methods of a logger that P-8 uses: those of pino, bunyan, winston and `console`. */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

const ignore = (): void => {};

/** A logger that says nothing: the default of the library. */
export const silentLogger: Logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };
