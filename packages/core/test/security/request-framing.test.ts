import assert from 'node:assert/strict';
import { useStage } from '../../../../test/support/stage.js';

const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (fields: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}${NEXT}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked', body);

describe('threat 1: requests whose framing can be read in two ways', () => {
  const stage = useStage();

  /** Refused, and what follows on the connection is not read. */
  const refused: [name: string, bytes: string][] = [
    ['CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nX')],
    ['TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 4', '5c\r\nX\r\n0\r\n\r\n')],
    ['a coding in quotes', post('Transfer-Encoding: "chunked"', '0\r\n\r\n')],
    ['a coding with a parameter', post('Transfer-Encoding: chunked;q=1', '0\r\n\r\n')],
    ['a coding after a comma', post('Transfer-Encoding: ,chunked', '0\r\n\r\n')],
    ['a coding on the next line', post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n')],
    ['a coding with a zero byte', post('Transfer-Encoding: chunked\0', '0\r\n\r\n')],
    ['a name with a zero byte', post('Transfer-Encoding\0: chunked', '0\r\n\r\n')],
    ['a name with a tab', post('Transfer-Encoding\t: chunked', '0\r\n\r\n')],
    ['a name that begins with a space', post('X: 1\r\n Transfer-Encoding: chunked', '0\r\n\r\n')],
    ['an empty name', post(': chunked', '')],
    ['a length with a space in it', post('Content-Length: 1 0', '')],
    ['an empty length', post('Content-Length:', '')],
    ['a length beyond all bounds', post(`Content-Length: ${'9'.repeat(30)}`, '')],
    ['a chunk size beyond all bounds', chunked(`${'f'.repeat(17)}\r\nabc\r\n0\r\n\r\n`)],
    ['a chunk size of 2^64 and 3', chunked('10000000000000003\r\nabc\r\n0\r\n\r\n')],
    ['a chunk size in hexadecimal notation', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
    ['an empty chunk size', chunked('\r\nabc\r\n0\r\n\r\n')],
    ['a chunk size that ends in bare LF', chunked('3\nabc\r\n0\r\n\r\n')],
    ['a chunk that is longer than it says', chunked('2\r\nabc\r\n0\r\n\r\n')],
    ['a chunk extension with bare CR', chunked('3;a\rb\r\nabc\r\n0\r\n\r\n')],
    ['a chunk extension with bare LF', chunked('3;a\nabc\r\n0\r\n\r\n')],
    ['a length as a trailer', chunked('0\r\nContent-Length: 99\r\n\r\n')],
    ['a trailer that is folded', chunked('0\r\nX: 1\r\n Y: 2\r\n\r\n')],
  ];
  for (const [name, bytes] of refused) {
    it(`by ${name} are refused, and no request follows`, async () => {
      const origin = await stage().origin((res) => res.end('answered'));
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.write(bytes, ['POST']);
      await client.closed();
      assert.deepEqual(
        client.replies.filter(({ status }) => status < 400),
        [],
        client.text,
      );
      assert.equal(
        origin.requests.some(({ url, complete }) => url === '/next' || complete),
        false,
      );
    });
  }

  /** Taken, and the origin sees exactly two requests. */
  const taken: [name: string, bytes: string, body: string][] = [
    ['a coding in capitals', post('Transfer-Encoding: CHUNKED', '3\r\nabc\r\n0\r\n\r\n'), 'abc'],
    ['a chunk extension', chunked('3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n'), 'abc'],
    ['a chunk size with zeros before it', chunked('00003\r\nabc\r\n0000\r\n\r\n'), 'abc'],
    ['a length with zeros before it', post('Content-Length: 003', 'abc'), 'abc'],
    ['a field that only looks like a length', post('Content_Length: 99\r\nContent-Length: 3', 'abc'), 'abc'],
    [
      'a field that only looks like a coding',
      post('Transfer_Encoding: chunked\r\nContent-Length: 3', 'abc'),
      'abc',
    ],
    ['a trailer', chunked('3\r\nabc\r\n0\r\nX: 99\r\n\r\n'), 'abc'],
  ];
  for (const [name, bytes, body] of taken) {
    it(`by ${name} are two, for the origin too`, async () => {
      const origin = await stage().origin((res) => res.end('answered'));
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.write(bytes, ['POST', 'GET']);
      assert.equal((await client.reply(1)).status, 200);
      assert.deepEqual(
        origin.requests.map((seen) => `${seen.method} ${seen.url} ${seen.body}`),
        [`POST / ${body}`, 'GET /next '],
      );
    });
  }
});
