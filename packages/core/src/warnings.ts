import type { Logger } from './logger.js';

/** The codes of warnings, and what each means; docs/reference/errors.md has the remedies. */
export type WarningCode =
  /** A WebSocket has come to a server that the proxy is not attached to. */
  | 'P8_NO_ATTACH'
  /** A handler in front of the proxy, or beside it, has answered with `Grip-Hold`. */
  | 'P8_MOUNTED_LATE'
  /** A response with `Grip-Hold` has gone out, and no GRIP proxy was in front. */
  | 'P8_NO_PROXY'
  /** An origin has answered the opening of a WebSocket without letting it in. */
  | 'P8_NOT_ACCEPTED'
  /** No handler takes the POST request by which a WebSocket opens. */
  | 'P8_NO_HANDLER'
  /** An origin does not speak WebSocket, and its target lacks `overHttp`. */
  | 'P8_NO_OVER_HTTP'
  /** A hold without a channel gets nothing. */
  | 'P8_NO_CHANNEL'
  /** A connection is not subscribed to all the channels that its origin names. */
  | 'P8_TOO_MANY_CHANNELS'
  /** A subscription names a filter that there is not. */
  | 'P8_UNKNOWN_FILTER'
  /** Another process has published an item with a format that there is not. */
  | 'P8_UNKNOWN_FORMAT'
  /** An item has no format for any of the clients that its channel has. */
  | 'P8_NO_CLIENTS_OF_FORMAT'
  /** A request has come through another GRIP proxy. */
  | 'P8_TWO_PROXIES'
  /** The version of Node, or the runtime, is not known, and held streams keep their requests. */
  | 'P8_UNKNOWN_NODE';

/** The most causes that are told apart, since clients and origins choose some of their names. */
const MAX_CAUSES = 100;

/**
 * Tells developers of mistakes that show nowhere else, each cause once: the logger where there is one, else by `process.emitWarning`.
 */
export class Warnings {
  readonly #logger: Logger | undefined;
  readonly #isOn: boolean;
  readonly #told = new Set<string>();

  /** @param logger undefined: the app has none */
  constructor(logger: Logger | undefined, isOn: boolean) {
    this.#logger = logger;
    this.#isOn = isOn;
  }

  /** Whether there is still something to look out for. */
  expects(code: WarningCode, cause = ''): boolean {
    return this.#isOn && this.#told.size < MAX_CAUSES && !this.#told.has(keyOf(code, cause));
  }

  /**
   * Warns, if it has not done so before.
   * @param cause tells apart what has the same code; nothing secret
   * @param message what happened, and the remedy, in one line
   */
  give(code: WarningCode, message: string, cause = ''): void {
    if (!this.expects(code, cause)) return;
    this.#told.add(keyOf(code, cause));
    if (this.#logger === undefined) process.emitWarning(message, { type: 'P8Warning', code });
    else this.#logger.warn({ code }, message);
  }
}

function keyOf(code: WarningCode, cause: string): string {
  return `${code} ${cause}`;
}
