import { compiled } from '../machine/compiled.js';
import { launch, nextMessage, terminate } from '../machine/launch.js';
import type { Ports } from '../servers/site.js';
import type { Contender, Running, Site } from './contender.js';

/** Milliseconds until a server listens. */
const STARTING = 20_000;

/** One of bench/servers, with what it is told. `needsOrigin`: it is told where the origin is. */
function nodeServer(name: string, settings: object, { needsOrigin }: { needsOrigin: boolean }): Contender {
  return {
    missing: () => undefined,
    start: (site) =>
      startNodeServer(name, needsOrigin ? { ...settings, originPort: site.originPort } : settings, site),
  };
}

/** Starts one of bench/servers. */
export async function startNodeServer(
  name: string,
  settings: object,
  { cores, nodeArguments }: Pick<Site, 'cores' | 'nodeArguments'>,
): Promise<Running> {
  const argv = [...nodeArguments, ...compiled(`servers/${name}`), JSON.stringify(settings)];
  const child = launch(process.execPath, argv, { cores, ipc: true });
  const { port, controlPort } = await nextMessage<Ports>(child, STARTING);
  return {
    pid: child.pid ?? 0,
    port,
    publish: controlPort === undefined ? undefined : { port: controlPort, form: 'grip' },
    isNode: true,
    stop: () => terminate(child),
  };
}

/** What P-8 does of GRIP, without all that makes it cost something. */
export const bareGrip: Contender = nodeServer('bare-grip', {}, { needsOrigin: true });

/** A relay of Node's server and undici's dispatch. */
export function bareRelay(framework: 'none' | 'express' | 'koa'): Contender {
  return nodeServer('bare-relay', { framework }, { needsOrigin: true });
}

/** P-8 in an app, in front of an origin elsewhere. */
export function mounted(framework: 'express' | 'koa', grip: 'use' | 'wrap'): Contender {
  return nodeServer('app', { framework, grip }, { needsOrigin: true });
}

/** An app that answers itself, with P-8 or without. */
export function plainApp(framework: 'express' | 'koa', grip: 'none' | 'use'): Contender {
  return nodeServer('app', { framework, grip }, { needsOrigin: false });
}
