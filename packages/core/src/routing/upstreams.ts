import type { RequestListener } from 'node:http';
import type { TargetOptions } from '../options.js';
import type { Settings } from '../settings.js';
import { FailoverUpstream } from '../upstream/failover.js';
import { InProcessUpstream, listenerTarget } from '../upstream/in-process.js';
import { RemoteUpstream } from '../upstream/remote.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpstreamServices } from '../upstream/upstream-services.js';
import type { WebSocketTarget } from './origin.js';
import { readTargetUrl } from './route-options.js';

/**
 * The connections to targets. They outlive the routes that name them: when routes change, what a connection is held by
 * keeps its origin, and a target that stays keeps its connections.
 */
export class Upstreams {
  readonly #settings: Settings;
  readonly #services: UpstreamServices;
  readonly #remote = new Map<string, RemoteUpstream>();
  readonly #inProcess = new Map<RequestListener, InProcessUpstream>();

  constructor(context: { readonly settings: Settings; readonly upstreams: UpstreamServices }) {
    this.#settings = context.settings;
    this.#services = context.upstreams;
  }

  /** The targets of a route, tried in order. */
  failover(targets: readonly TargetOptions[]): Upstream {
    return new FailoverUpstream(
      targets.map((target) => ({
        name: targetName(target),
        upstream: this.#upstreamOf(target),
        host: target.host,
      })),
    );
  }

  /** The targets of a route, as WebSockets are brought to them. What listens in this process is asked over HTTP. */
  webSocketTargets(targets: readonly TargetOptions[]): WebSocketTarget[] {
    const { responseTimeout } = this.#settings;
    return targets.map((target) => {
      const isDirect = target.listener === undefined && target.overHttp !== true;
      const remote = isDirect ? this.#remoteOf(target) : undefined;
      return {
        name: targetName(target),
        host: target.host,
        implicitChannels: target.subscribe ?? [],
        connect: remote && ((host, callback) => remote.connect(host, callback)),
        upstream: this.#upstreamOf(target),
        oneEvent: target.oneEvent ?? false,
        responseTimeout,
      };
    });
  }

  async close(): Promise<void> {
    const all = [...this.#remote.values(), ...this.#inProcess.values()];
    this.#remote.clear();
    this.#inProcess.clear();
    await Promise.all(all.map((upstream) => upstream.close()));
  }

  #upstreamOf(target: TargetOptions): Upstream {
    const { listener } = target;
    if (listener === undefined) return this.#remoteOf(target);
    const known = this.#inProcess.get(listener);
    if (known !== undefined) return known;
    const { onError } = this.#services;
    const upstream = new InProcessUpstream(listenerTarget(listener, onError), this.#services);
    this.#inProcess.set(listener, upstream);
    return upstream;
  }

  #remoteOf(target: TargetOptions): RemoteUpstream {
    const url = readTargetUrl(target.url);
    const options = {
      url: url.origin,
      insecure: target.insecure ?? false,
      servername: target.trustConnectHost === true ? url.hostname : undefined,
      untrusted: target.untrusted ?? false,
      clientCert: target.clientCert,
      clientKey: target.clientKey,
      connectTimeout: this.#settings.connectTimeout,
      responseTimeout: this.#settings.responseTimeout,
    };
    const key = JSON.stringify(options);
    const upstream = this.#remote.get(key) ?? new RemoteUpstream(options, this.#services);
    this.#remote.set(key, upstream);
    return upstream;
  }
}

/** For messages. */
function targetName({ listener, url }: TargetOptions): string {
  return listener === undefined ? readTargetUrl(url).host : 'listener';
}
