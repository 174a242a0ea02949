import assert from 'node:assert/strict';
import { answerEvents, event, events } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { SeenRequest } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

/** The fields of a request, `[name, value]`. */
function fieldsOf({ rawHeaders }: SeenRequest): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return fields;
}

describe('the further requests of a WebSocket over HTTP', () => {
  const stage = useStage();

  describe('that ask to be kept alive', () => {
    const cases: [value: string, ms: number | undefined][] = [
      ['30', 30_000],
      ['10', 20_000],
      ['1', 20_000],
      [' 21 ', 21_000],
      ['0', undefined],
      ['-1', undefined],
      ['30s', undefined],
      ['1.5', undefined],
      ['abc', undefined],
    ];
    for (const [value, ms] of cases) {
      it(`'${value}' ${ms === undefined ? 'are not' : `come after ${ms} ms`}`, async () => {
        const bench = await WebSocketBench.overHttp(stage(), (text) => ({
          body: text,
          fields: text === 'OPEN\r\n' ? [`Keep-Alive-Interval: ${value}`] : [],
        }));
        await bench.open();
        await bench.pass((ms ?? 100_000) - 1);
        assert.deepEqual(asked(bench), ['OPEN\r\n']);
        if (ms === undefined) return;
        await bench.pass(1);
        assert.deepEqual(asked(bench), ['OPEN\r\n', '']);
        assert.equal(bench.origin.requests[1]?.headers['content-length'], '0');
        await bench.pass(ms);
        assert.deepEqual(asked(bench), ['OPEN\r\n', '', '']);
      });
    }

    it('come after the last request, and change as the origin says', async () => {
      let fields = ['Keep-Alive-Interval: 20'];
      const bench = await WebSocketBench.overHttp(stage(), (text) => ({
        body: text.startsWith('OPEN') ? text : '',
        fields,
      }));
      const client = await bench.open();
      fields = [];
      await bench.pass(15_000);
      client.text('a');
      await bench.origin.completeRequest(1);
      await bench.pass(19_999);
      assert.equal(bench.origin.requests.length, 2);
      fields = ['Keep-Alive-Interval: 60'];
      await bench.pass(1);
      assert.equal(bench.origin.requests.length, 3);
      fields = ['Keep-Alive-Interval: 0'];
      await bench.pass(59_999);
      assert.equal(bench.origin.requests.length, 3);
      await bench.pass(1);
      assert.equal(bench.origin.requests.length, 4);
      await bench.pass(1_000_000);
      assert.equal(bench.origin.requests.length, 4);
    });

    it('bring what the origin has to say', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) => ({
        body: text === 'OPEN\r\n' ? text : event('TEXT', 'news'),
        fields: ['Keep-Alive-Interval: 20'],
      }));
      const client = await bench.open();
      await bench.pass(20_000);
      assert.equal(await client.next(), 'text news');
    });
  });

  describe('that put off their answer to OPEN', () => {
    it('come again with OPEN after the interval, until the origin decides', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (_text, _request, count) => ({
        body: count < 2 ? '' : 'OPEN\r\n',
        fields: [`X-Count: ${count}`, `Set-Meta-Count: ${count}`, 'Keep-Alive-Interval: 30'],
      }));
      const client = await bench.ask();
      await bench.origin.completeRequest();
      await bench.pass(29_999);
      assert.equal(bench.origin.requests.length, 1);
      await bench.pass(1);
      await bench.pass(30_000);
      assert.equal((await client.opened()).fields.find(([name]) => name === 'X-Count')?.[1], '2');
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'OPEN\r\n', 'OPEN\r\n']);
      assert.deepEqual(
        bench.origin.requests.map(({ headers }) => headers['meta-count']),
        [undefined, '0', '1'],
      );
    });

    it('can end in a refusal', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (_text, _request, count) =>
        count === 0 ? { fields: ['Keep-Alive-Interval: 30'] } : { status: 403, type: null },
      );
      const client = await bench.ask();
      await bench.origin.completeRequest();
      await bench.pass(30_000);
      assert.equal((await client.raw.reply()).status, 403);
    });

    it('are followed by DISCONNECT, once, when the client leaves', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => ({ fields: ['Keep-Alive-Interval: 30'] }));
      const client = await bench.ask();
      await bench.origin.completeRequest();
      await settle(40);
      client.destroy();
      await bench.origin.completeRequest(1);
      await eventually(() => bench.server.held === 0, 'nothing held');
      await bench.pass(100_000);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'DISCONNECT\r\n']);
    });

    it('are followed by DISCONNECT when the client leaves while one is under way', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => undefined);
      const client = await bench.ask();
      const { res } = await bench.origin.completeRequest();
      client.destroy();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      answerEvents(res, { fields: ['Keep-Alive-Interval: 30'] });
      const last = await bench.origin.completeRequest(1);
      assert.equal(String(last.body), 'DISCONNECT\r\n');
    });
  });

  it('remember what the origin sets', async () => {
    let fields: string[] = [
      'Set-Meta-User: alice',
      'set-meta-Room: 1',
      'Set-Meta-: nobody',
      'Set-Meta-X: a: b',
    ];
    const bench = await WebSocketBench.overHttp(stage(), (text) => ({
      body: text === 'OPEN\r\n' ? text : '',
      fields,
    }));
    const client = await bench.open();
    const metas: (string | undefined)[][] = [];
    for (const next of [
      ['set-meta-user: bob', 'Set-Meta-ROOM:'],
      ['Set-Meta-User: c', 'Set-Meta-User: d'],
      [],
    ]) {
      fields = next;
      client.text('x');
      const { headers } = await bench.origin.completeRequest(metas.length + 1);
      metas.push([headers['meta-user'], headers['meta-room'], headers['meta-x']] as string[]);
      await settle(40);
    }
    assert.deepEqual(metas, [
      ['alice', '1', 'a: b'],
      ['bob', undefined, 'a: b'],
      ['d', undefined, 'a: b'],
    ]);
    assert(fieldsOf(await bench.origin.completeRequest(1)).some(([name]) => name === 'Meta-Room'));
  });

  it('remember 100 values, and no more', async () => {
    const fields = Array.from({ length: 150 }, (_, i) => `Set-Meta-A${i}: ${i}`);
    const bench = await WebSocketBench.overHttp(stage(), (text) => ({
      body: text === 'OPEN\r\n' ? text : '',
      fields,
    }));
    const client = await bench.open();
    client.text('x');
    const request = await bench.origin.completeRequest(1);
    assert.equal(fieldsOf(request).filter(([name]) => /^meta-/i.test(name)).length, 100);
  });

  describe('that the publisher asks for', () => {
    const SUBSCRIBE = events(['OPEN'], ['TEXT', 'c:{"type":"subscribe","channel":"ch"}']);
    const grip = { fields: ['Sec-WebSocket-Extensions: grip'] };

    it('are empty, and one for all that came while another was under way', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) =>
        text === 'OPEN\r\n' ? { ...grip, body: SUBSCRIBE } : undefined,
      );
      const client = await bench.open();
      const refresh = (): Promise<{ delivered: number }> =>
        bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } });
      assert.equal((await refresh()).delivered, 1);
      const first = await bench.origin.completeRequest(1);
      await refresh();
      await refresh();
      answerEvents(first.res, event('TEXT', 'm:one'));
      const second = await bench.origin.completeRequest(2);
      answerEvents(second.res, event('TEXT', 'm:two'));
      assert.equal(await client.next(), 'text one');
      assert.equal(await client.next(), 'text two');
      await settle(40);
      assert.deepEqual(asked(bench), ['OPEN\r\n', '', '']);
    });

    it('carry what the client has sent meanwhile', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) =>
        text === 'OPEN\r\n' ? { ...grip, body: SUBSCRIBE } : undefined,
      );
      const client = await bench.open();
      client.text('a');
      const first = await bench.origin.completeRequest(1);
      await bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } });
      client.text('b');
      await settle(40);
      answerEvents(first.res, '');
      const second = await bench.origin.completeRequest(2);
      answerEvents(second.res, '');
      await settle(40);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'TEXT 1\r\nb\r\n']);
    });
  });
});
