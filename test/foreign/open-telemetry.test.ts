import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { MOUNTS } from '../support/mounts.js';
import { runNode } from '../support/run-node.js';

const TRACED = fileURLToPath(new URL('./support/traced.ts', import.meta.url));

/** What one way of mounting has seen: what clients got, and the paths of the spans of servers. */
interface Traced {
  readonly bodies: readonly string[];
  readonly paths: readonly string[];
}

describe('OpenTelemetry', function () {
  this.timeout(60_000);
  let traced: Readonly<Record<string, Traced>>;

  before(async () => {
    const { status, stdout, stderr } = await runNode([TRACED], process.cwd());
    assert.equal(status, 0, stderr);
    traced = JSON.parse(stdout) as typeof traced;
  });

  for (const { name, isRemote } of MOUNTS) {
    it(`tells of each request to ${name} once, of those that are held too, and changes none`, () => {
      const { bodies, paths } = traced[name] ?? assert.fail();
      assert.deepEqual(bodies, ['plain', '[item', 'item']);
      const once = ['/plain', '/poll', '/stream'];
      // The origin is a server of this process, too.
      assert.deepEqual(paths, isRemote ? once.flatMap((path) => [path, path]) : once);
    });
  }
});
