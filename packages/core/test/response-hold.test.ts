import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field, fieldValues, type HttpReply } from '../../../test/support/http-reply.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { type HoldOptions, hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('a response hold', () => {
  const stage = useStage();
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });

  /** A client that is held. */
  async function held(
    options: HoldOptions = {},
    channels: string | string[] = 'ch',
    line = 'GET /poll',
  ): Promise<{ client: RawClient; server: ProxyServer; proxy: ProxyServer['proxy'] }> {
    const origin = await stage().origin((res) => hold(res, 'response', channels, options));
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request(line);
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    return { client, server, proxy: server.proxy };
  }

  function text({ status, reason, body }: HttpReply): string {
    return `${status} ${reason}: ${body}`;
  }

  it('A6 is answered by an item, once, and by no other', async () => {
    const { client, proxy } = await held({ body: 'timeout\n' });
    const one = { 'http-response': 'hello world\n' };
    const counts = await Promise.all([
      proxy.publish('ch', one),
      proxy.publish('ch', { 'http-response': 'second' }),
    ]);
    assert.deepEqual(
      counts.map(({ delivered }) => delivered),
      [1, 0],
    );
    assert.equal(text(await client.reply()), '200 OK: hello world\n');
    client.request('GET /again');
    await settle();
    assert.equal(client.replies.length, 1);
  });

  it('ends with what the origin prepared when its time is up', async () => {
    const { client } = await held({ fields: ['Grip-Timeout: 10', 'X-A: 1'], body: 'nothing new' });
    clock.advance(9999);
    await settle();
    assert.equal(client.receivedBytes, 0);
    clock.advance(1);
    const reply = await client.reply();
    assert.equal(text(reply), '200 OK: nothing new');
    assert.equal(field(reply, 'x-a'), '1');
    assert.equal(field(reply, 'content-length'), '11');
    assert.deepEqual(
      reply.fields.filter(([name]) => name.toLowerCase().startsWith('grip')),
      [],
    );
  });

  const timeouts: [fields: string[], seconds: number][] = [
    [[], 55],
    [['Grip-Timeout: 0'], 5],
    [['Grip-Timeout: 3'], 5],
    [['Grip-Timeout: 3000000'], 3_000_000],
  ];
  for (const [fields, seconds] of timeouts) {
    it(`lasts ${seconds} seconds with ${fields[0] ?? 'no Grip-Timeout'}`, async () => {
      const { client } = await held({ fields });
      clock.advance(seconds * 1000 - 1);
      await settle();
      assert.equal(client.receivedBytes, 0);
      clock.advance(1);
      await client.reply();
    });
  }

  it('takes the status of Grip-Status for its time-out, and the one of an item for that', async () => {
    const { client } = await held({ fields: ['Grip-Status: 418 Teapot'] });
    clock.advance(55_000);
    assert.equal(text(await client.reply()), '418 Teapot: ');
    const other = await held({ fields: ['Grip-Status: 418 Teapot'] });
    await other.proxy.publish('ch', { 'http-response': { code: 201, body: 'x' } });
    assert.equal(text(await other.client.reply()), '201 Created: x');
  });

  it('keeps its own fields, and those of an item in place of equal names', async () => {
    const { client, proxy } = await held({
      fields: ['X-A: own', 'Set-Cookie: a', 'Set-Cookie: b', 'Content-Length: 0'],
    });
    const headers = [
      ['x-a', 'item'],
      ['X-B', '1'],
      ['X-B', '2'],
      ['Content-Length', '99'],
      ['Connection', 'X-Z'],
      ['X-Z', 'hop'],
      ['Grip-Hold', 'stream'],
    ] as const;
    await proxy.publish('ch', { 'http-response': { code: 404, reason: 'Gone Fishing', headers, body: 'x' } });
    const reply = await client.reply();
    assert.equal(text(reply), '404 Gone Fishing: x');
    assert.deepEqual(fieldValues(reply, 'x-a'), ['item']);
    assert.deepEqual(fieldValues(reply, 'x-b'), ['1', '2']);
    assert.deepEqual(fieldValues(reply, 'set-cookie'), ['a', 'b']);
    assert.deepEqual(fieldValues(reply, 'content-type'), ['text/plain']);
    assert.deepEqual(fieldValues(reply, 'content-length'), ['1']);
    assert.equal(field(reply, 'x-z') ?? field(reply, 'grip-hold'), undefined);
  });

  it('is answered with bytes', async () => {
    const { client, proxy } = await held();
    await proxy.publish('ch', { 'http-response': { 'body-bin': 'AAEC/w==', body: 'text' } });
    assert.deepEqual([...(await client.reply()).body], [0, 1, 2, 255]);
    const other = await held();
    await other.proxy.publish('ch', { 'http-response': new Uint8Array([255, 0]) });
    assert.deepEqual([...(await other.client.reply()).body], [255, 0]);
  });

  it('is answered with its own body, patched', async () => {
    const { client, proxy } = await held({ body: '{"b":1,"a":[1,2]}\n' });
    const patch = [{ op: 'add', path: '/a/-', value: 3 }];
    await proxy.publish('ch', { 'http-response': { 'body-patch': patch, code: 202 } });
    assert.equal(text(await client.reply()), '202 Accepted: {"a":[1,2,3],"b":1}\n');
  });

  it('is answered with an empty body where the patch fails: the client must know that something happened', async () => {
    const { client, proxy } = await held({ body: 'no JSON' });
    await proxy.publish('ch', { 'http-response': { 'body-patch': [{ op: 'remove', path: '/a' }] } });
    assert.equal(text(await client.reply()), '200 OK: ');
  });

  it('leaves the connection for the next request', async () => {
    const { client, proxy, server } = await held();
    await proxy.publish('ch', { 'http-response': 'one' });
    await client.reply();
    assert.equal(server.held, 0);
    client.request('GET /poll');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': 'two' });
    assert.equal(String((await client.reply(1)).body), 'two');
  });

  it('does not care for items without http-response, and for close', async () => {
    const { client, proxy } = await held();
    assert.equal((await proxy.publish('ch', { 'http-stream': 'x', 'ws-message': 'x' })).matched, 0);
    await proxy.publish('ch', { 'http-response': { action: 'close' } });
    await settle();
    assert.equal(client.receivedBytes, 0);
    await proxy.publish('ch', { 'http-response': 'still here' });
    assert.equal(String((await client.reply()).body), 'still here');
  });

  it('answers all who wait, on any of their channels', async () => {
    const origin = await stage().origin((res, seen) => hold(res, 'response', [seen.url.slice(1), 'all']));
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const clients = await Promise.all(['/a', '/b', '/a'].map(() => stage().client({ port })));
    for (const [index, client] of clients.entries()) client.request(`GET /${index === 1 ? 'b' : 'a'}`);
    await eventually(() => proxy.stats().sessions === 3, 'three holds');
    assert.equal((await proxy.publish('a', { 'http-response': 'to a' })).delivered, 2);
    assert.equal((await proxy.publish('all', { 'http-response': 'to all' })).delivered, 1);
    assert.deepEqual(
      (await Promise.all(clients.map((client) => client.reply()))).map(({ body }) => String(body)),
      ['to a', 'to all', 'to a'],
    );
  });

  it('may wait on no channel at all, for its time-out', async () => {
    const { client, proxy } = await held({ body: 'over' }, []);
    assert.equal(proxy.stats().channels, 0);
    clock.advance(55_000);
    assert.equal(String((await client.reply()).body), 'over');
  });

  it('of a HEAD is not held: there is no body to wait for', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch', { fields: ['X-A: 1'] }));
    const server = await stage().proxy({ target: origin.url });
    const client = await stage().client(server);
    client.request('HEAD /');
    assert.equal(field(await client.reply(), 'x-a'), '1');
    assert.equal(server.held, 0);
  });

  for (const status of [204, 304]) {
    it(`with ${status} is held, and has no body at the end`, async () => {
      const { client } = await held({ status, fields: ['ETag: "x"'] });
      clock.advance(55_000);
      const reply = await client.reply();
      assert.equal(reply.status, status);
      assert.equal(field(reply, 'content-length'), undefined);
    });
  }

  it('is for any method and status', async () => {
    const { client, proxy } = await held({ status: 404 }, 'ch', 'DELETE /x');
    await proxy.publish('ch', { 'http-response': 'gone' });
    assert.equal(text(await client.reply()), '200 OK: gone');
  });

  it('reaches an HTTP/1.0 client', async () => {
    const { client, proxy } = await held({}, 'ch', 'GET / HTTP/1.0');
    await proxy.publish('ch', { 'http-response': 'x' });
    await client.closed();
    assert.equal(text(await client.reply()), '200 OK: x');
  });

  it('is forgotten when the client leaves', async () => {
    const { client, proxy, server } = await held();
    client.reset();
    await eventually(() => server.held === 0, 'nothing held');
    assert.equal((await proxy.publish('ch', { 'http-response': 'x' })).matched, 0);
  });

  it('is read from JSON', async () => {
    const origin = await stage().origin((res) => {
      res.writeHead(200, { 'Content-Type': 'application/grip-instruct; charset=utf-8', 'X-Dropped': '1' });
      const response = { code: 203, reason: 'Mine', headers: [['X-A', '1']], 'body-bin': 'b3Zlcg==' };
      res.end(JSON.stringify({ hold: { channels: [{ name: 'ch' }], timeout: 20 }, response }));
    });
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request('GET /');
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    clock.advance(20_000);
    const reply = await client.reply();
    assert.equal(text(reply), '203 Mine: over');
    assert.equal(field(reply, 'x-a'), '1');
    assert.equal(field(reply, 'x-dropped'), undefined);
  });
});
