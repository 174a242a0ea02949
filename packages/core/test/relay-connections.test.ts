import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { hold } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

describe('connections of clients', () => {
  const stage = useStage();

  it('serve one request after another', async () => {
    const origin = await stage().origin((res, seen) => res.end(seen.url));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    for (let i = 0; i < 20; i++) {
      client.request(`GET /${i}`);
      assert.equal(String((await client.reply(i)).body), `/${i}`);
    }
    assert.equal(origin.connections, 1);
  });

  it('serve pipelined requests in their order, even when the origin answers in another', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url !== '/0') res.end(seen.url);
    });
    const proxy = await stage().proxy({ target: origin.url, requestsPerConnection: 15 });
    const client = await stage().client(proxy);
    for (let i = 0; i < 15; i++) client.request(`GET /${i}`);
    await origin.request(14);
    await settle();
    assert.equal(client.receivedBytes, 0);
    const first = origin.requests.find(({ url }) => url === '/0');
    first?.res.end('/0');
    for (let i = 0; i < 15; i++) assert.equal(String((await client.reply(i)).body), `/${i}`);
  });

  it('give no warning of a leak, however many requests are pipelined', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): unknown => warnings.push(warning.message);
    process.on('warning', note);
    stage().onClose(() => process.off('warning', note));
    const origin = await stage().origin((res, seen) => {
      hold(res, 'response', 'ch', { body: seen.url });
    });
    const proxy = await stage().proxy({ target: origin.url, requestsPerConnection: 30 });
    const client = await stage().client(proxy);
    for (let i = 0; i < 30; i++) client.request(`GET /${i}`);
    await eventually(() => proxy.proxy.stats().sessions === 30, '30 holds');
    await proxy.proxy.publish('ch', { 'http-response': 'x' });
    await client.reply(29);
    await settle();
    assert.deepEqual(warnings, []);
  });

  it('answer a request that is pipelined behind a hold when that is over', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/hold') hold(res, 'response', 'ch', { body: 'timeout' });
      else res.end('plain');
    });
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.request('GET /hold');
    client.request('GET /plain');
    await eventually(() => proxy.proxy.stats().sessions === 1, 'a hold');
    await origin.request(1);
    await settle();
    assert.equal(client.receivedBytes, 0);
    await proxy.proxy.publish('ch', { 'http-response': 'pushed' });
    assert.equal(String((await client.reply(0)).body), 'pushed');
    assert.equal(String((await client.reply(1)).body), 'plain');
  });

  it('keep a stream that is pipelined behind another until its turn comes', async () => {
    const origin = await stage().origin((res, seen) => {
      hold(res, 'stream', seen.url.slice(1), { body: `[${seen.url}]` });
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /one');
    client.request('GET /two');
    await eventually(() => proxy.stats().sessions === 2, 'two holds');
    await proxy.publish('two', { 'http-stream': 'to two\n' });
    await proxy.publish('one', { 'http-stream': 'to one\n' });
    assert.equal(String((await client.bodyWith('to one\n')).body), '[/one]to one\n');
    assert.equal(client.replies.length, 1);
    await proxy.publish('one', { 'http-stream': { action: 'close' } });
    assert.equal(String((await client.bodyWith('to two\n', 1)).body), '[/two]to two\n');
    await proxy.publish('two', { 'http-stream': 'more\n' });
    await client.bodyWith('more\n', 1);
  });

  it('take what is pipelined along when the client leaves', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/slow') res.writeHead(200).write('x');
      else hold(res, 'stream', 'ch');
    });
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.request('GET /hold');
    client.request('GET /slow');
    client.request('GET /hold');
    await eventually(() => proxy.proxy.stats().sessions === 2, 'two holds');
    await origin.request(2);
    client.destroy();
    await eventually(() => origin.requests.some(({ abandoned }) => abandoned), 'the request given up');
    await eventually(() => proxy.held === 0, 'nothing held');
  });

  it('are closed after the response to a client that asks for it', async () => {
    const origin = await stage().origin((res) => res.end('x'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /', ['Connection: close']);
    assert.equal(field(await client.reply(), 'connection'), 'close');
    assert.equal(await client.closed(), 'ended');
  });

  it('end with their hold when the client has said that it sends no more', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: 'open' }));
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.request('GET /');
    await client.bodyWith('open');
    client.socket.end();
    await once(client.socket, 'close');
    await eventually(() => proxy.held === 0, 'nothing held');
    assert.equal((await proxy.proxy.publish('ch', { 'http-stream': 'x' })).matched, 0);
  });
});

describe('connections to origins', () => {
  const stage = useStage();

  it('are used again, and several at a time where requests overlap', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => origin.requests.length % 3 === 0, 'three requests').then(() => res.end(seen.url));
    });
    const proxy = await stage().proxy({ target: origin.url });
    for (let round = 0; round < 3; round++) {
      const clients = await Promise.all([1, 2, 3].map(() => stage().client(proxy)));
      for (const client of clients) client.request('GET /');
      await Promise.all(clients.map((client) => client.reply()));
    }
    assert.equal(origin.connections, 3);
  });

  it('never carry one request behind another that is not answered', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/quick') res.end('quick');
    });
    const proxy = await stage().proxy({ target: origin.url });
    const [slow, quick] = [await stage().client(proxy), await stage().client(proxy)];
    slow.request('GET /slow');
    await origin.request(0);
    quick.request('GET /quick');
    assert.equal(String((await quick.reply()).body), 'quick');
  });
});
