import assert from 'node:assert/strict';
import { HttpStreamFormat, Item, PublishException, Publisher } from '../src/index.js';
import { useEndpoints } from './support/endpoint.js';

describe('an item that is none', () => {
  const endpoints = useEndpoints();
  const circular: Record<string, unknown> = {};
  circular.circular = circular;
  const cases: [what: string, args: unknown[], message: RegExp][] = [
    ['no formats', ['room', {}], /the formats must be an object/],
    ['formats as text', ['room', 'hi'], /the formats must be an object/],
    ['null', ['room', null], /the formats must be an object/],
    ['no channel', [{ formats: { 'ws-message': 'hi' } }], /the channel must be a string, and is undefined/],
    [
      'a long channel',
      ['x'.repeat(1025), { 'ws-message': 'hi' }],
      /the channel has 1025 bytes, and at most 1024/,
    ],
    ['a long id', ['a', { 'ws-message': 'hi' }, { id: 'é'.repeat(513) }], /the id has 1026 bytes/],
    [
      'a long prev-id',
      ['a', { 'ws-message': 'hi' }, { 'prev-id': 'x'.repeat(2000) }],
      /the prev-id has 2000/,
    ],
    [
      'one wrong among others',
      [[{ channel: 'a', formats: { 'ws-message': 'hi' } }, { channel: 'b' }]],
      /formats/,
    ],
    ['what JSON cannot hold', ['room', { 'ws-message': { content: 1n } }], /cannot be written as JSON/],
    ['what has no end', ['room', { 'ws-message': circular }], /cannot be written as JSON/],
    [
      'two formats of the same name',
      ['room', new Item([new HttpStreamFormat('a'), new HttpStreamFormat('b')])],
      /More than one/,
    ],
  ];
  for (const [what, args, message] of cases) {
    it(`is refused before anything is sent: ${what}`, async () => {
      const endpoint = await endpoints.listen();
      const embedded: unknown[] = [];
      const publisher = new Publisher([
        { publish: async (items) => void embedded.push(items) },
        endpoint.url,
      ]);
      const publish = publisher.publish.bind(publisher) as (...args: unknown[]) => Promise<unknown>;
      await assert.rejects(publish(...args), (error: PublishException) => {
        assert(error instanceof PublishException && error instanceof Error);
        assert.equal(error.code, 'GRIP_ERR_PUBLISH_INVALID_ITEM');
        assert.match(error.message, message);
        assert.deepEqual(error.context, { statusCode: -1 });
        return true;
      });
      assert.equal(endpoint.count + embedded.length, 0);
    });
  }
});
