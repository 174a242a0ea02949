import { accessSync } from 'node:fs';
import { Activity } from '../activity.js';
import { Origin } from '../origin.js';
import type { OriginServer } from '../origin-server.js';
import { DEAD_PORT } from '../scenario.js';
import { acceptGrip, controlEvent } from '../ws-events.js';
import { PUSHPIN_INTERNAL, PushpinProcess } from './pushpin-process.js';
import type { Running, System } from './system.js';

/** The reference: Pushpin 1.36 as Debian ships it, a fresh one for each scenario. */
export const pushpin: System = {
  name: 'pushpin',
  kind: 'reference',
  canPassTime: true,
  available: () => exists(PUSHPIN_INTERNAL),
  async start(setup, origin, activity): Promise<Running> {
    const server = await origin.listen();
    const port = setup.originDown === true ? DEAD_PORT : server.port;
    const warmUp = await warmUpOrigin();
    try {
      for (let attempt = 1; ; attempt += 1) {
        const pushpin = await PushpinProcess.launch({ setup, server, port, warmUp, activity });
        if (await pushpin.ready()) return pushpin;
        await pushpin.stop();
        // another process may have taken one of the ports that were free a moment ago
        if (attempt === 3) throw new Error(`pushpin does not start:\n${pushpin.log}`);
      }
    } catch (error) {
      await server.close();
      throw error;
    } finally {
      await warmUp.close();
    }
  },
};

/** Answers that take the ways through all of its processes: they find each other only some time after their start. */
export async function warmUpOrigin(): Promise<OriginServer> {
  const script = {
    '/first': [{ headers: [['Grip-Link', '</second>; rel=next']] as const, body: 'warm' }],
    '/second': [{ body: ' enough' }],
    '/ws': [
      acceptGrip([
        controlEvent({ type: 'send-delayed', content: 'warm enough' }),
        controlEvent({ type: 'flush-delayed' }),
      ]),
    ],
  };
  return new Origin(script, new Activity()).listen();
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
