// Runs alone: it measures memory.

import assert from 'node:assert/strict';
import { runScript } from '../support/run-script.js';
import type { Rest } from './support/rounds.js';

const ROUNDS = 10;

/** Rounds in which what is compiled, and caches and pools that fill, may grow. */
const FIRST_ROUNDS = 2;

/** Comes to less than 13 bytes for each stream and round, and 130 for each WebSocket: no object of any of them has stayed. */
const ALLOWED_BYTES = { stream: 500_000, websocket: 1_000_000 };

describe(`clients that come, are held and go, ${ROUNDS} times`, function () {
  this.timeout(240_000);

  it('leave nothing behind: 5,000 streams', () => visit('stream', 5000));

  it('leave nothing behind: 1,000 WebSockets', () => visit('websocket', 1000));

  async function visit(kind: keyof typeof ALLOWED_BYTES, clients: number): Promise<void> {
    const script = new URL('support/rounds.ts', import.meta.url);
    const printed = await runScript(script, [kind, clients, ROUNDS].map(String), {}, ['--expose-gc']);
    const rests = JSON.parse(printed) as Rest[];
    const [early, late] = [rests[FIRST_ROUNDS - 1], rests[ROUNDS - 1]];
    assert(early !== undefined && late !== undefined, printed);
    assert.equal(late.held, 0);
    assert.equal(late.listeners, early.listeners);
    assert.deepEqual(late.resources, early.resources);
    const stays = late.heap - early.heap;
    assert(stays < ALLOWED_BYTES[kind], `${stays} bytes stay: ${rests.map(({ heap }) => heap).join(', ')}`);
  }
});
