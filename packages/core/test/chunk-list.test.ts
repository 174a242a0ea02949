import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkList } from '../src/http/chunk-list.js';

describe('a body that is gathered', () => {
  it('is the same however its chunks are cut', () => {
    const size = fc.oneof(fc.constantFrom(0, 1, 2, 4095, 4096, 4097), fc.nat(200));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 60 }), (sizes) => {
        const list = new ChunkList();
        const chunks = sizes.map((bytes, mark) => Buffer.alloc(bytes, mark + 1));
        for (const chunk of chunks) list.add(chunk);
        const whole = Buffer.concat(chunks);
        assert.deepEqual([list.bytes, list.concat()], [whole.length, whole]);
        // It may go on after a look.
        list.add(Buffer.from('more'));
        assert.deepEqual(list.concat(), Buffer.concat([whole, Buffer.from('more')]));
      }),
    );
  });

  it('does not hold on to a hundred thousand chunks of a byte', () => {
    const list = new ChunkList();
    const chunk = Buffer.alloc(1);
    for (let i = 0; i < 100_000; i++) list.add(chunk);
    assert.equal(list.concat().length, 100_000);
    assert.ok(list.pieces < 50, `${list.pieces} pieces`);
  });

  it('is empty after it was cleared', () => {
    const list = new ChunkList();
    for (let i = 0; i < 20; i++) list.add(Buffer.from('abc'));
    list.clear();
    assert.deepEqual([list.bytes, list.concat()], [0, Buffer.alloc(0)]);
    list.add(Buffer.from('d'));
    assert.equal(String(list.concat()), 'd');
  });
});
