import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { HOUSES, type House } from './support/houses.js';
import { InteropStage } from './support/interop-stage.js';
import { runPython, skipWithoutPython } from './support/python.js';

/** What comes back, by what is done. */
const MESSAGES: Readonly<Record<string, unknown>> = {
  'texts and bytes': ['hello', '', 'Grüße, 世界 🎉', [0, 1, 255], []],
  fragments: 'one, two, three',
  'a ping between fragments': 'one, two',
  'a character in two fragments': [0xf0, 0x9f, 0x8e, 0x89],
  'large messages': [true, true],
  'many messages': true,
  'a ping to the app': 'pong',
  'a ping from the app': 'you said pong are you there',
  'a subprotocol': 'chat.v2',
  'a close by the client': [4321, 'enough', false],
  'a close by the app': [4001, 'bye then', true],
  'compressed messages': [['permessage-deflate'], true, true],
};

/** The code that the client is closed with, by what it does wrong. Source: RFC 6455 5, 7.4.1, 8.1. */
const WRONG_FRAMES: Readonly<Record<string, unknown>> = {
  RSV1: 1002,
  RSV2: 1002,
  RSV3: 1002,
  'RSV1 of a ping': 1002,
  'opcode 3': 1002,
  'opcode 7': 1002,
  'opcode 11': 1002,
  'opcode 15': 1002,
  'unmasked text': 1002,
  'unmasked ping': 1002,
  'a ping in fragments': 1002,
  'a ping of 126 bytes': 1002,
  'a continuation of nothing': 1002,
  'a continuation after the end': 1002,
  'a text within a text': 1002,
  'bytes within a text': 1002,
  'bad UTF-8': 1007,
  'bad UTF-8 in fragments': 1007,
  'half a character': 1007,
  'bad UTF-8 after what is good': 1007,
  'a close of one byte': 1002,
  'a close of 126 bytes': 1002,
  'a close with bad UTF-8': 1007,
  'a close with 0': 1002,
  'a close with 999': 1002,
  'a close with 1004': 1002,
  'a close with 1005': 1002,
  'a close with 1006': 1002,
  'a close with 1015': 1002,
  'a close with 1016': 1002,
  'a close with 2999': 1002,
  'a close with 5000': 1002,
  'a close with 65535': 1002,
  'a message that is too large': 1009,
  'fragments that are too large': 1009,
  'a frame that would be too large': 1009,
  'a frame beyond all measure': 1009,
  'what is no deflated data': 1007,
  'RSV1 of a continuation': 1002,
  'nothing wrong': 'still here',
};

const scripts = { 'messages.py': MESSAGES, 'wrong_frames.py': WRONG_FRAMES };

for (const [name, build] of Object.entries(HOUSES)) {
  for (const [script, expected] of Object.entries(scripts)) {
    describe(`python3-websockets as a client of ${name}, by ${script}`, function () {
      this.timeout(60_000);
      const stage = new InteropStage();
      let house: House;
      let reported: Readonly<Record<string, unknown>> = {};

      before(async function () {
        await skipWithoutPython(this);
        house = await build(stage, { compression: true });
        reported = await runPython(script, `${house.url}/ws`);
      });

      after(() => stage.close());

      for (const [what, outcome] of Object.entries(expected)) {
        it(`gets ${JSON.stringify(outcome)} for ${what}`, () => {
          assert.deepEqual(reported[what], outcome);
        });
      }

      it('leaves the app knowing how each of them ended', async () => {
        const count = (pattern: RegExp): number =>
          house.app.seen.all.filter((line) => pattern.test(line)).length;
        await eventually(() => count(/^(close|DISCONNECT)/) === count(/^OPEN/), 'all ends');
        const wrong = Object.values(expected).filter((outcome) => typeof outcome === 'number').length;
        assert.equal(count(/^DISCONNECT/), wrong);
      });
    });
  }
}
