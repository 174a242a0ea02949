import assert from 'node:assert/strict';
import { type Item, parseItem, parseItems } from '@p-8/protocol';
import { bytes, expectFailure, expectOk } from './helpers.js';

const stream = { 'http-stream': { content: 'x' } };

describe('a published item', () => {
  it('has all that was written', () => {
    const item = {
      channel: 'apple',
      id: 'item1',
      'prev-id': 'item0',
      meta: { foo: 'bar', bar: 'baz' },
      formats: { 'http-stream': { content: 'hello world' } },
      'no-seq': true,
      size: 7,
    };
    const expected: Item = {
      channel: 'apple',
      id: 'item1',
      prevId: 'item0',
      noSeq: true,
      size: 7,
      meta: new Map(Object.entries(item.meta)),
      httpResponse: undefined,
      httpStream: { action: 'send', content: bytes('hello world'), contentFilters: undefined },
      wsMessage: undefined,
    };
    assert.deepEqual(expectOk(parseItem(item)), expected);
  });

  it('may have its formats on itself', () => {
    const item = expectOk(parseItem({ channel: 'a', ...stream }));
    assert.deepEqual(item, expectOk(parseItem({ channel: 'a', formats: stream })));
    assert.deepEqual(
      item,
      expectOk(parseItem({ channel: 'a', formats: null, ...stream, 'ws-message': null })),
    );
  });

  it('does nothing when it has only formats that nobody knows', () => {
    const item = expectOk(parseItem({ channel: 'a', formats: { foo: {} } }));
    assert.deepEqual([item.httpResponse, item.httpStream, item.wsMessage], [undefined, undefined, undefined]);
  });

  it('takes null for what is absent, and the empty string for an id', () => {
    const item = expectOk(parseItem({ channel: '', id: null, 'prev-id': '', meta: null, formats: stream }));
    assert.deepEqual([item.channel, item.id, item.prevId, item.meta.size], ['', undefined, '', 0]);
  });

  it('takes members that are undefined for absent', () => {
    const absent = {
      id: undefined,
      'prev-id': undefined,
      meta: undefined,
      size: undefined,
      'no-seq': undefined,
    };
    assert.equal(expectOk(parseItem({ channel: 'a', ...absent, formats: stream })).noSeq, false);
  });

  it('takes a size in a string', () => {
    assert.equal(expectOk(parseItem({ channel: 'a', size: '12', formats: stream })).size, 12);
  });

  it('takes __proto__ in meta as a name like any other', () => {
    const json = '{"channel":"a","http-stream":{"content":"x"},"meta":{"__proto__":"y"}}';
    assert.deepEqual([...expectOk(parseItem(JSON.parse(json))).meta], [['__proto__', 'y']]);
  });

  it('has no use for inherited members', () => {
    const json = '{"__proto__":{"channel":"a","formats":{"http-stream":{"content":"x"}}}}';
    assert.equal(
      expectFailure(parseItem(JSON.parse(json))),
      "publish item object does not contain 'channel'",
    );
  });
});

describe('an item is refused', () => {
  const P = 'publish item object';
  const table: [unknown, string][] = [
    ['x', `${P} is not an object`],
    [null, `${P} is not an object`],
    [[], `${P} is not an object`],
    [{}, `${P} does not contain 'channel'`],
    [{ channel: null, formats: stream }, `${P} contains 'channel' with wrong type`],
    [{ channel: 1, formats: stream }, `${P} contains 'channel' with wrong type`],
    [{ channel: 'a', id: 5, formats: stream }, `${P} contains 'id' with wrong type`],
    [{ channel: 'a', 'prev-id': 5, formats: stream }, `${P} contains 'prev-id' with wrong type`],
    [{ channel: 'a', formats: 'x' }, `${P} contains 'formats' with wrong type`],
    [{ channel: 'a', formats: [] }, `${P} contains 'formats' with wrong type`],
    [{ channel: 'a', formats: {} }, 'no formats specified'],
    [{ channel: 'a' }, 'no formats specified'],
    [{ channel: 'a', formats: null, 'http-stream': null }, 'no formats specified'],
    [{ channel: 'a', formats: { 'http-response': 'x' } }, "'http-response' is not an object"],
    [{ channel: 'a', formats: { 'http-stream': 'x' } }, "'http-stream' is not an object"],
    [{ channel: 'a', 'ws-message': [] }, "'ws-message' is not an object"],
    [{ channel: 'a', formats: stream, meta: 'x' }, `${P} contains 'meta' with wrong type`],
    [{ channel: 'a', formats: stream, meta: { K: 1 } }, "'meta' contains 'K' with wrong type"],
    [{ channel: 'a', formats: stream, size: null }, `${P} contains 'size' with wrong type`],
    [{ channel: 'a', formats: stream, size: 1.5 }, `${P} contains 'size' with wrong type`],
    [{ channel: 'a', formats: stream, size: -1 }, `${P} contains 'size' with invalid value`],
    [{ channel: 'a', formats: stream, 'no-seq': 'true' }, `${P} contains 'no-seq' with wrong type`],
    [{ channel: 'a', formats: stream, 'no-seq': null }, `${P} contains 'no-seq' with wrong type`],
  ];
  for (const [item, message] of table) {
    it(`when it is ${JSON.stringify(item)}`, () => assert.equal(expectFailure(parseItem(item)), message));
  }

  it('for the first of its mistakes', () => {
    const mistakes: [string, unknown, string][] = [
      ['channel', 1, `${P} contains 'channel' with wrong type`],
      ['id', 1, `${P} contains 'id' with wrong type`],
      ['prev-id', 1, `${P} contains 'prev-id' with wrong type`],
      ['http-response', 1, "'http-response' is not an object"],
      ['http-stream', 1, "'http-stream' is not an object"],
      ['ws-message', 1, "'ws-message' is not an object"],
      ['meta', 1, `${P} contains 'meta' with wrong type`],
      ['size', null, `${P} contains 'size' with wrong type`],
      ['no-seq', 1, `${P} contains 'no-seq' with wrong type`],
    ];
    for (const [index, [, , message]] of mistakes.entries()) {
      const rest = mistakes.slice(index).map(([key, value]) => [key, value]);
      const item: Record<string, unknown> = { channel: 'a', ...stream, ...Object.fromEntries(rest) };
      assert.equal(expectFailure(parseItem(item)), message);
    }
  });

  it('when its headers would be missed, since they are no plain object', () => {
    const formats = { 'http-response': { body: '', headers: new Headers({ a: 'b' }) } };
    const message = "'http-response' contains 'headers' with wrong type";
    assert.equal(expectFailure(parseItem({ channel: 'a', formats })), message);
  });
});

describe('the body of a publish request', () => {
  it('has any number of items', () => {
    assert.deepEqual(expectOk(parseItems({ items: [] })), []);
    const items = ['a', 'b'].map((channel) => ({ channel, formats: stream }));
    assert.deepEqual(
      expectOk(parseItems({ items })).map(({ channel }) => channel),
      ['a', 'b'],
    );
  });

  const table: [unknown, string][] = [
    [undefined, 'Body is not valid JSON.'],
    ['x', 'Body is not valid JSON.'],
    [null, 'Body is not valid JSON.'],
    [[], 'Invalid format.'],
    [{}, "Invalid format: object does not contain 'items'"],
    [{ items: {} }, "Invalid format: object contains 'items' with wrong type"],
    [{ items: null }, "Invalid format: object contains 'items' with wrong type"],
    [{ items: [{ channel: 'a' }] }, 'Invalid format: no formats specified'],
    [
      { items: [{ channel: 'a', ...stream }, {}] },
      "Invalid format: publish item object does not contain 'channel'",
    ],
    [
      { items: [{ channel: 'a', 'http-stream': { action: 'foo' } }] },
      "Invalid format: 'http-stream' contains 'action' with unknown value",
    ],
  ];
  for (const [body, message] of table) {
    it(`is refused when it is ${JSON.stringify(body)}`, () =>
      assert.equal(expectFailure(parseItems(body)), message));
  }
});
