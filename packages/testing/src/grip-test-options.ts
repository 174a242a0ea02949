import { GripError, type GripProxyOptions } from '@p-8/core';

/** Options of a test; those of the proxy as in production, as far as they make sense here. */
export interface GripTestOptions
  extends Omit<GripProxyOptions, 'target' | 'routes' | 'clock' | 'connectTimeout' | 'responseTimeout'> {
  /** The address under which clients reach the app. @default 'http://app.test' */
  readonly url?: string;
  /**
   * The control API that publishers use: what they `fetch` below this address comes to the test. @default any: whatever is
   * POSTed to a path that ends in `/publish`, with items in it
   */
  readonly controlUri?: string;
  /**
   * Real milliseconds that `advance()`, `publish()` and the like wait for an app that is at a request and neither
   * answers nor writes; after that they wait for that request no more. More for an app that asks slow services, less
   * where the test itself holds up a handler. @default 500
   */
  readonly patience?: number;
}

/** Those that only a test has, checked and complete. */
export interface TestSettings {
  readonly origin: URL;
  readonly controlUri: URL | undefined;
  readonly patience: number;
}

type ProxyOptions = Omit<GripTestOptions, 'url' | 'controlUri' | 'patience'>;

/** Options that a proxy has, and a test sets itself. */
const FIXED = ['target', 'routes', 'clock', 'connectTimeout', 'responseTimeout'];

/** Tells the options of a test from those of its proxy, which checks them itself. @throws GripError `GRIP_ERR_OPTION`. */
export function testSettings(options: GripTestOptions): {
  readonly settings: TestSettings;
  readonly proxyOptions: ProxyOptions;
} {
  const { url = 'http://app.test', controlUri, patience = 500, ...proxyOptions } = options;
  const fixed = Object.keys(proxyOptions).find((name) => FIXED.includes(name));
  if (fixed !== undefined) throw optionError(`option '${fixed}' is set by the test itself`);
  if (!(typeof patience === 'number' && patience >= 0))
    throw optionError(`option 'patience' is ${String(patience)}: milliseconds are required`);
  return {
    settings: {
      origin: readUrl('url', url),
      controlUri: controlUri === undefined ? undefined : readUrl('controlUri', controlUri),
      patience,
    },
    proxyOptions,
  };
}

function readUrl(name: string, value: string): URL {
  if (/^https?:/.test(value) && URL.canParse(value)) return new URL(value);
  throw optionError(`option '${name}' is '${value}': an address such as 'http://localhost:5561' is required`);
}

function optionError(message: string): GripError {
  return new GripError('GRIP_ERR_OPTION', message);
}
