import { GripError, type RouteOptions } from '@p-8/core';
import { isLoopback } from './net/listen-address.js';
import { DEFAULT_CONTROL_HOST, type P8ServerOptions, WELL_KNOWN_KEY } from './options.js';

const KNOWN = `'${WELL_KNOWN_KEY}', which everybody knows`;

/**
 * Looks for the key that everybody knows: whoever has the signing key can claim to be the proxy.
 *
 * @returns what to warn about
 * @throws GripError when such a key is used in production
 */
export function checkWellKnownKeys({ proxy = {}, control, production }: P8ServerOptions): string[] {
  const complaints: string[] = [];
  if (isWellKnown(proxy.sigKey ?? WELL_KNOWN_KEY)) {
    complaints.push(
      `the signing key is ${KNOWN}: set another with sig_key in the configuration file or P8_SIG_KEY in the environment`,
    );
  }
  if (isWellKnown(proxy.upstreamKey)) {
    complaints.push(
      `upstream_key is ${KNOWN}: set another in the configuration file, and in the proxy in front`,
    );
  }
  if (control && isWellKnown(control.key)) {
    complaints.push(
      `the key of the control API is ${KNOWN}: set another with --control-key, P8_CONTROL_KEY or control_key`,
    );
  }
  return refuseInProduction(complaints, production);
}

/** The same for the keys of routes. */
export function checkRouteKeys(routes: readonly RouteOptions[], { production }: P8ServerOptions): string[] {
  const complaints = routes.some((route) => isWellKnown(route.sigKey))
    ? [`sig_key of a route is ${KNOWN}: set another in the routes`]
    : [];
  return refuseInProduction(complaints, production);
}

function refuseInProduction(
  complaints: string[],
  production = process.env.NODE_ENV === 'production',
): string[] {
  const [first] = complaints;
  if (production && first !== undefined) {
    throw new GripError('GRIP_ERR_OPTION', `${first} (NODE_ENV is production, so it is refused)`);
  }
  return complaints;
}

/**
 * Whoever reaches the control API can push to every client, so it needs a key where other machines reach it.
 *
 * @throws GripError when it has none
 */
export function checkControlKey(control: P8ServerOptions['control']): void {
  if (control === false || control === undefined) return;
  const host = control.host ?? DEFAULT_CONTROL_HOST;
  const keyless = control.key === undefined || control.key.length === 0;
  if (keyless && !isLoopback(host)) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `--control-port: other machines reach the control API on ${host}, so it needs a key: set one with --control-key, ` +
        'P8_CONTROL_KEY in the environment or control_key in the configuration file, or listen on 127.0.0.1',
    );
  }
}

function isWellKnown(key: string | Uint8Array | undefined): boolean {
  return (
    key !== undefined && (typeof key === 'string' ? key : Buffer.from(key).toString()) === WELL_KNOWN_KEY
  );
}
