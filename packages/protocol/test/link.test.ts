import assert from 'node:assert/strict';
import { type Links, parseLinks } from '@p-8/protocol';
import { expectFailure, expectOk } from './helpers.js';

function next(uri: string, timeoutSeconds = 120): Links {
  return { next: { uri, timeoutSeconds }, gone: undefined };
}

describe('Grip-Link', () => {
  const none: Links = { next: undefined, gone: undefined };
  const table: [string, Links][] = [
    ['</next>; rel=next', next('/next')],
    [
      '</next>; rel="next"; timeout=5, </bye>; rel=gone',
      { next: { uri: '/next', timeoutSeconds: 5 }, gone: '/bye' },
    ],
    ['</next>', none],
    ['/next', none],
    ['</a>; rel=next, </b>; rel=next', next('/b')],
    ['</a>; rel=gone, </b>; rel=gone', { next: undefined, gone: '/b' }],
    ['</a>; rel=prev', none],
    ['</a>; rel', none],
    ['</a>; rel=Next', none],
    ['</a>; rel="next gone"', none],
    ['</a>; title=x', none],
    ['</a>; rel="next', none],
    ['</a>; REL=next; Timeout=0', next('/a', 0)],
    ['<http://other.example/x?y=1>; rel=next', next('http://other.example/x?y=1')],
    ['<?after=7>; rel=next', next('?after=7')],
    ['</a>; rel=gone; timeout=x', { next: undefined, gone: '/a' }],
    ['', none],
  ];
  for (const [value, expected] of table) {
    it(`reads ${value === '' ? 'nothing' : value}`, () => {
      assert.deepEqual(expectOk(parseLinks(['Grip-Link', value])), expected);
    });
  }

  it('takes the last of several fields', () => {
    const headers = ['Grip-Link', '</a>; rel=next', 'grip-link', '</b>; rel=next'];
    assert.deepEqual(expectOk(parseLinks(headers)), next('/b'));
  });

  const errors: [string, string][] = [
    ['/next; rel=next', 'failed to parse Grip-Link value'],
    ['<>; rel=next', 'failed to parse Grip-Link value'],
    ['<; rel=next', 'failed to parse Grip-Link value'],
    ['/next; rel=prev', 'failed to parse Grip-Link value'],
    ['</n?a=1,2>; rel=next', 'failed to parse Grip-Link value'],
    ['<http://[::1/>; rel=next', 'Grip-Link contains invalid link'],
    ['<http://[::1/>; rel=prev', 'Grip-Link contains invalid link'],
    ['</a>; rel=next; timeout=x', 'failed to parse Grip-Link timeout value'],
    ['</a>; rel=next; timeout', 'failed to parse Grip-Link timeout value'],
    ['</a>; rel=next; timeout=-1', 'Grip-Link timeout has invalid value'],
  ];
  for (const [value, message] of errors) {
    it(`refuses ${value}`, () => assert.equal(expectFailure(parseLinks(['Grip-Link', value])), message));
  }
});
