import { isDeepStrictEqual, parseArgs } from 'node:util';
import { readRecording, writeRecording } from './recorded.js';
import { runScenario } from './run-scenario.js';
import { groups } from './scenarios/index.js';
import { pushpin } from './systems/pushpin.js';

const USAGE = 'node --import tsx test/conformance/record.ts [--check] [part of a name]';

/**
 * Records what the reference does, for all scenarios or for those whose name or group contains the argument. With `--check` it
 * writes nothing and says what came out otherwise than recorded.
 */
async function record(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean', default: false } },
  });
  const [filter = '', ...rest] = positionals;
  if (rest.length > 0) throw new Error(USAGE);
  let problems = 0;
  for (const group of groups) {
    const recording = readRecording(group);
    for (const scenario of group.scenarios) {
      if (!`${group.name}: ${scenario.name}`.includes(filter)) continue;
      try {
        const transcript = await runScenario(pushpin, scenario);
        const same = isDeepStrictEqual(recording[scenario.name], transcript);
        if (values.check && !same) problems += 1;
        console.log(`${same ? '=' : '≠'} ${group.name}: ${scenario.name}`);
        if (values.check && !same) console.log(JSON.stringify(transcript, undefined, 2));
        recording[scenario.name] = transcript;
      } catch (error) {
        problems += 1;
        console.log(`! ${group.name}: ${scenario.name}\n${String(error)}`);
      }
    }
    if (!values.check) writeRecording(group, recording);
  }
  console.log(`${problems} problems`);
  process.exitCode = problems > 0 ? 1 : 0;
}

await record();
