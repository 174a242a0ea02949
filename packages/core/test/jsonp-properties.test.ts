import assert from 'node:assert/strict';
import { isFieldValue, isGripHeader, isToken } from '@p-8/protocol';
import fc from 'fast-check';
import type { ClientRequest } from '../src/http/client-request.js';
import { readJsonp } from '../src/http/jsonp.js';

const OPTIONS = [
  {},
  { mode: 'basic' },
  { callbackParam: 'cb', bodyParam: 'data', defaultCallback: 'go' },
] as const;

const PIECES = [
  ...'&=?+%{}[]":,\\',
  'callback=cb',
  'cb=go',
  '_method=',
  '_headers=',
  '_body=',
  'data=',
  '{"a":"b"}',
  '%7B%22Grip-Hold%22:%22stream%22%7D',
  '%7B%22__proto__%22:%22a%22%7D',
  '{"connection_id":"a"}',
  '%0d%0a',
  '%ff',
  'TRACE',
  'POST',
];

const request = (path: string): ClientRequest => ({
  ...{ method: 'GET', scheme: 'http', host: 'a', path, headers: ['Host', 'a', 'Accept', 'b'] },
  facts: undefined as never,
});

const query = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 4 })), { maxLength: 30 })
  .map((parts) => parts.join(''));

describe('a request by JSON-P, whatever is in it', () => {
  it('never throws, and stands for one that could be sent', () => {
    fc.assert(
      fc.property(query, fc.constantFrom(...OPTIONS), (text, options) => {
        const read = readJsonp(request(`/path?callback=cb&${text}`), options);
        if (read === undefined || 'status' in read) return;
        const { method, headers, path } = read.request;
        assert(isToken(method) && !/^(trace|connect)$/i.test(method), method);
        assert(path.startsWith('/path'), path);
        for (let i = 0; i < headers.length; i += 2) {
          const [name = '', value = ''] = headers.slice(i, i + 2);
          assert(isToken(name) && isFieldValue(value) && !isGripHeader(name), `${name}: ${value}`);
          assert.doesNotMatch(name, /^(connection[-_]id|meta[-_].*)$/i);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has the method, fields and body that the page has given it', () => {
    const name = fc.stringMatching(/^X-[A-Za-z0-9]{1,10}$/);
    const value = fc.stringMatching(/^[!-~]{1,20}$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (fields, body) => {
          const given = `_headers=${encodeURIComponent(JSON.stringify(fields))}&_body=${encodeURIComponent(body)}`;
          const read = readJsonp(request(`/path?a=1&callback=cb&_method=PUT&${given}&b=2`), {});
          assert(read !== undefined && 'request' in read);
          assert.deepEqual(
            [read.request.method, read.request.path, String(read.body)],
            ['PUT', '/path?a=1&b=2', body],
          );
          for (const [key, one] of Object.entries(fields))
            assert.equal(read.request.headers[read.request.headers.indexOf(key) + 1], one);
        },
      ),
    );
  });

  it('is read quickly, however long', () => {
    const start = process.cpuUsage();
    for (const piece of PIECES) readJsonp(request(`/?callback=cb&_headers=${piece.repeat(20_000)}`), {});
    for (const piece of PIECES) readJsonp(request(`/?callback=${piece.repeat(20_000)}`), {});
    const { user } = process.cpuUsage(start);
    assert(user < 2_000_000, `${user / 1000} ms`);
  });
});
