import type { RequestListener } from 'node:http';
import { GripProxy, type GripProxyOptions } from '@p-8/core';
import { DEAD_PORT, type Setup } from '../scenario.js';
import { inProcessOptions, remoteOptions } from './p8-options.js';
import { P8Running } from './p8-running.js';
import { SkippableClock } from './skippable-clock.js';
import type { System } from './system.js';

/** An app and the proxy that is mounted in it. */
export interface MountedApp {
  readonly proxy: GripProxy;
  readonly listener: RequestListener;
}

/** A way of mounting P-8 before an origin that is a server of its own. */
export function remoteSystem(name: string, mount: (options: GripProxyOptions) => MountedApp): System {
  return {
    name,
    kind: 'remote',
    canPassTime: true,
    available: () => true,
    async start(setup, origin, activity) {
      const server = await origin.listen();
      const port = setup.originDown === true ? DEAD_PORT : server.port;
      const clock = new SkippableClock();
      const app = mount({ ...remoteOptions(setup, port), clock });
      const lingering = lingeringOf(setup);
      return P8Running.start({ ...app, clock, activity, lingering, origin: server, originPort: port });
    },
  };
}

/** A way of mounting P-8 in an app that is the origin itself. `mount` makes the app. */
export function inProcessSystem(
  name: string,
  mount: (options: GripProxyOptions, origin: Parameters<System['start']>[1]) => MountedApp,
): System {
  return {
    name,
    kind: 'in-process',
    canPassTime: true,
    available: () => true,
    async start(setup, origin, activity) {
      const clock = new SkippableClock();
      const app = mount({ ...inProcessOptions(setup), clock }, origin);
      return P8Running.start({ ...app, clock, activity, lingering: lingeringOf(setup) });
    },
  };
}

/** A client of SockJS has 5 seconds for its next poll; then its origin may have to be told. */
function lingeringOf({ route }: Setup): number {
  return route?.sockjs === undefined ? 0 : 15_000;
}

/** A plain Node server whose requests all go to P-8. */
export const node: System = remoteSystem('node', (options) => {
  const proxy = new GripProxy(options);
  return { proxy, listener: (req, res) => proxy.handle(req, res) };
});

/** P-8 around a plain request listener in the same process. */
export const wrap: System = inProcessSystem('wrap', (options, origin) => {
  const proxy = new GripProxy(options);
  return { proxy, listener: proxy.wrap(origin.listener) };
});
