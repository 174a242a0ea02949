import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ItemReader, ItemWriter } from '../../bench/drivers/item.js';
import { publishRequest } from '../../bench/drivers/requests.js';
import { ResponseReader } from '../../bench/drivers/response-reader.js';

describe('what bench clients read', () => {
  it('responses are counted however they are cut, with a length or in chunks', () => {
    const responses = [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain',
      'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nb\r\nhello again\r\n0\r\n\r\n',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n.',
    ];
    fc.assert(
      fc.property(pieces(responses.join('')), (parts) => {
        const got: string[] = [];
        const reader = new ResponseReader((status, isLast) => got.push(`${status}${isLast ? ' last' : ''}`));
        for (const part of parts) reader.read(Buffer.from(part), part.length);
        assert.deepEqual(got, ['200', '200', '502', '200', '204', '200 last']);
      }),
    );
  });

  it('items are found in frames and chunks, and counted once', () => {
    const writer = new ItemWriter(20);
    const items = [1, 2, 3, 2, 12_345_678].map((number) => writer.write(number));
    assert.ok(items.every((item) => item.length === 20));
    const stream = `[open]\n${items.map((item) => `14\r\n${item}\r\n`).join('')}`;
    fc.assert(
      fc.property(pieces(stream), (parts) => {
        const got: number[] = [];
        const reader = new ItemReader(20, 16, (number) => got.push(number));
        for (const part of parts) reader.read(Buffer.from(part), 0, part.length);
        assert.deepEqual(got, [1, 2, 3, 12_345_678]);
        assert.equal(reader.duplicates, 1);
      }),
    );
  });

  it('bytes behind the end of what was read are not looked at', () => {
    const got: number[] = [];
    const reader = new ItemReader(9, 16, (number) => got.push(number));
    reader.read(Buffer.from('#00000001#00000002'), 0, 9);
    assert.deepEqual(got, [1]);
  });

  it('what is published is JSON of items, or the bare content', () => {
    const items = ['a', 'b'].map((channel) => ({ channel, content: '#1' }));
    const [, body = ''] = publishRequest({ port: 1, form: 'grip' }, 'stream', items).split('\r\n\r\n');
    assert.deepEqual(JSON.parse(body), {
      items: ['a', 'b'].map((channel) => ({ channel, formats: { 'http-stream': { content: '#1' } } })),
    });
    const raw = publishRequest({ port: 1, form: 'raw' }, 'stream', items.slice(0, 1));
    assert.match(raw, /^POST \/publish\/a HTTP.*\r\nContent-Length: 2\r\n\r\n#1$/s);
  });
});

/** A text cut anywhere. */
function pieces(text: string): fc.Arbitrary<string[]> {
  return fc.array(fc.nat(text.length), { maxLength: 12 }).map((places) => {
    const cuts = [0, ...places.toSorted((a, b) => a - b), text.length];
    return cuts.slice(1).map((end, index) => text.slice(cuts[index], end));
  });
}
