import assert from 'node:assert/strict';
import type { FormatsInput, GripProxy, GripProxyOptions, Receipt } from '@p-8/core';
import { eventually } from '../../../test/support/eventually.js';
import { hold, respond } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('filters', () => {
  const stage = useStage();
  let client: RawClient;
  let proxy: GripProxy;

  interface Setting extends Pick<GripProxyOptions, 'debug'> {
    readonly meta?: string;
    readonly fields?: readonly string[];
    readonly prefix?: string;
  }

  async function held(
    mode: 'response' | 'stream',
    channels: string | string[],
    setting: Setting = {},
  ): Promise<void> {
    const { meta, fields = [], prefix = '', debug = false } = setting;
    const all = [...(meta === undefined ? [] : [`Grip-Set-Meta: ${meta}`]), ...fields];
    const origin = await stage().origin((res) => hold(res, mode, channels, { fields: all, body: '' }));
    const server = await stage().proxy({ debug, routes: [{ target: origin.url, prefix }] });
    ({ proxy } = server);
    client = await stage().client(server);
    client.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
  }

  function publish(
    content: string,
    meta: Record<string, string> = {},
    channel = 'ch',
    more: object = {},
  ): Promise<Receipt> {
    const formats: FormatsInput = {
      'http-stream': { content, ...more },
      'http-response': { body: content, ...more },
    };
    return proxy.publish(channel, formats, { meta });
  }

  /** Publishes a last item; what came before it in the body. */
  async function before(): Promise<string> {
    await proxy.publish('end', { 'http-stream': 'END', 'http-response': 'END' });
    return String((await client.bodyWith('END')).body).replace('END', '');
  }

  for (const mode of ['stream', 'response'] as const) {
    describe(`of a ${mode} hold`, () => {
      it('skip-self keeps items from those who sent them', async () => {
        await held(mode, ['ch; filter=skip-self', 'end'], { meta: 'user=alice' });
        assert.equal((await publish('own', { sender: 'alice' })).filtered, 1);
        assert.equal(await before(), '');
      });

      it('skip-self lets items of others pass, and those of nobody', async () => {
        await held('stream', ['ch; filter=skip-self', 'end'], { meta: 'user=alice' });
        await publish('bob ', { sender: 'bob' });
        await publish('nobody');
        assert.equal(await before(), 'bob nobody');
      });

      it('V11 skip-users keeps items from those who are listed', async () => {
        await held(mode, ['ch; filter=skip-users', 'end'], { meta: 'user=bob' });
        assert.equal((await publish('x', { skip_users: 'alice, bob ,' })).filtered, 1);
        assert.equal(await before(), '');
      });

      it('V12 require-sub wants another channel too, by the name without prefix', async () => {
        await held(mode, ['ch; filter=require-sub', 'vip', 'end'], { prefix: 'p-' });
        assert.equal((await publish('x', { require_sub: 'p-vip' }, 'p-ch')).filtered, 1);
        assert.equal((await publish('for vips', { require_sub: 'vip' }, 'p-ch')).delivered, 1);
        await client.bodyWith('for vips');
      });

      it('V1 var-subst puts meta into content', async () => {
        await held(mode, ['ch; filter=skip-self; filter=var-subst', 'end'], { meta: 'user=alice' });
        await publish('hello %(user)s, 50%%');
        await client.bodyWith('hello alice, 50%');
      });

      it('drops an item whose content a filter cannot read', async () => {
        await held(mode, ['ch; filter=var-subst', 'end'], { meta: 'user=alice' });
        for (const content of ['50%', '%(nope)s', '%s', '%(x'])
          assert.equal((await publish(content)).dropped, 1, content);
        assert.equal(await before(), '');
      });

      it('build-id puts an id into content, made of the ids that the client has', async () => {
        await held('stream', ['ch; prev-id=7; filter=build-id', 'b; prev-id=x'], {
          meta: 'id_format="%(ch)s:%(b)s", id_encoding=hex',
          fields: ['Grip-Link: </next>; rel=next'],
        });
        const options = { id: '8', 'prev-id': '7' };
        await proxy.publish('ch', { 'http-stream': 'id: %I, %(7)I, %%' }, options);
        await client.bodyWith(`id: ${Buffer.from('7:x').toString('hex')}, 37, %`);
      });

      it('V13 lets an item pass only where the content filters are those that its publisher expects', async () => {
        await held('stream', ['ch; filter=skip-self; filter=var-subst', 'plain', 'end']);
        const expects = async (filters: string[] | undefined, channel = 'ch'): Promise<boolean> => {
          const more = filters === undefined ? {} : { 'content-filters': filters };
          return (await publish('x', {}, channel, more)).delivered === 1;
        };
        assert.equal(await expects(['var-subst']), true);
        assert.equal(await expects([]), false);
        assert.equal(await expects(['skip-self', 'var-subst']), false);
        assert.equal(await expects(undefined), true);
        assert.equal(await expects([], 'plain'), true);
        assert.equal(await expects(['build-id'], 'plain'), false);
        assert.equal(await before(), 'xxx');
      });
    });
  }

  it('that nobody knows do nothing', async () => {
    await held('stream', ['ch; filter=nonsense', 'end']);
    await publish('50%');
    assert.equal(await before(), '50%');
  });

  it('keep an item from one client, and not from another', async () => {
    const origin = await stage().origin((res, seen) => {
      const meta = `Grip-Set-Meta: user=${seen.url.slice(1)}`;
      hold(res, 'stream', 'ch; filter=skip-self; filter=var-subst', { fields: [meta], body: '[' });
    });
    const server = await stage().proxy({ target: origin.url });
    const clients = await Promise.all([0, 1].map(() => stage().client(server)));
    for (const [index, one] of clients.entries()) {
      one.request(`GET /user${index}`);
      await one.bodyWith('[');
    }
    const receipt = await server.proxy.publish(
      'ch',
      { 'http-stream': 'hi %(user)s;' },
      { meta: { sender: 'user0' } },
    );
    assert.deepEqual(receipt, { matched: 2, delivered: 1, queued: 0, filtered: 1, dropped: 0 });
    await server.proxy.publish('ch', { 'http-stream': 'all %(user)s;' });
    const texts = await Promise.all(clients.map((one) => one.bodyWith('all')));
    assert.deepEqual(
      texts.map(({ body }) => String(body)),
      ['[all user0;', '[hi user1;all user1;'],
    );
  });

  it('count an item that was kept from the client as received', async () => {
    await held('stream', 'ch; prev-id=1; filter=skip-self', {
      meta: 'user=me',
      fields: ['Grip-Link: </next>; rel=next'],
    });
    await proxy.publish('ch', { 'http-stream': 'own' }, { id: '2', 'prev-id': '1', meta: { sender: 'me' } });
    const receipt = await proxy.publish('ch', { 'http-stream': 'other' }, { id: '3', 'prev-id': '2' });
    assert.equal(receipt.delivered, 1);
    await client.bodyWith('other');
  });

  it('that fail end a stream in debug mode, and say why', async () => {
    await held('stream', 'ch; filter=var-subst', { debug: true });
    await publish('50%');
    const text = "\n\nfilter error: var-subst: Expected directive after '%' at position 2\n";
    assert.equal(String((await client.reply()).body), text);
  });

  it('that fail answer a long-poll 502 in debug mode, and say why', async () => {
    await held('response', 'ch; filter=var-subst', { debug: true });
    await publish('%(nope)s');
    const reply = await client.reply();
    assert.equal(
      `${reply.status} ${reply.body}`,
      "502 filter error: var-subst: No such variable 'nope' at position 7\n",
    );
  });

  describe("of the origin's own content", () => {
    async function answer(fields: string[], body: string, debug = true): Promise<string> {
      const origin = await stage().origin((res) => respond(res, { fields, body }));
      const asking = await stage().client(await stage().proxy({ target: origin.url, debug }));
      asking.request('GET /');
      const reply = await asking.reply();
      return `${reply.status} ${reply.body}`;
    }
    const channel = 'Grip-Channel: ch; filter=build-id';

    it('build-id reads the ids given there', async () => {
      const meta = 'Grip-Set-Meta: id_format=x, id_encoding=hex';
      assert.equal(await answer([channel, meta], '%(R2D2)I and %%'), '200 52324432 and %');
    });

    it('that fail are answered 502', async () => {
      assert.equal(await answer([channel], 'x'), "502 filter error: build-id: no sub meta 'id_format'\n");
      assert.equal(await answer([channel], 'x', false), '502 Error while proxying to origin.\n');
    });

    it('that fail end a stream', async () => {
      assert.equal(
        await answer([channel, 'Grip-Hold: stream'], 'x'),
        "200 \n\nfilter error: build-id: no sub meta 'id_format'\n",
      );
    });
  });
});
