import type { Signer } from '../http/signature.js';
import type { JsonpOptions, RouteOptions } from '../options.js';
import type { Settings } from '../settings.js';
import type { LinkHosts } from './link-hosts.js';
import { type TargetAddress, targetAddress } from './own-address.js';
import { RemoteOrigin } from './remote-origin.js';
import { checkRoute, readTargets, readTargetUrl } from './route-options.js';
import type { RouteCondition } from './route-table.js';
import type { Upstreams } from './upstreams.js';

/** A route as requests meet it. */
export interface Route extends RouteCondition {
  readonly origin: RemoteOrigin;
  /** False: responses pass whatever they are. */
  readonly grip: boolean;
  /** A target takes WebSocket-over-HTTP. */
  readonly overHttp: boolean;
  readonly targetAddresses: readonly TargetAddress[];
  readonly jsonp: JsonpOptions;
  /** Pages that may open WebSockets; undefined: any. */
  readonly origins: readonly string[] | undefined;
  /** Undefined: the route has no SockJS clients. */
  readonly sockjs: { readonly prefix: string; readonly asPath: string | undefined } | undefined;
}

/** What all routes share. */
export interface RouteContext {
  readonly settings: Settings;
  readonly linkHosts: LinkHosts;
  signer(iss: string, key: string | Uint8Array): Signer | undefined;
}

/** Builds the routes that options describe. @throws GripError `GRIP_ERR_OPTION`. */
export function buildRoutes(
  routes: readonly RouteOptions[],
  upstreams: Upstreams,
  context: RouteContext,
): Route[] {
  return routes.map((route) => buildRoute(route, upstreams, context));
}

function buildRoute(route: RouteOptions, upstreams: Upstreams, context: RouteContext): Route {
  checkRoute(route);
  const { settings, linkHosts } = context;
  const targets = readTargets(route.target);
  const targetUrls = targets.flatMap(({ listener, url }) =>
    listener === undefined ? [readTargetUrl(url)] : [],
  );
  const isInProcess = targets.some(({ listener }) => listener !== undefined);
  const setsForwarded = settings.setXForwardedProtocol !== false;
  const origin = new RemoteOrigin(upstreams.failover(targets), {
    webSocketTargets: upstreams.webSocketTargets(targets),
    id: route.id ?? '',
    prefix: route.prefix ?? settings.prefix,
    debug: route.debug ?? settings.debug,
    autoCrossOrigin: route.autoCrossOrigin ?? settings.autoCrossOrigin,
    limits: {
      queueBytes: route.sessionQueueBytes ?? settings.sessionQueueBytes,
      policy: route.slowClient ?? settings.slowClient,
    },
    jsonInstructs: route.jsonInstructs ?? settings.jsonInstructs ?? !isInProcess,
    seesClients: isInProcess,
    implicitChannels: targets.flatMap(({ subscribe }) => subscribe ?? []),
    signer: context.signer(route.sigIss ?? settings.sigIss, route.sigKey ?? settings.sigKey),
    grip: route.grip ?? true,
    asHost: route.asHost,
    pathRemove: route.pathRemove ?? 0,
    pathPrepend: route.pathPrepend ?? '',
    headers: route.headers ?? [],
    rules: {
      setXForwardedProtocol: settings.setXForwardedProtocol,
      removeXForwardedProtocol: setsForwarded || settings.acceptXForwardedProtocol,
      removePushpinRoute: settings.acceptPushpinRoute,
      removeForgedFields: route.grip ?? true,
      cdnLoop: settings.cdnLoop,
    },
    xForwardedFor: settings.xForwardedFor,
    xForwardedForTrusted: settings.xForwardedForTrusted,
    targetHosts: new Set(targetUrls.map(({ host }) => host)),
    linkHosts,
  });
  return {
    id: route.id ?? '',
    host: route.host ?? '*',
    protocol: route.protocol,
    ssl: route.ssl,
    pathPrefix: route.pathPrefix ?? '',
    origin,
    grip: route.grip ?? true,
    overHttp: targets.some(({ overHttp, listener }) => overHttp === true || listener !== undefined),
    targetAddresses: targetUrls.map(targetAddress),
    jsonp: route.jsonp ?? {},
    origins: route.origins ?? settings.origins,
    sockjs: route.sockjs === undefined ? undefined : { prefix: route.sockjs, asPath: route.sockjsAsPath },
  };
}
