import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import { parseInstruct } from '@p-8/protocol';
import * as ours from '@p-8/publisher-client';
import fc from 'fast-check';
import type { Library } from './support/differences.js';

/** Names and values that either library writes in the same way. */
const plain = fc
  .array(fc.constantFrom(...'abcXYZ019-_./:~ (é='), { minLength: 1, maxLength: 8 })
  .map((chars) => chars.join('').trim())
  .filter((name) => name !== '');
const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });

/** What a proxy reads from an instruct. */
function read(headers: Record<string, string>) {
  const fields = Object.entries(headers).flat();
  const instruct = parseInstruct({ status: 200, reason: 'OK', headers: fields, body: new Uint8Array() });
  if (!instruct.ok) assert.fail(instruct.message);
  return instruct.value;
}

describe('instructs, as @fanoutio/grip has them', () => {
  it('have the same headers', () => {
    const anything = fc.record(
      {
        channels: fc.array(fc.tuple(plain, fc.option(plain))),
        status: fc.integer({ min: 200, max: 599 }),
        hold: fc.constantFrom('response', 'stream'),
        timeout: fc.option(seconds),
        keepAlive: fc.tuple(
          fc.oneof(plain, fc.constantFrom(':\n\n', '\\', 'a,"b\r\n', '\0'), fc.uint8Array({ minLength: 1 })),
          seconds,
        ),
        nextLink: fc.tuple(fc.constantFrom('/a', '/b?c=d&e=%20', 'http://host/x#y'), fc.option(seconds)),
        meta: fc.dictionary(fc.stringMatching(/^[a-z_-]+$/), plain),
      },
      { requiredKeys: ['channels'] },
    );
    fc.assert(
      fc.property(anything, ({ channels, status, hold, timeout, keepAlive, nextLink, meta }) => {
        // Not ASCII: base64 is in its place.
        fc.pre(typeof keepAlive?.[0] !== 'string' || !keepAlive[0].includes('é'));
        const make = (lib: Library): Record<string, string> => {
          const instruct = new lib.GripInstruct();
          for (const [name, prevId] of channels)
            instruct.addChannel(new lib.Channel(name, prevId) as ours.Channel);
          if (status !== undefined) instruct.setStatus(status);
          if (hold === 'response') instruct.setHoldLongPoll(timeout ?? undefined);
          if (hold === 'stream') instruct.setHoldStream();
          if (keepAlive !== undefined) instruct.setKeepAlive(...keepAlive);
          if (nextLink !== undefined) instruct.setNextLink(nextLink[0], nextLink[1] ?? undefined);
          if (meta !== undefined) instruct.meta = meta;
          return instruct.toHeaders({ 'Content-Type': 'text/plain' });
        };
        assert.deepEqual(Object.entries(make(ours)), Object.entries(make(theirs)));
      }),
    );
  });

  it('take channels in all forms', () => {
    for (const make of [
      () => 'a',
      () => ['a', 'b'],
      (lib: Library) => new lib.Channel('a', '1'),
      (lib: Library) => [new lib.Channel('a', '1'), new lib.Channel('b')],
      () => [],
    ]) {
      const of = (lib: Library) => new lib.GripInstruct(make(lib) as ours.Channel[]).toHeaders();
      assert.deepEqual(of(ours), of(theirs));
      assert.equal(
        ours.createGripChannelHeader(make(ours) as ours.Channel[]),
        theirs.createGripChannelHeader(make(theirs) as theirs.Channel[]),
      );
      assert.equal(
        JSON.stringify(ours.parseChannels(make(ours) as ours.Channel[])),
        JSON.stringify(theirs.parseChannels(make(theirs) as theirs.Channel[])),
      );
    }
    assert.deepEqual(new ours.Channel('a', '1').export(), new theirs.Channel('a', '1').export());
    assert.deepEqual(new ours.Channel('a').export(), new theirs.Channel('a').export());
  });

  it('take channels of theirs, and theirs take ours', () => {
    assert.equal(ours.createGripChannelHeader(new theirs.Channel('a', '1')), 'a; prev-id=1');
    assert.equal(theirs.createGripChannelHeader(new ours.Channel('a', '1')), 'a; prev-id=1');
  });

  it('escape quotes in the same way, and control characters, but for tabs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(ours.escapeQuotes(text), theirs.escapeQuotes(text));
        const written = (lib: Library): string => {
          try {
            return lib.encodeCString(text);
          } catch (error) {
            return String(error);
          }
        };
        if (!text.includes('\t')) assert.equal(written(ours), written(theirs));
      }),
    );
  });
});

describe('instructs', () => {
  it('are read by the proxy as they were meant', () => {
    const name = fc
      .string({ unit: 'grapheme' })
      .filter((text) => /^(?![ \t])[^",;\p{Cc}]+(?<![ \t])$/u.test(text) && !/[\x80-\xff]/.test(text));
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}|[\x80-\xff]/u.test(text));
    const data = fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), fc.uint8Array({ minLength: 1 }));
    fc.assert(
      fc.property(name, value, name, value, data, (channel, prevId, filter, user, keepAlive) => {
        const instruct = new ours.GripInstruct(new ours.Channel(channel, prevId, [filter]));
        instruct.setHoldStream();
        instruct.setKeepAlive(keepAlive, 20.9, 'interval');
        instruct.meta = { user };
        const headers = instruct.toHeaders();
        // Headers take them, and give them to a server as they are.
        assert.deepEqual(new Headers(headers).get('grip-channel'), headers['Grip-Channel']);
        const seen = read(headers);
        assert.deepEqual(seen.channels, [
          { name: channel, prevId: prevId === '' ? undefined : prevId, filters: [filter] },
        ]);
        assert.deepEqual(Object.fromEntries(seen.meta), { user });
        assert.deepEqual(seen.keepAlive, {
          data: typeof keepAlive === 'string' ? new TextEncoder().encode(keepAlive) : keepAlive,
          timeoutSeconds: 20,
          mode: 'interval',
        });
      }),
    );
  });

  it('keep names of Latin-1 as they are, since Node makes UTF-8 of them beside a body that is a string', () => {
    assert.equal(ours.createGripChannelHeader('é'), 'é');
    assert.equal(read({ 'Grip-Channel': 'é' }).channels[0]?.name, 'é');
    assert.equal(read({ 'Grip-Channel': Buffer.from('é').toString('latin1') }).channels[0]?.name, 'é');
  });

  it('say what is wrong with a channel, and with which', () => {
    assert.throws(() => new ours.GripInstruct(['a', 'b,c']).toHeaders(), {
      message:
        'The channel "b,c" cannot be sent in a header: it is empty, or has a comma, semicolon, lone quote or outer space.',
    });
    assert.throws(
      () => ours.createGripChannelHeader(new ours.Channel('a', null, ['1', '2', '3', '4', '5', '6'])),
      {
        message: 'The channel "a" cannot be sent in a header: it has more than 5 filters.',
      },
    );
    for (const channel of ['x'.repeat(1025), new ours.Channel('a', 'x'.repeat(1025))]) {
      assert.throws(() => ours.createGripChannelHeader(channel), {
        name: 'TypeError',
        message: /^The name or id "x{20}…" cannot .* it has 1025 bytes, and at most 1024 are allowed/,
      });
    }
  });
});
