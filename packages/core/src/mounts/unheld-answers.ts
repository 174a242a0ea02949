import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestGrip } from '../handler/request-grip.js';
import { hasSentField } from '../http/node-connection.js';
import type { Warnings } from '../warnings.js';

/** Node tells here of each response of each server that has gone out. */
const FINISHED = 'http.server.response.finish';

/** How many responses are looked at: whoever has made a mistake tries it at once, and later on it must cost nothing. */
const MAX_RESPONSES = 1000;

/** The newest proxy of each kind: one is enough to tell, and not all are closed. */
const watching = new Map<boolean, UnheldAnswers>();

interface FinishedResponse {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Notices responses that leave the process with `Grip-Hold`, though no GRIP proxy has them: the app's handler stands before the proxy,
 * or beside it.
 */
export class UnheldAnswers {
  readonly #warnings: Warnings;
  /** The proxy holds the clients of an app in this process. */
  readonly #isOfApp: boolean;
  #left = MAX_RESPONSES;
  readonly #listener = (message: unknown): void => this.#see(message as FinishedResponse);

  constructor(warnings: Warnings, isOfApp: boolean) {
    this.#warnings = warnings;
    this.#isOfApp = isOfApp;
    if (!warnings.expects(this.#code)) return;
    watching.get(isOfApp)?.stop();
    watching.set(isOfApp, this);
    diagnostics.subscribe(FINISHED, this.#listener);
  }

  stop(): void {
    diagnostics.unsubscribe(FINISHED, this.#listener);
    if (watching.get(this.#isOfApp) === this) watching.delete(this.#isOfApp);
  }

  get #code(): 'P8_MOUNTED_LATE' | 'P8_NO_PROXY' {
    return this.#isOfApp ? 'P8_MOUNTED_LATE' : 'P8_NO_PROXY';
  }

  #see({ request, response }: FinishedResponse): void {
    if (--this.#left === 0) this.stop();
    if (!hasSentField(response, 'grip-hold') || isOfOtherProxy(request)) return;
    // A proxy for other origins relays what they answer on routes that are none of GRIP; what it has passed on is the app's.
    if (requestGrip(request)?.isProxied !== (this.#isOfApp ? undefined : false)) return;
    this.stop();
    this.#warnings.give(this.#code, `${request.method} ${request.url}: ${this.#message}`);
  }

  get #message(): string {
    return this.#isOfApp
      ? 'the response has Grip-Hold, and has not come through gripProxy(), so its client is not held: mount the proxy before the handler'
      : 'the response has Grip-Hold, and there is no GRIP proxy in front of its handler, so its client is not held: send the request through a proxy, or mount gripProxy() without a target before the handler';
  }
}

/** A GRIP proxy says so in the requests that it sends, and does the holding. */
function isOfOtherProxy({ headers }: IncomingMessage): boolean {
  return headers['grip-sig'] !== undefined || headers['grip-feature'] !== undefined;
}
