import type { ControlApiOptions, GripProxyOptions, Logger, RouteOptions } from '@p-8/core';
import type { ListenOptions } from './net/listen-address.js';

/** Where the control API listens, and who may use it. */
export interface ControlOptions extends Pick<ControlApiOptions, 'key' | 'iss' | 'maxBodySize'> {
  /** Address or host name. Other than a loopback address it needs a `key`. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 5561 */
  readonly port?: number;
  /** The most bytes of a request's head. @default 10_000 */
  readonly maxHeaderSize?: number;
}

/** Options of a {@link P8Server}. All are optional; an unknown one is an error. */
export interface P8ServerOptions {
  /** Where clients connect. @default port 7999 of all interfaces */
  readonly listen?: readonly ListenOptions[];
  /** The control API's own port; false: none. @default port 5561 of 127.0.0.1 */
  readonly control?: ControlOptions | false;
  /** Where requests go. @default everything to localhost:80 */
  readonly routes?: readonly RouteOptions[];
  /** A file of routes in Pushpin's grammar, read again whenever it changes. Excludes `routes`. */
  readonly routesFile?: string;
  /** Serve the demo in place of other routes. Excludes `routes`; a `routesFile` is not read. @default false */
  readonly demo?: boolean;
  /** The proxy's other options. */
  readonly proxy?: Omit<GripProxyOptions, 'target' | 'routes' | 'logger' | 'clock'>;
  /** Directory with the certificates of TLS ports: `HOST.crt` and `HOST.key`, `_.DOMAIN.crt`, `default_PORT.crt`. */
  readonly certificates?: string;
  /** The most bytes of a client's request head. @default 16_384 */
  readonly maxHeaderSize?: number;
  /** The most client connections on each port; more are refused. @default no limit */
  readonly maxConnections?: number;
  /** Refuse the key `changeme`, which everybody knows. @default whether NODE_ENV is production */
  readonly production?: boolean;
  /** Gets what operators need to know. @default silent */
  readonly logger?: Logger;
}

/** The key that Pushpin ships, and with it every tutorial. */
export const WELL_KNOWN_KEY = 'changeme';

/** Where clients connect unless told otherwise. */
export const DEFAULT_PORT = 7999;

/** Where the control API listens unless told otherwise. */
export const DEFAULT_CONTROL_HOST = '127.0.0.1';
export const DEFAULT_CONTROL_PORT = 5561;

/** Where requests go unless told otherwise. */
export const DEFAULT_ROUTES: readonly RouteOptions[] = [{ target: 'http://localhost:80' }];
