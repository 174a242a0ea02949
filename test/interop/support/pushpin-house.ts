import { Activity } from '../../conformance/activity.js';
import { OVER_HTTP } from '../../conformance/scenario.js';
import { warmUpOrigin } from '../../conformance/systems/pushpin.js';
import { PushpinProcess } from '../../conformance/systems/pushpin-process.js';
import { type AppHouse, gripConfig, type MakeApp, stageLater } from './app-houses.js';
import type { InteropStage } from './interop-stage.js';

/** Another process may take one of the ports that were free a moment ago. */
const ATTEMPTS = 3;

/** An app behind the reference. Its subscribers are counted since the start: those who left are not taken off. */
export async function behindPushpin<Framework>(
  stage: InteropStage,
  make: MakeApp<Framework>,
): Promise<AppHouse> {
  const { site, use } = await stageLater(stage);
  const pushpin = await launchPushpin(site.port);
  stage.onClose(() => pushpin.stop());
  const grip = gripConfig(`http://127.0.0.1:${pushpin.controlPort}/`);
  use(make(grip));
  const subscribers = (channel: string): number => pushpin.subscriptions(channel);
  return { url: `http://127.0.0.1:${pushpin.port}`, grip, subscribers };
}

/** Starts the reference in front of a port of the loopback address, with events over HTTP for WebSockets. */
export async function launchPushpin(port: number): Promise<PushpinProcess> {
  const warmUp = await warmUpOrigin();
  try {
    for (let attempt = 1; ; attempt++) {
      const options = { setup: OVER_HTTP, server: warmUp, port, warmUp, activity: new Activity() };
      const pushpin = await PushpinProcess.launch(options);
      if (await pushpin.ready()) return pushpin;
      await pushpin.stop();
      if (attempt === ATTEMPTS) throw new Error(`pushpin does not start:\n${pushpin.log}`);
    }
  } finally {
    await warmUp.close();
  }
}
