import assert from 'node:assert/strict';
import { expandFormats, type FormatsInput, type ItemInput, itemToJson, parseItem } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectOk } from './helpers.js';

describe('the short notation of publishers', () => {
  it('stands for content, and for the body of a response', () => {
    const short = { 'http-stream': 'hi\n', 'ws-message': 'hi', 'http-response': 'x' };
    assert.deepEqual(expandFormats(short), {
      'http-stream': { content: 'hi\n' },
      'ws-message': { content: 'hi' },
      'http-response': { body: 'x' },
    });
  });

  it('stands for bytes too, which make a binary WebSocket message', () => {
    const content = Uint8Array.of(255);
    const formats = { 'http-stream': content, 'ws-message': content, 'http-response': content };
    const item = expectOk(parseItem({ channel: 'a', formats: expandFormats(formats) }));
    assert.deepEqual(item.httpStream, { action: 'send', content, contentFilters: undefined });
    assert.deepEqual(item.wsMessage, { action: 'send', type: 'binary', content, contentFilters: undefined });
    assert.equal(item.httpResponse?.action === 'send' && item.httpResponse.body, content);
  });

  it('leaves everything else as it is', () => {
    const formats: FormatsInput = {
      'http-response': { code: 201, body: '' },
      'http-stream': { action: 'close' },
      'ws-message': { action: 'close', code: 1000 },
    };
    assert.deepEqual(expandFormats(formats), formats);
  });

  it('does not touch prototypes', () => {
    const formats: FormatsInput = JSON.parse('{"__proto__":"x"}');
    const expanded = expandFormats(formats);
    assert.equal(Object.getPrototypeOf(expanded), Object.prototype);
    assert.deepEqual(Object.keys(expanded), ['__proto__']);
  });
});

describe('an item as JSON', () => {
  it('has bytes as base64', () => {
    const content = Uint8Array.of(0, 1, 2);
    const item: ItemInput = {
      channel: 'a',
      id: '1',
      formats: { 'http-response': content, 'http-stream': { content }, 'ws-message': content },
    };
    assert.deepEqual(itemToJson(item), {
      channel: 'a',
      id: '1',
      formats: {
        'http-response': { 'body-bin': 'AAEC' },
        'http-stream': { 'content-bin': 'AAEC' },
        'ws-message': { 'content-bin': 'AAEC' },
      },
    });
  });

  it('keeps a text message text', () => {
    const item: ItemInput = { channel: 'a', formats: { 'ws-message': { content: bytes('hi') } } };
    const formats = { 'ws-message': { type: 'text', 'content-bin': 'aGk=' } };
    assert.deepEqual(itemToJson(item), { channel: 'a', formats });
  });

  it('does not change what it is made of', () => {
    const content = Uint8Array.of(1);
    const item: ItemInput = { channel: 'a', formats: { 'http-stream': { content } } };
    itemToJson(item);
    assert.deepEqual(item, { channel: 'a', formats: { 'http-stream': { content } } });
  });

  const content = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array());
  const filters = { 'content-filters': fc.array(fc.string()) };
  const formats: fc.Arbitrary<FormatsInput> = fc.record(
    {
      'http-response': fc.oneof(
        content,
        fc.record(
          { body: content, code: fc.integer({ min: 200, max: 599 }), ...filters },
          { requiredKeys: ['body'] },
        ),
        fc.record({ 'body-bin': fc.uint8Array() }),
        fc.record({ 'body-patch': fc.array(fc.jsonValue()) }),
      ),
      'http-stream': fc.oneof(content, fc.record({ content, ...filters }, { requiredKeys: ['content'] })),
      'ws-message': fc.oneof(
        content,
        fc.record({ 'content-bin': fc.uint8Array() }),
        fc.record({ type: fc.constant('binary' as const), content }),
        fc.record({ content: fc.string({ unit: 'binary' }) }),
        fc.constant({ action: 'close' as const }),
      ),
    },
    { requiredKeys: ['http-stream'] },
  );
  const item: fc.Arbitrary<ItemInput> = fc.record(
    {
      channel: fc.string(),
      formats,
      id: fc.string(),
      'prev-id': fc.string(),
      meta: fc.dictionary(fc.string(), fc.string()),
      'no-seq': fc.boolean(),
      size: fc.nat(),
    },
    { requiredKeys: ['channel', 'formats'] },
  );

  it('is read as the same item that it is in its own process', () => {
    fc.assert(
      fc.property(item, (input) => {
        const local = expectOk(parseItem({ ...input, formats: expandFormats(input.formats) }));
        const remote = expectOk(parseItem(JSON.parse(JSON.stringify(itemToJson(input)))));
        // Through JSON -0 becomes 0, which deepEqual tells apart; and subarrays are compared by content.
        assert.deepEqual(plain(remote), plain(local));
      }),
    );
  });

  function plain(value: unknown): string {
    return JSON.stringify(value, (_key, inner) => {
      if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex');
      return inner instanceof Map ? [...inner] : inner;
    });
  }
});
