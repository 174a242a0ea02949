import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { hostName, isHost } from '../src/http/client-request.js';
import { checkRequest } from '../src/http/request-checks.js';

interface Parts {
  readonly method?: string;
  readonly url?: string;
  readonly httpVersion?: string;
}

/** The status that a request is refused with; undefined: it may go on. */
function check(
  rawHeaders: readonly string[],
  { method = 'GET', url = '/', httpVersion = '1.1' }: Parts = {},
): number | undefined {
  return checkRequest({ method, httpVersion, rawHeaders } as IncomingMessage, url)?.status;
}

describe('checks of a request', () => {
  const table: [name: string, rawHeaders: string[], parts: Parts, status: number | undefined][] = [
    ['an ordinary request', ['Host', 'a.com', 'X', 'y'], {}, undefined],
    ['a chunked body', ['Host', 'a', 'Transfer-Encoding', 'chunked'], { method: 'POST' }, undefined],
    ['Chunked in other letters', ['Host', 'a', 'transfer-encoding', 'Chunked'], {}, undefined],
    ['HTTP/1.0 without Host', [], { httpVersion: '1.0' }, undefined],
    ['TRACE', ['Host', 'a'], { method: 'TRACE' }, 405],
    ['CONNECT', ['Host', 'a'], { method: 'CONNECT', url: 'a:443' }, 501],
    ['two Host fields', ['Host', 'a', 'host', 'a'], {}, 400],
    ['an empty Host', ['Host', ''], {}, 400],
    ['a Host with a path', ['Host', 'a/b'], {}, 400],
    ['a Host with user information', ['Host', 'user@a'], {}, 400],
    ['a Host with a space', ['Host', 'a b'], {}, 400],
    ['a Host with a query', ['Host', 'a?b'], {}, 400],
    ['a Host with a wrong port', ['Host', 'a:99999'], {}, 400],
    ['a list of hosts', ['Host', 'a, b'], {}, 400],
    ['two codings in one field', ['Host', 'a', 'Transfer-Encoding', 'gzip, chunked'], {}, 400],
    ['another coding', ['Host', 'a', 'Transfer-Encoding', 'gzip'], {}, 400],
    ['identity', ['Host', 'a', 'Transfer-Encoding', 'identity'], {}, 400],
    ['an empty coding', ['Host', 'a', 'Transfer-Encoding', ''], {}, 400],
    ['a coding with a tail', ['Host', 'a', 'Transfer-Encoding', 'chunked;x=1'], {}, 400],
    [
      'two Transfer-Encoding fields',
      ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
      {},
      400,
    ],
    ['both framings', ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Content-Length', '3'], {}, 400],
    ['two Content-Length fields', ['Host', 'a', 'Content-Length', '3', 'content-length', '3'], {}, 400],
    ['a coding in HTTP/1.0', ['Transfer-Encoding', 'chunked'], { httpVersion: '1.0' }, 400],
    ['an absolute target', ['Host', 'a'], { url: 'http://b.com/x' }, undefined],
    ['an absolute target with user information', ['Host', 'a'], { url: 'http://evil@b.com/x' }, 400],
    ['an absolute target without host', ['Host', 'a'], { url: 'http:///x' }, 400],
    ['a target of another scheme', ['Host', 'a'], { url: 'ftp://b.com/x' }, 400],
    ['the target * of OPTIONS', ['Host', 'a'], { method: 'OPTIONS', url: '*' }, undefined],
    ['the target * of another method', ['Host', 'a'], { url: '*' }, 400],
  ];
  for (const [name, rawHeaders, parts, status] of table) {
    it(`${status === undefined ? 'pass' : `refuse (${status})`}: ${name}`, () => {
      assert.equal(check(rawHeaders, parts), status);
    });
  }
});

describe('a host', () => {
  it('may be a name, an address, and have a port', () => {
    for (const host of [
      'a',
      'a.com',
      'a.com:80',
      '127.0.0.1:1',
      '[::1]',
      '[::1]:8080',
      'xn--bcher-kva.example',
      'a_b',
    ])
      assert.equal(isHost(host), true, host);
  });

  it('has nothing in it that would end it', () => {
    for (const host of ['', 'a/', 'a?', 'a#', 'a@b', 'a\\b', 'a\tb', '[::1', 'a:b', ':80', 'a%zz', '%2f'])
      assert.equal(isHost(host), false, host);
  });

  it('is known by its name, without port, in lower case', () => {
    assert.equal(hostName('Example.COM:8080'), 'example.com');
    assert.equal(hostName('[::1]:80'), '[::1]');
    assert.equal(hostName('a'), 'a');
  });
});
