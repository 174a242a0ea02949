import assert from 'node:assert/strict';
import { type LimitFields, silentLogger } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import { useStage } from '../../../../test/support/stage.js';
import { systemClock } from '../../src/clock.js';
import { Limits } from '../../src/limits.js';
import { type PatchLimits, patchBody } from '../../src/sessions/body-patch.js';
import { PatchedBodies } from '../../src/sessions/patched-bodies.js';

const DEFAULTS: PatchLimits = { bytes: 1_048_576, operations: 1000, depth: 100 };

/** Copies of the whole document into itself: each one doubles it. */
function doublings(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({ op: 'copy', from: '', path: `/${at}` }));
}

function patch(body: string, operations: readonly unknown[], limits: Partial<PatchLimits> = {}): string {
  const result = patchBody(Buffer.from(body), operations, { ...DEFAULTS, ...limits });
  return typeof result === 'string' ? result : Buffer.from(result).toString();
}

function repeated(count: number, operation: object): object[] {
  return Array.from({ length: count }, () => operation);
}

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

function deepValue(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe('threat 21: a patch that is more work than it looks', () => {
  describe('reaches a limit', () => {
    const list = `[${'0,'.repeat(100_000)}0]`;
    const over: [
      name: string,
      fault: string,
      body: string,
      operations: unknown[],
      limits?: Partial<PatchLimits>,
    ][] = [
      ['copies the document into itself again and again', 'bytes', '{"a":1}', doublings(22)],
      [
        'copies a large member often',
        'bytes',
        `{"a":"${'x'.repeat(10_000)}","b":[]}`,
        repeated(200, { op: 'copy', from: '/a', path: '/b/-' }),
      ],
      [
        'copies and removes in turn',
        'bytes',
        `{"a":"${'x'.repeat(100_000)}"}`,
        Array.from({ length: 40 }, (_, at) =>
          at % 2 === 0 ? { op: 'copy', from: '/a', path: '/b' } : { op: 'remove', path: '/b' },
        ),
      ],
      ['has large values', 'bytes', '{}', [{ op: 'add', path: '/a', value: 'é'.repeat(600_000) }]],
      ['is about a large body', 'bytes', `"${'x'.repeat(1_048_576)}"`, []],
      ['has numbers that are longer when they are written out', 'bytes', `[${'1e20,'.repeat(200_000)}0]`, []],
      ['inserts into a long list often', 'bytes', list, repeated(1000, { op: 'add', path: '/0', value: 1 })],
      ['removes from a long list often', 'bytes', list, repeated(1000, { op: 'remove', path: '/1' })],
      [
        'moves within a long list often',
        'bytes',
        list,
        repeated(1000, { op: 'move', from: '/9', path: '/0' }),
      ],
      [
        'compares large values often',
        'bytes',
        list,
        repeated(50, { op: 'test', path: '', value: JSON.parse(list) }),
      ],
      ['has long pointers', 'bytes', '{}', [{ op: 'add', path: `/${'x'.repeat(1_048_576)}`, value: 1 }]],
      ['has many operations', 'operations', '{}', repeated(1001, { op: 'test', path: '', value: {} })],
      ['has a deep body', 'depth', nested(101), []],
      ['has a very deep body', 'depth', nested(400_000), []],
      ['has a deep value', 'depth', '[]', [{ op: 'add', path: '/0', value: deepValue(100) }]],
      ['has a deep pointer', 'depth', '{}', [{ op: 'add', path: '/a'.repeat(101), value: 1 }]],
      [
        'puts the document into its own depth',
        'depth',
        nested(60),
        [{ op: 'copy', from: '', path: `${'/0'.repeat(59)}/-` }],
      ],
      ['has a body beyond a limit that is set', 'bytes', '{"a":1}', [], { bytes: 6 }],
    ];
    for (const [name, fault, body, operations, limits] of over) {
      it(`where it ${name}`, () => assert.equal(patch(body, operations, limits), fault));
    }
  });

  it('fails where a value is nested too deeply for the stack', () => {
    assert.equal(patch('{}', [{ op: 'add', path: '/a', value: deepValue(100_000) }]), 'failed');
    assert.equal(patch('[]', [{ op: 'test', path: '', value: deepValue(100_000) }]), 'failed');
  });

  it('does not make lists of places that are not there', () => {
    for (const index of ['999999999', '4294967294', '1e9', '2']) {
      assert.equal(patch('[1]', [{ op: 'add', path: `/${index}`, value: 1 }]), 'failed', index);
    }
  });

  it('compares long lists in no more time than they are long', () => {
    const list = Array.from({ length: 100_000 }, (_, at) => at % 10);
    const other = [...list.slice(1), 5];
    const start = process.cpuUsage();
    assert.equal(patch(JSON.stringify(list), [{ op: 'test', path: '', value: other }]), 'failed');
    const { user } = process.cpuUsage(start);
    assert(user < 1_000_000, `${user / 1000} ms`);
  });

  it('is a patch like any other up to the limits', () => {
    assert.equal(JSON.parse(patch('{"a":1}', doublings(10))).a, 1);
    assert.equal(patch(nested(100), []), nested(100));
    const text = 'x'.repeat(1_000_000);
    assert.equal(patch(`["${text}"]`, [{ op: 'add', path: '/-', value: 1 }]), `["${text}",1]`);
    const additions = repeated(1000, { op: 'add', path: '/0', value: 1 });
    assert.equal(patch('[]', additions), JSON.stringify(Array(1000).fill(1)));
  });

  describe('for clients that are held with the same body', () => {
    const stage = useStage();
    let server: ProxyServer;
    let told: LimitFields[];

    async function held(count: number, body: (number: number) => string): Promise<void> {
      told = [];
      const origin = await stage().origin((res, _request, number) =>
        hold(res, 'response', 'ch', { body: body(number) }),
      );
      server = await stage().proxy({ target: origin.url });
      server.proxy.on('limit', (_limit, fields) => told.push(fields));
      for (let i = 0; i < count; i++) (await stage().client(server)).request('GET /poll');
      await eventually(() => server.proxy.stats().sessions === count, 'all are held');
    }

    it('leaves all of them an empty body, and is refused once', async () => {
      await held(5, () => '{"a":1}');
      const receipt = await server.proxy.publish('ch', { 'http-response': { 'body-patch': doublings(22) } });
      assert.equal(receipt.delivered, 5);
      assert.deepEqual(told, [{ channel: 'ch', bound: 'bytes' }]);
      assert.equal(server.proxy.limits().patch, 1);
    });

    it('gives each what is made of its own', async () => {
      const origin = await stage().origin((res, { url }) =>
        hold(res, 'response', 'ch', { body: JSON.stringify({ url }) }),
      );
      server = await stage().proxy({ target: origin.url });
      const urls = ['/a', '/b', '/a', '/c'];
      const clients = await Promise.all(urls.map(() => stage().client(server)));
      for (const [at, client] of clients.entries()) client.request(`GET ${urls[at]}`);
      await eventually(() => server.proxy.stats().sessions === clients.length, 'all are held');
      const add = { op: 'add', path: '/n', value: 1 };
      await server.proxy.publish('ch', { 'http-response': { 'body-patch': [add] } });
      const replies = await Promise.all(clients.map((client) => client.reply()));
      assert.deepEqual(
        replies.map(({ body }) => String(body)),
        urls.map((url) => `{"n":1,"url":"${url}"}`),
      );
    });

    it('is computed once, and keeps no more than one body beyond the limit', () => {
      const limits = new Limits(silentLogger, systemClock, () => {});
      const bodies = new PatchedBodies({ ...DEFAULTS, bytes: 100 }, limits, silentLogger);
      const operations = [{ op: 'add', path: '/b', value: 1 }];
      const patchOf = (body: string, these = operations): Uint8Array =>
        bodies.patch(Buffer.from(body), these, 'ch');
      const first = patchOf('{"a":1}');
      assert.equal(patchOf('{"a":1}'), first);
      assert.notEqual(patchOf('{"a":1}', [...operations]), first);
      const again = patchOf('{"a":1}');
      for (let i = 0; i < 10; i++) patchOf(`{"a":"${i}"}`);
      assert.notEqual(patchOf('{"a":1}'), again);
    });
  });
});
