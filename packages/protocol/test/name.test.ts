import assert from 'node:assert/strict';
import {
  MAX_NAME_BYTES,
  parseChannels,
  parseControlMessage,
  parseInstruct,
  parseItem,
  parseItems,
  parseLinkInstruct,
  WebSocketContext,
} from '@p-8/protocol';

type Parsed = { readonly ok: true } | { readonly ok: false; readonly message: string };

const LONGEST = 'x'.repeat(MAX_NAME_BYTES);
const TOO_LONG = `${LONGEST}x`;
const BODY = new Uint8Array(0);

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function instruct(hold: object, prefix?: string): Parsed {
  const headers = ['Content-Type', 'application/grip-instruct'];
  return parseInstruct({ status: 200, reason: 'OK', headers, body: json({ hold }) }, prefix);
}

function fields(field: string, value: string, prefix?: string): Parsed {
  return parseInstruct({ status: 200, reason: 'OK', headers: [field, value], body: BODY }, prefix);
}

function control(message: object, prefix?: string): Parsed {
  return parseControlMessage(json(message), prefix);
}

const formats = { 'http-stream': { content: 'x' } };

describe('names and ids', () => {
  const places: [place: string, parse: (name: string, prefix?: string) => Parsed, fault: string][] = [
    [
      'the channel of an item',
      (channel) => parseItem({ channel, formats }),
      "publish item object contains 'channel'",
    ],
    [
      'the id of an item',
      (id) => parseItem({ channel: 'a', id, formats }),
      "publish item object contains 'id'",
    ],
    [
      'the prev-id of an item',
      (id) => parseItem({ channel: 'a', 'prev-id': id, formats }),
      "publish item object contains 'prev-id'",
    ],
    [
      'the meta of an item',
      (name) => parseItem({ channel: 'a', meta: { [name]: '' }, formats }),
      "'meta' contains 'name'",
    ],
    [
      'one of several items',
      (id) =>
        parseItems({
          items: [
            { channel: 'a', formats },
            { channel: 'a', id, formats },
          ],
        }),
      "Invalid format: publish item object contains 'id'",
    ],
    ['Grip-Channel', (name, prefix) => fields('Grip-Channel', name, prefix), "Grip-Channel contains 'name'"],
    [
      'prev-id of Grip-Channel',
      (id) => fields('Grip-Channel', `a; prev-id=${id}`, 'p-'),
      "Grip-Channel contains 'prev-id'",
    ],
    [
      'a filter of Grip-Channel',
      (name) => fields('Grip-Channel', `a; filter=${name}`),
      "Grip-Channel contains 'filter'",
    ],
    ['Grip-Set-Meta', (name) => fields('Grip-Set-Meta', `${name}=1`), "Grip-Set-Meta contains 'name'"],
    [
      'the instruct of a next link',
      (name, prefix) =>
        parseLinkInstruct({ status: 200, reason: 'OK', headers: ['Grip-Channel', name], body: BODY }, prefix),
      "Grip-Channel contains 'name'",
    ],
    [
      'a channel of an instruct in JSON',
      (name, prefix) => instruct({ channels: [{ name }] }, prefix),
      "channel contains 'name'",
    ],
    [
      'prev-id of an instruct in JSON',
      (id) => instruct({ channels: [{ name: 'a', 'prev-id': id }] }),
      "channel contains 'prev-id'",
    ],
    [
      'a filter of an instruct in JSON',
      (name) => instruct({ channels: [{ name: 'a', filters: [name] }] }),
      "channel contains 'filter'",
    ],
    [
      'meta of an instruct in JSON',
      (name) => instruct({ channels: [], meta: { [name]: '' } }),
      "'meta' contains 'name'",
    ],
    [
      'subscribe',
      (channel, prefix) => control({ type: 'subscribe', channel }, prefix),
      "control message contains 'channel'",
    ],
    [
      'last-id of subscribe',
      (id) => control({ type: 'subscribe', channel: 'a', 'last-id': id }),
      "control message contains 'last-id'",
    ],
    [
      'a filter of subscribe',
      (name) => control({ type: 'subscribe', channel: 'a', filters: [name] }),
      "control message contains 'filters'",
    ],
    [
      'unsubscribe',
      (channel, prefix) => control({ type: 'unsubscribe', channel }, prefix),
      "control message contains 'channel'",
    ],
    ['set-meta', (name) => control({ type: 'set-meta', name, value: '' }), "control message contains 'name'"],
  ];
  for (const [place, parse, fault] of places) {
    it(`may have 1024 bytes of UTF-8, and no more, in ${place}`, () => {
      for (const name of [LONGEST, 'é'.repeat(512), '€'.repeat(341), '😀'.repeat(256)])
        assert(parse(name).ok);
      for (const [name, bytes] of [
        [TOO_LONG, 1025],
        ['é'.repeat(513), 1026],
        ['x'.repeat(1_000_000), 1_000_000],
      ] as const) {
        const message = `${fault} of ${bytes} bytes; at most 1024 are allowed`;
        assert.deepEqual(parse(name), { ok: false, message });
      }
      if (parse.length < 2) return;
      assert(parse(LONGEST.slice(2), 'p-').ok);
      const message = `${fault} of 1025 bytes with its prefix; at most 1024 are allowed`;
      assert.deepEqual(parse(LONGEST.slice(1), 'p-'), { ok: false, message });
    });
  }

  it('are read from Grip-Channel with the prefix', () => {
    const channels = parseChannels(['Grip-Channel', 'a, b'], 'p-');
    assert(channels.ok);
    assert.deepEqual(
      channels.value.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  it('are refused before a handler sends them', () => {
    const context = new WebSocketContext('1', {}, [], 'p-');
    assert.throws(() => context.subscribe(LONGEST), RangeError);
    assert.throws(() => context.subscribe('a', { lastId: TOO_LONG }), RangeError);
    assert.throws(() => context.subscribe('a', [TOO_LONG]), RangeError);
    context.subscribe(LONGEST.slice(2), { lastId: LONGEST });
    assert.equal(context.outEvents.length, 1);
  });
});
