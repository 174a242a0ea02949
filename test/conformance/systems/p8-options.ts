import type { GripProxyOptions } from '@p-8/core';
import { DEAD_TARGET, type Setup } from '../scenario.js';

/** Options of a route that an app in the same process has too. */
const OF_ALL_ROUTES = [
  'autoCrossOrigin',
  'debug',
  'prefix',
  'sigIss',
  'sigKey',
  'sockjs',
  'sockjsAsPath',
] as const;

/** The options of a P-8 in front of an origin at `port`. */
export function remoteOptions(setup: Setup, port: number): GripProxyOptions {
  const { route = {}, target = {}, proxy = {} } = setup;
  const targets = [
    ...(setup.deadTargetFirst === true ? [{ ...target, url: `http://${DEAD_TARGET}` }] : []),
    { ...target, url: `http://127.0.0.1:${port}` },
  ];
  return { cdnLoop: '', ...proxy, routes: [{ ...route, target: targets }] };
}

/** The options of a P-8 whose app is the origin, and writes all kinds of instructs. Throws where the setup needs a route: such scenarios are remote only. */
export function inProcessOptions(setup: Setup): GripProxyOptions {
  const { route = {}, target = {}, proxy = {} } = setup;
  const remote = [
    // the app is asked over HTTP anyway
    ...Object.keys(target).filter((name) => name !== 'overHttp'),
    ...Object.keys(route).filter((name) => !OF_ALL_ROUTES.some((other) => other === name)),
  ];
  if (remote.length > 0) throw new Error(`not in process: ${remote.join(', ')}`);
  return { jsonInstructs: true, ...proxy, ...(route as GripProxyOptions) };
}
