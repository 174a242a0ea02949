import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Reply, readReplies } from './reply.js';

const GET = { method: 'GET', version: '1.1' };
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
const COUNTED = 'HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone';

describe('what a raw client reads', () => {
  it('is as many responses as came, interim ones included', () => {
    const replies = read(`HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}${COUNTED}`, [GET, GET]);
    assert.deepEqual(shown(replies), [
      [100, 'Continue', '', 'complete'],
      [200, 'OK', 'body', 'complete'],
      [404, 'Not Found', 'none', 'complete'],
    ]);
  });

  it('is a head alone in answer to HEAD', () => {
    const replies = read(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${COUNTED}`, [
      { ...GET, method: 'HEAD' },
      GET,
    ]);
    assert.deepEqual(shown(replies), [
      [200, 'OK', '', 'complete'],
      [404, 'Not Found', 'none', 'complete'],
    ]);
  });

  it('goes on until the connection ends where no length is given', () => {
    const bytes = Buffer.from('HTTP/1.0 200 OK\r\n\r\nall');
    assert.equal(readReplies(bytes, false, false, [GET])[0]?.end, 'open');
    assert.equal(readReplies(bytes, true, true, [GET])[0]?.end, 'complete');
    assert.equal(readReplies(bytes, false, true, [GET])[0]?.end, 'cut');
  });

  it('is broken where chunks go to HTTP/1.0, or come without a head', () => {
    assert.equal(read(CHUNKED, [{ ...GET, version: '1.0' }])[0]?.end, 'broken');
    assert.equal(read(`${COUNTED}4\r\nitem\r\n`, [GET])[1]?.end, 'broken');
  });

  it('is complete only with the last byte, wherever the connection ends', () => {
    const whole = fc.constantFrom(CHUNKED, COUNTED);
    const cut = fc.tuple(whole, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(cut, ([text, part]) => {
        const bytes = Buffer.from(text).subarray(0, 1 + Math.floor(part * (text.length - 1)));
        assert.deepEqual(
          readReplies(bytes, true, true, [GET]).map(({ end }) => end),
          ['cut'],
        );
      }),
    );
  });
});

function read(text: string, requests: readonly (typeof GET)[]): Reply[] {
  return readReplies(Buffer.from(text), false, false, requests);
}

function shown(replies: readonly Reply[]): unknown[] {
  return replies.map(({ status, reason, body, end }) => [status, reason, body.toString(), end]);
}
