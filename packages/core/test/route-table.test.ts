import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type RouteCondition, type RouteQuery, RouteTable } from '../src/routing/route-table.js';

function route(id: string, more: Partial<RouteCondition> = {}): RouteCondition {
  return { id, host: '*', protocol: undefined, ssl: undefined, pathPrefix: '', ...more };
}

/** A query written as `https x.com /path`. */
function query(text: string): RouteQuery {
  const [scheme = '', host = '', path = ''] = text.split(' ');
  return {
    host,
    path,
    protocol: scheme.startsWith('ws') ? 'ws' : 'http',
    ssl: scheme === 'https' || scheme === 'wss',
  };
}

const R1 = route('r1');
const R2 = route('r2', { pathPrefix: '/api' });
const R3 = route('r3', { pathPrefix: '/api/v2', protocol: 'ws' });
const R4 = route('r4', { ssl: true });
const R5 = route('r5', { host: 'x.com', pathPrefix: '/only' });
const R6 = route('z', { host: '' });

describe('RouteTable', () => {
  const table = new RouteTable([R1, R2, R3, R4, R5, R6]);
  const vectors: [request: string, id: string | undefined][] = [
    ['http y.com /foo', 'r1'],
    ['http y.com /api/v2/q', 'r2'],
    ['ws y.com /api/v2/q', 'r3'],
    ['https y.com /foo', 'r4'],
    ['https y.com /api', 'r2'],
    ['http x.com /only/1', 'r5'],
    ['http x.com /other', undefined],
    ['wss y.com /api/v2/q', 'r3'],
    ['http y.com /ap', 'r1'],
    ['http y.com /API', 'r1'],
  ];
  for (const [request, id] of vectors) {
    it(`takes ${request} to ${id ?? 'no route'}`, () => assert.equal(table.find(query(request))?.id, id));
  }

  it('takes a longer path before TLS, whichever route comes first', () => {
    for (const routes of [
      [R1, R4, R2],
      [R2, R4, R1],
      [R4, R2, R1],
    ])
      assert.equal(new RouteTable(routes).find(query('https y.com /api'))?.id, 'r2');
  });

  it('takes the first of two routes that match equally well', () => {
    const twice = new RouteTable([route('one', { pathPrefix: '/a' }), route('two', { pathPrefix: '/b' })]);
    assert.equal(twice.find(query('http y.com /b'))?.id, 'two');
    assert.equal(new RouteTable([route('one'), route('two')]).find(query('http y.com /'))?.id, 'one');
  });

  it('takes routes of one protocol before those of both', () => {
    const both = new RouteTable([route('both', { pathPrefix: '/long' }), route('ws', { protocol: 'ws' })]);
    assert.equal(both.find(query('ws y.com /long'))?.id, 'ws');
    assert.equal(both.find(query('http y.com /long'))?.id, 'both');
  });

  it('finds nothing in an empty table', () => {
    assert.equal(new RouteTable([]).find(query('http y.com /')), undefined);
  });

  describe('by id', () => {
    it('finds a route whatever host it has, or none', () => {
      assert.equal(table.byId('z', '/any'), R6);
      assert.equal(table.byId('r5', '/only/1'), R5);
    });

    it('wants the path to be of the route', () => assert.equal(table.byId('r5', '/other'), undefined));

    it('finds none by an unknown id, an empty one, or one that two routes share', () => {
      assert.equal(table.byId('nope', '/'), undefined);
      assert.equal(new RouteTable([route('')]).byId('', '/'), undefined);
      const shared = new RouteTable([
        route('a'),
        route('a', { host: 'x.com' }),
        route('a', { host: 'y.com' }),
      ]);
      assert.equal(shared.byId('a', '/'), undefined);
      assert.equal(shared.find(query('http x.com /'))?.host, 'x.com');
    });
  });

  it('only ever finds a route that matches', () => {
    const condition = fc.record({
      id: fc.constantFrom('a', 'b'),
      host: fc.constantFrom('*', 'x.com', '', 'y.com'),
      protocol: fc.constantFrom<'http' | 'ws' | undefined>('http', 'ws', undefined),
      ssl: fc.constantFrom(true, false, undefined),
      pathPrefix: fc.constantFrom('', '/', '/a', '/a/b'),
    });
    const asked = fc.record({
      host: fc.constantFrom('x.com', 'y.com', 'z.com', '__proto__', 'constructor', '*'),
      protocol: fc.constantFrom<'http' | 'ws'>('http', 'ws'),
      ssl: fc.boolean(),
      path: fc.constantFrom('/', '/a', '/a/b/c', '/b'),
    });
    fc.assert(
      fc.property(fc.array(condition), asked, (conditions, request) => {
        const found = new RouteTable(conditions).find(request);
        if (found === undefined) return;
        assert(found.host === request.host || found.host === '*');
        assert(found.protocol === undefined || found.protocol === request.protocol);
        assert(found.ssl === undefined || found.ssl === request.ssl);
        assert(request.path.startsWith(found.pathPrefix));
      }),
    );
  });
});
