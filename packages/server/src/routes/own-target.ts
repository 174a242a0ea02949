import { networkInterfaces } from 'node:os';
import type { RouteOptions, TargetOptions } from '@p-8/core';
import { isAnyAddress, isLoopback } from '../net/listen-address.js';

/** A port of this process. */
export interface OwnPort {
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** The first target that is a port of this process itself, where each request would go round for ever; or undefined. */
export function findOwnTarget(
  routes: readonly RouteOptions[],
  ports: readonly OwnPort[],
): string | undefined {
  return routes
    .flatMap((route): readonly (string | TargetOptions)[] =>
      typeof route.target === 'string' || !isList(route.target) ? [route.target] : route.target,
    )
    .map((target) => (typeof target === 'string' ? target : target.url))
    .find((url) => url !== undefined && ports.some((port) => leadsTo(url, port)));
}

function leadsTo(url: string, own: OwnPort): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port, protocol } = new URL(url);
  if (Number(port || (protocol === 'https:' ? 443 : 80)) !== own.port) return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === own.host) return true;
  if (isLoopback(host)) return isAnyAddress(own.host) || isLoopback(own.host);
  return isAnyAddress(own.host) && (isAnyAddress(host) || isOwnAddress(host));
}

function isOwnAddress(host: string): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

function isList(target: RouteOptions['target']): target is readonly (string | TargetOptions)[] {
  return Array.isArray(target);
}
