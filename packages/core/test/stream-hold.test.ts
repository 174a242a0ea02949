import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { type HoldOptions, hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('a stream hold', () => {
  const stage = useStage();

  /** A client that is held. */
  async function held(
    options: HoldOptions = {},
    channels: string | string[] = 'ch',
    line = 'GET /stream',
  ): Promise<{ client: RawClient; server: ProxyServer; proxy: ProxyServer['proxy'] }> {
    const origin = await stage().origin((res) =>
      hold(res, 'stream', channels, { body: '[open]', ...options }),
    );
    const server = await stage().proxy({ target: origin.url });
    const client = await stage().client(server);
    client.request(line);
    await client.bodyWith(String(options.body ?? '[open]'));
    return { client, server, proxy: server.proxy };
  }

  it('A7 gets the content of the origin, then items, and ends with a close', async () => {
    const { client, proxy, server } = await held({ body: 'stream open\n' });
    const receipt = await proxy.publish('ch', { 'http-stream': 'hello world\n' });
    assert.deepEqual(receipt, { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 });
    await client.bodyWith('hello world\n');
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    const reply = await client.reply();
    assert.equal(String(reply.body), 'stream open\nhello world\n');
    assert.equal(server.held, 0);
    client.request('GET /stream');
    await client.bodyWith('stream open\n', 1);
  });

  it('A8 gets items in their order, and with the last one its end', async () => {
    const { client, proxy } = await held();
    const publish = (id: string, prevId: string | undefined, format: object | string): Promise<unknown> =>
      proxy.publish('ch', { 'http-stream': format as string }, { id, 'prev-id': prevId });
    await publish('a', undefined, 'one\n');
    await publish('e', 'd', { action: 'close' });
    await publish('d', 'c', 'four\n');
    await publish('c', 'b', 'three\n');
    await publish('b', 'a', 'two\n');
    assert.equal(String((await client.reply()).body), '[open]one\ntwo\nthree\nfour\n');
  });

  it('has the status, reason and fields of the origin, without Grip- and Content-Length', async () => {
    const fields = ['Content-Length: 6', 'X-A: 1', 'Grip-Status: 202 Go On', 'Grip-Unknown: x'];
    const { client } = await held({ status: 404, fields });
    const head = await client.head();
    assert.equal(`${head.status} ${head.reason}`, '202 Go On');
    assert.equal(field(head, 'x-a'), '1');
    assert.equal(field(head, 'content-type'), 'text/plain');
    assert.equal(field(head, 'transfer-encoding'), 'chunked');
    assert.equal(field(head, 'content-length'), undefined);
    assert.doesNotMatch(client.text, /grip/i);
  });

  it('has only the fields that Grip-Expose-Headers names', async () => {
    const { client } = await held({ fields: ['X-A: 1', 'X-B: 2', 'Grip-Expose-Headers: x-a, Grip-Hold'] });
    const names = (await client.head()).fields.map(([name]) => name.toLowerCase());
    assert.deepEqual(names.sort(), ['connection', 'date', 'keep-alive', 'transfer-encoding', 'x-a']);
  });

  it('gets its head without delay where there is no content', async () => {
    const { client } = await held({ body: '' });
    assert.equal((await client.head()).status, 200);
  });

  it('gets bytes as they are, and each item once', async () => {
    const { client, proxy } = await held({ body: 'x' });
    const all: number[] = [];
    for (let i = 0; i < 256; i++) all.push(i);
    await proxy.publish('ch', { 'http-stream': Uint8Array.from(all) });
    await proxy.publish('ch', { 'http-stream': { 'content-bin': 'AP8=' } });
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.deepEqual([...(await client.reply()).body], ['x'.charCodeAt(0), ...all, 0, 255]);
  });

  it('gets everything that is published, in its order, however it comes', async () => {
    const { client, proxy } = await held();
    const turns = fc.sample(fc.array(fc.array(fc.string({ minLength: 1 }), { maxLength: 5 })), {
      numRuns: 30,
      seed: 7,
    });
    let expected = '[open]';
    for (const turn of turns) {
      for (const items of turn) {
        for (const content of items) await proxy.publish('ch', { 'http-stream': content });
        expected += items.join('');
        if (items.length % 2 === 0) await settle(1);
      }
    }
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal(String((await client.reply()).body), expected);
  });

  it('does not care for items without http-stream, for empty ones, and for hints without a next link', async () => {
    const { client, proxy } = await held();
    assert.equal((await proxy.publish('ch', { 'http-response': 'x', 'ws-message': 'x' })).matched, 0);
    await proxy.publish('ch', { 'http-stream': '' });
    await proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await proxy.publish('ch', { 'http-stream': 'next' });
    await client.bodyWith('next');
    assert.equal(String((await client.head()).body), '[open]next');
  });

  it('sends nothing that comes after its end in the same turn', async () => {
    const { client, proxy } = await held();
    const publish = (format: string | { action: 'close' }): Promise<{ matched: number }> =>
      proxy.publish('ch', { 'http-stream': format });
    const [, , after] = await Promise.all([
      publish('last'),
      publish({ action: 'close' }),
      publish('too late'),
    ]);
    assert.equal(after?.matched, 0);
    assert.equal(String((await client.reply()).body), '[open]last');
  });

  it('reaches an HTTP/1.0 client without chunks, and ends with the connection', async () => {
    const { client, proxy } = await held({}, 'ch', 'GET / HTTP/1.0');
    await proxy.publish('ch', { 'http-stream': 'item' });
    await client.bodyWith('item');
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal(await client.closed(), 'ended');
    assert.equal(String((await client.reply()).body), '[open]item');
  });

  it('closes the connection at its end where the client asked for that', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: 'open' }));
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /', ['Connection: close']);
    await client.bodyWith('open');
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    assert.equal(await client.closed(), 'ended');
    assert.equal(client.replies[0]?.complete, true);
  });

  for (const [line, status] of [
    ['HEAD /', 200],
    ['GET /', 204],
    ['GET /', 304],
  ] as const) {
    it(`is none for ${line} with ${status}: nothing can be sent`, async () => {
      const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { status, fields: ['X-A: 1'] }));
      const server = await stage().proxy({ target: origin.url });
      const client = await stage().client(server);
      for (const index of [0, 1]) {
        client.request(line);
        const reply = await client.reply(index);
        assert.equal(reply.status, status);
        assert.equal(field(reply, 'x-a'), '1');
        assert.equal(reply.body.length, 0);
      }
      assert.equal(server.held, 0);
    });
  }

  it('ends after its content where a channel has prev-id, but there is no next link', async () => {
    const { client, server } = await held({}, 'ch; prev-id=1');
    assert.equal(String((await client.reply()).body), '[open]');
    assert.equal(server.held, 0);
  });

  it('says why it ends in debug mode', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch; prev-id=1', { body: '[open]' }));
    const client = await stage().client(await stage().proxy({ target: origin.url, debug: true }));
    client.request('GET /');
    const text = "[open]\n\nchannel 'ch' specifies prev-id, but no next link found\n";
    assert.equal(String((await client.reply()).body), text);
  });

  it('is on the first 20 channels that the origin names, and no more', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `ch${i}`);
    const { proxy, client } = await held({}, ['ch0', ...names]);
    const subscribed = names.filter((name) => proxy.hub.subscriberCount(name) === 1);
    assert.deepEqual(subscribed, names.slice(0, 20));
    assert.equal((await proxy.publish('ch19', { 'http-stream': 'in' })).delivered, 1);
    assert.equal((await proxy.publish('ch20', { 'http-stream': 'out' })).matched, 0);
    await client.bodyWith('in');
  });

  it('is once on a channel that is named twice, with the last id and filters', async () => {
    const { proxy } = await held({ fields: ['Grip-Set-Meta: user=me'] }, ['ch', 'ch; filter=skip-self']);
    assert.equal(proxy.hub.subscriberCount('ch'), 1);
    const receipt = await proxy.publish('ch', { 'http-stream': 'x' }, { meta: { sender: 'me' } });
    assert.equal(receipt.filtered, 1);
  });

  it('tells who listens of its channels', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: 'open' }));
    const server = await stage().proxy({ target: origin.url });
    const events: string[] = [];
    server.proxy.on('subscribe', (channel) => events.push(`+${channel}`));
    server.proxy.on('unsubscribe', (channel) => events.push(`-${channel}`));
    const clients = [await stage().client(server), await stage().client(server)];
    for (const client of clients) {
      client.request('GET /');
      await client.bodyWith('open');
    }
    for (const client of clients) client.destroy();
    await eventually(() => server.held === 0, 'nothing held');
    assert.deepEqual(events, ['+ch', '-ch']);
  });

  it('is read from JSON', async () => {
    const origin = await stage().origin((res) => {
      res.writeHead(200, { 'Content-Type': 'application/grip-instruct', 'Grip-Channel': 'extra' });
      const keepAlive = { content: 'ping', timeout: 30 };
      res.end(
        JSON.stringify({
          hold: { mode: 'stream', channels: [{ name: 'test' }], 'keep-alive': keepAlive },
          response: { headers: { 'X-A': '1' }, body: 'open' },
        }),
      );
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /');
    assert.equal(field(await client.bodyWith('open'), 'x-a'), '1');
    for (const channel of ['extra', 'test']) await proxy.publish(channel, { 'http-stream': `to ${channel}` });
    await client.bodyWith('to extrato test');
  });
});
