import type { RequestListener } from 'node:http';
import type { RouteOptions } from '@p-8/core';
import type { TestedApp } from './app-listener.js';
import type { GripTestOptions } from './grip-test-options.js';

/** Routes of a proxy that has the app as its origin. `jsonInstructs`: content of the app's may be an instruct. */
export function routesTo(
  app: TestedApp,
  listener: RequestListener,
  { sockjs, sockjsAsPath }: GripTestOptions,
  jsonInstructs: boolean,
): RouteOptions[] {
  const paths = {
    ...(sockjs !== undefined && { sockjs }),
    ...(sockjsAsPath !== undefined && { sockjsAsPath }),
  };
  const route: RouteOptions = { ...paths, target: { listener, overHttp: true }, jsonInstructs };
  // What speaks WebSocket itself is asked by itself.
  if (typeof app !== 'object' || !('target' in app) || app.overHttp !== false) return [route];
  return [
    { ...route, protocol: 'http' },
    { ...paths, protocol: 'ws', target: app.target },
  ];
}
