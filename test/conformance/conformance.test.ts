// Runs first: it has thousands of scenarios.

import assert from 'node:assert/strict';
import { disagreements, readDifferences } from './differences.js';
import { readRecording } from './recorded.js';
import { runScenario } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import { groups } from './scenarios/index.js';
import { chosenSystems } from './systems/index.js';
import type { System } from './systems/system.js';
import type { Transcript } from './transcript.js';

describe('conformance with Pushpin 1.36', () => {
  it('differs only where docs/differences.md says so', () => {
    assert.deepEqual(disagreements(groups, readDifferences()), []);
  });

  it('has a recording of every scenario, and no two scenarios with one name', () => {
    for (const group of groups) {
      const names = group.scenarios.map(({ name }) => name);
      assert.deepEqual(Object.keys(readRecording(group)), names);
    }
  });

  for (const system of chosenSystems(process.env.CONFORMANCE_SYSTEMS)) {
    describe(system.name, () => {
      after(function () {
        // processes have to end
        this.timeout(60_000);
        return system.dispose?.();
      });
      for (const group of groups) {
        const recording = readRecording(group);
        describe(group.name, () => {
          for (const scenario of group.scenarios) {
            if (!applies(scenario, system)) continue;
            it(scenario.name, async function () {
              // a process may have to be started first
              this.timeout(60_000);
              const recorded = recording[scenario.name];
              assert.ok(recorded, 'not recorded yet');
              assert.deepEqual(await runScenario(system, scenario), expected(scenario, system, recorded));
            });
          }
        });
      }
    });
  }
});

function applies({ mounts, steps }: Scenario, system: System): boolean {
  if (steps.some(({ takesTime }) => takesTime) && !system.canPassTime) return false;
  return mounts === undefined || system.kind === 'reference' || system.kind === mounts.only;
}

function expected({ expect }: Scenario, system: System, recorded: Transcript): Transcript {
  if (expect === undefined || system.kind === 'reference') return recorded;
  const { difference: _, of, ...ours } = expect;
  return { ...recorded, ...ours, ...of?.[system.name] };
}
