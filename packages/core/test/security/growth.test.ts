import assert from 'node:assert/strict';
import { createIdFilter, renderTemplate, substituteVariables } from '@p-8/protocol';
import { eventually } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';
import { EventsState } from '../../src/websocket/events-state.js';
import { KINDS, WebSocketParty } from '../support/web-socket-party.js';

const TOO_LARGE = { ok: false, message: 'the content would become too large' };

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

describe('threat 11: a little that becomes very much', () => {
  const stage = useStage();

  for (const mode of ['response', 'stream'] as const) {
    it(`in content by the filter var-subst is dropped for the client, ${mode}`, async () => {
      const fields = [`Grip-Set-Meta: a=${'x'.repeat(10_000)}`];
      const origin = await stage().origin((res) =>
        hold(res, mode, 'ch; filter=var-subst', { fields, body: mode === 'stream' ? '[' : '' }),
      );
      const { proxy, port } = await stage().proxy({ target: origin.url });
      const client = await stage().client({ port });
      client.request('GET /');
      await eventually(() => proxy.holds().length === 1, 'a hold');
      const publish = (content: string) =>
        proxy.publish('ch', { 'http-stream': content, 'http-response': content });
      assert.equal((await publish('%(a)s'.repeat(100_000))).dropped, 1);
      assert.equal((await publish('%(a)s'.repeat(100))).delivered, 1);
      const { body } =
        mode === 'stream' ? await client.bodyWith('x'.repeat(1_000_000)) : await client.reply();
      assert(body.length >= 1_000_000);
    });
  }

  it('in content by a filter is an error, beyond what it may put in', () => {
    const meta = new Map([['a', 'é'.repeat(10)]]);
    assert.deepEqual(substituteVariables(bytes('%(a)s%(a)s'), meta, 39), TOO_LARGE);
    assert.equal(substituteVariables(bytes('%(a)s%(a)s'), meta, 40).ok, true);
    assert.equal(substituteVariables(bytes('longer than that'), meta, 1).ok, true);
    assert.deepEqual(
      renderTemplate('%(a)s', () => 'xx', 1),
      TOO_LARGE,
    );
    const format = new Map([
      ['id_format', '%(ch)s'],
      ['id_encoding', 'hex'],
    ]);
    const filter = createIdFilter(format, () => 'abc', 12);
    assert(filter.ok);
    assert.equal(filter.value.update(bytes('%I%I')).ok, true);
    assert.deepEqual(filter.value.update(bytes('%I')), TOO_LARGE);
    assert.deepEqual(
      createIdFilter(format, () => 'abc', 2),
      TOO_LARGE,
    );
  });

  for (const kind of KINDS) {
    it(`of meta that an origin ${kind} sets is forgotten, and counted`, async () => {
      const party = await WebSocketParty.start(stage(), kind);
      await party.control({ type: 'subscribe', channel: 'ch', filters: ['skip-self'] });
      await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
      await party.control({ type: 'set-meta', name: 'large', value: 'x'.repeat(70_000) });
      assert.equal(party.proxy.limits().meta, 1);
      for (let i = 0; i < 120; i++) await party.control({ type: 'set-meta', name: `name-${i}`, value: 'x' });
      assert.equal(party.proxy.limits().meta, 22);
      const receipt = await party.proxy.publish('ch', { 'ws-message': 'x' }, { meta: { sender: 'alice' } });
      assert.equal(receipt.filtered, 1);
    });
  }

  it('of meta that comes back with each request of events is forgotten', () => {
    const state = new EventsState();
    for (let i = 0; i < 6; i++) assert.equal(state.readMeta([`Set-Meta-${i}`, 'x'.repeat(10_000)]), true);
    assert.equal(
      state.readMeta(['Set-Meta-6', 'x'.repeat(10_000), 'Set-Meta-0', '', 'Set-Meta-7', 'y']),
      false,
    );
    assert.equal(state.readMeta(['Set-Meta-6', 'x'.repeat(10_000)]), true);
    const names = state.metaFields().filter((_, at) => at % 2 === 0);
    assert.deepEqual(names, ['Meta-1', 'Meta-2', 'Meta-3', 'Meta-4', 'Meta-5', 'Meta-7', 'Meta-6']);
    for (let i = 0; i < 200; i++) state.readMeta([`Set-Meta-n${i}`, 'x']);
    assert.equal(state.metaFields().length, 200);
  });
});
