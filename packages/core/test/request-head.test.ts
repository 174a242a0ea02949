import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { writeRequestHead } from '../src/upstream/request-head.js';
import type { UpstreamRequest } from '../src/upstream/upstream.js';

function head(request: Partial<UpstreamRequest>): string[] {
  const { text } = writeRequestHead({ method: 'GET', path: '/', headers: [], body: null, ...request });
  assert(text.endsWith('\r\n'));
  return text.split('\r\n').slice(0, -1);
}

describe('the head of a request to an origin', () => {
  it('has the fields in their order and letter case, and nothing else but what concerns the connection', () => {
    assert.deepEqual(
      head({
        path: '/a?b',
        headers: ['Host', 'h', 'X-b', '1', 'x-B', '\x80\xff\t', 'Connection', 'close', 'E', ''],
      }),
      ['GET /a?b HTTP/1.1', 'Host: h', 'X-b: 1', 'x-B: \x80\xff\t', 'E: ', 'Connection: keep-alive'],
    );
  });

  it('says how long a body is that is there, where the client said something of it', () => {
    const body = Buffer.from('body');
    assert.deepEqual(head({ method: 'POST', headers: ['Content-LENGTH', '9', 'A', 'b'], body }), [
      'POST / HTTP/1.1',
      'Content-LENGTH: 4',
      'A: b',
      'Connection: keep-alive',
    ]);
    assert.deepEqual(head({ body }).at(-1), 'Content-Length: 4');
  });

  it('says that there is no body where one may be expected, or the client says so', () => {
    for (const method of ['POST', 'PUT', 'PATCH']) assert.equal(head({ method }).at(-1), 'Content-Length: 0');
    for (const method of ['GET', 'HEAD', 'DELETE', 'MKCOL'])
      assert.deepEqual(head({ method }), [`${method} / HTTP/1.1`, 'Connection: keep-alive']);
    assert.equal(head({ method: 'MKCOL', headers: ['Content-Length', '0'] })[1], 'Content-Length: 0');
    assert.equal(head({ headers: ['Content-Length', '7'] })[1], 'Content-Length: 0');
  });

  it('leaves the framing of a stream to whoever sends it, unless its length is known', () => {
    const body = Readable.from([]);
    const write = (headers: string[]): number | undefined =>
      writeRequestHead({ method: 'POST', path: '/', headers, body }).length;
    assert.equal(write([]), undefined);
    assert.equal(write(['Content-Length', '12', 'content-length', '13']), 12);
    assert.equal(write(['Transfer-Encoding', 'chunked']), undefined);
  });

  it('is not written with what would end a line or a word of it', () => {
    const refused: Partial<UpstreamRequest>[] = [
      { method: 'GET /' },
      { method: '' },
      { path: '' },
      { path: '/ HTTP/1.1\r\nX: 1' },
      { path: '/\x7f' },
      { path: '/\u0100' },
      { headers: ['A\r\nB', '1'] },
      { headers: ['A:', '1'] },
      { headers: ['', '1'] },
      { headers: ['A', '1\r\nB: 2'] },
      { headers: ['A', '\0'] },
      { headers: ['A', '\u0100'] },
      { headers: ['Content-Length', '1\r\nA: 2'], body: Readable.from([]) },
    ];
    for (const request of refused) assert.throws(() => head(request), TypeError, JSON.stringify(request));
  });
});
