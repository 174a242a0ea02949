import { Activity } from './activity.js';
import { Origin } from './origin.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';
import type { System } from './systems/system.js';
import type { Transcript } from './transcript.js';

/** Plays `scenario` against a fresh instance of `system`, checks that nothing of it stays, and returns what was seen. */
export async function runScenario(system: System, scenario: Scenario): Promise<Transcript> {
  const activity = new Activity();
  const origin = new Origin(scenario.origin, activity);
  const running = await system.start(scenario.setup ?? {}, origin, activity);
  const stage = new Stage(system, running, scenario, origin, activity);
  try {
    for (const step of scenario.steps) {
      await step.run(stage).catch((error: unknown) => {
        const seen = JSON.stringify(stage.transcript(), undefined, 2).slice(0, 3000);
        throw new Error(`step '${step.title}': ${String(error)}\nSeen so far: ${seen}`, { cause: error });
      });
    }
    const transcript = stage.transcript();
    await stage.hangUp();
    await running.idle();
    return transcript;
  } finally {
    await stage.hangUp();
    await running.close();
  }
}
