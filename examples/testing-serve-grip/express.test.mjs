// Run it with `npx mocha --no-config examples/testing-serve-grip/express.test.mjs`.

import assert from 'node:assert/strict';
import { createGripTest } from '@p-8/testing';
import { createApp } from './express-app.mjs';

describe('serve-grip in Express', () => {
  /** @type {import('@p-8/testing').GripTest} */
  let t;

  /**
   * @param {import('@fanoutio/serve-grip').IServeGripConfig} [config]
   * @param {import('@p-8/testing').GripTestOptions} [options]
   */
  async function start(config, options) {
    t = await createGripTest(createApp(config), options);
  }

  /** @param {string} text */
  function publish(text) {
    return t.request().post('/publish').type('text/plain').send(text);
  }

  afterEach(() => t.close());

  it('streams what is published', async () => {
    await start();
    const [ann, bob] = [await t.stream('/path'), await t.stream('/path')];
    assert.match(ann.headers['content-type'], /^text\/plain/);
    assert.equal(ann.headers['grip-hold'], undefined);
    for (const stream of [ann, bob]) assert.equal(await stream.next(), '[stream open]\n');
    await t.expectHeld({ mode: 'stream', channel: 'test', count: 2 });
    await publish('hello').expect(200, 'Ok\n');
    for (const stream of [ann, bob]) assert.equal(await stream.next(), 'hello\n');
    await t.expectDelivered('test', { to: 2 });
  });

  it('keeps a stream alive, for as long as nothing is published', async () => {
    await start();
    const stream = await t.stream('/path');
    await t.clock.advance('10m');
    assert.deepEqual(stream.received, ['[stream open]\n', ...Array(30).fill('[still here]\n')]);
    assert.equal(t.originRequests.length, 1);
  });

  it('does not hold who comes without a proxy', async () => {
    // A request that is not signed is one that did not come through the proxy.
    await start({}, { sigKey: '' });
    await t.request().get('/path').expect(200, '[not proxied]\n');
    await t.expectHeld({ count: 0 });
  });

  it('is for proxies only, where it says so', async () => {
    await start({ gripProxyRequired: true }, { sigKey: '' });
    await t.request().get('/path').expect(501, 'Not Implemented.\n');
    await t.close();
    await start({ gripProxyRequired: true });
    assert.equal(await (await t.stream('/path')).next(), '[stream open]\n');
  });

  it('takes signatures of the proxy that it knows', async () => {
    const grip = { control_uri: 'http://localhost:5561/', verify_iss: 'pushpin', verify_key: 'secret' };
    await start({ grip, gripProxyRequired: true }, { sigKey: 'secret' });
    assert.equal(await (await t.stream('/path')).next(), '[stream open]\n');
  });

  it('answers a long-poll when something is published', async () => {
    await start();
    const poll = t.longPoll('/poll');
    await t.expectHeld({ mode: 'response', channel: 'test' });
    await publish('news');
    const { status, body } = await poll.next();
    assert.deepEqual({ status, body }, { status: 200, body: 'news\n' });
    await t.expectHeld({ count: 0 });
  });

  it('answers a long-poll after 30 seconds without anything', async () => {
    await start();
    const poll = t.longPoll('/poll');
    await t.clock.advance('29s');
    await t.expectHeld({ mode: 'response', count: 1 });
    await t.clock.advance('1s');
    assert.equal((await poll.next()).body, '[nothing new]\n');
    assert.equal(t.instructs[0].timeoutSeconds, 30);
  });

  it('says so when it cannot publish', async () => {
    await start();
    const stream = await t.stream('/path');
    assert.equal(await stream.next(), '[stream open]\n');
    t.refusePublish(503);
    await publish('lost').expect(502, '[not published]\n');
    await publish('again').expect(200);
    assert.equal(await stream.next(), 'again\n');
  });

  it('uses channels of its own, by a prefix', async () => {
    await start({ prefix: 'shop-' });
    const stream = await t.stream('/path');
    const chat = await t.webSocket('/chat');
    await t.expectHeld({ mode: 'stream', channel: 'shop-test' });
    await t.expectHeld({ mode: 'websocket', channel: 'shop-chat' });
    await publish('hello');
    chat.send('hi');
    await t.expectDelivered('shop-test', { to: 1 });
    await t.expectDelivered('shop-chat', { to: 1 });
    assert.deepEqual([...stream.received, ...chat.received], ['[stream open]\n', 'hello\n', 'welcome', 'hi']);
  });

  it('lets all in a chat hear what one says', async () => {
    await start();
    const [ann, bob] = [await t.webSocket('/chat'), await t.webSocket('/chat')];
    for (const client of [ann, bob]) assert.equal(await client.next(), 'welcome');
    ann.send('hello');
    for (const client of [ann, bob]) assert.equal(await client.next(), 'hello');
    bob.send('hello, Ann');
    for (const client of [ann, bob]) assert.equal(await client.next(), 'hello, Ann');
  });

  it('lets the chat go on when somebody leaves, or is lost', async () => {
    await start();
    const ann = await t.webSocket('/chat');
    const bob = await t.webSocket('/chat');
    const cleo = await t.webSocket('/chat');
    bob.close(4000);
    assert.equal((await bob.closed()).code, 4000);
    cleo.drop();
    await t.expectHeld({ channel: 'chat', count: 1 });
    ann.send('anybody?');
    await t.expectDelivered('chat', { to: 1 });
    assert.deepEqual(ann.received, ['welcome', 'anybody?']);
  });

  it('tells who is no WebSocket', async () => {
    await start();
    await t.request().post('/chat').expect(400, '[not a WebSocket request]\n');
  });
});
