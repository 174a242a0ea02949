import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useInteropStage } from '../../../test/interop/support/interop-stage.js';
import { WsParty } from '../../../test/interop/support/ws-party.js';
import { chat } from '../../../test/support/apps/chat.js';
import { subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

describe('a WebSocket that a Koa app serves by ctx.grip', () => {
  const stage = useInteropStage();

  async function start(wrapped = false) {
    const grip = stage().grip(gripProxy());
    const app = new Koa();
    if (!wrapped) app.use(grip);
    app.use((ctx) => {
      const ws = ctx.grip.wsContext;
      if (ctx.path !== '/chat' || ws === null) return;
      if (chat(ws, ctx.get('X-Name') || undefined)) ctx.cookies.set('seen', '1');
      else ctx.throw(403, 'who are you?', { expose: true });
    });
    const site = await stage().serve(wrapped ? grip.wrap(app) : app.callback());
    grip.attach(site.server);
    const url = `ws://127.0.0.1:${site.port}/chat`;
    const open = (name: string) => WsParty.open(stage(), url, { headers: { 'X-Name': name } });
    return { grip, site, url, open };
  }

  for (const wrapped of [false, true]) {
    it(`talks, listens and says goodbye${wrapped ? ', wrapped' : ''}`, async () => {
      const { grip, open } = await start(wrapped);
      const party = await open('alice');
      assert.deepEqual(party.headers['set-cookie'], ['seen=1; path=/; httponly']);
      assert.equal(await party.next(), 'text welcome alice');
      party.send('héllo 日本');
      assert.equal(await party.next(), 'text alice: héllo 日本');
      party.send(Uint8Array.of(0, 255));
      assert.equal(await party.next(), 'binary 00ff');
      party.socket.ping('are you there?');
      assert.equal(await party.next(), 'pong are you there?');
      await grip.publish('room', { 'ws-message': 'to all' });
      assert.equal(await party.next(), 'text to all');
      party.socket.close(4001, 'enough');
      assert.equal(await party.next(), 'close 4001 bye alice');
    });
  }

  it('is one of several that hear what is published', async () => {
    const { grip, open } = await start();
    const parties = [await open('alice'), await open('bob')] as const;
    for (const party of parties) assert.match(await party.next(), /^text welcome/);
    await grip.publish('room', { 'ws-message': 'one' });
    for (const party of parties) assert.equal(await party.next(), 'text one');
    parties[0].send('/leave');
    await eventually(() => grip.hub.subscriberCount('room') === 1, 'one subscriber');
    await grip.publish('room', { 'ws-message': 'two' });
    parties[0].send('still here');
    assert.equal(await parties[0].next(), 'text alice: still here');
    assert.equal(await parties[1].next(), 'text two');
  });

  it('may be refused with a status and a body', async () => {
    const { url } = await start();
    const { status, body } = await WsParty.refused(url);
    assert.equal(status, 403);
    assert.equal(body, 'who are you?');
  });

  it('may be refused by a path that nobody serves', async () => {
    const { url } = await start();
    assert.equal((await WsParty.refused(`${url}/nowhere`)).status, 404);
  });

  it('may be closed by its handler', async () => {
    const { open } = await start();
    const party = await open('alice');
    assert.equal(await party.next(), 'text welcome alice');
    party.send('/kick');
    assert.equal(await party.next(), 'close 4000 kicked');
  });

  it('may have its meta forgotten', async () => {
    const { open } = await start();
    const party = await open('alice');
    assert.equal(await party.next(), 'text welcome alice');
    party.send('/forget');
    party.send('who am I?');
    // Both may come in one request, which remembers itself.
    assert.equal(await party.next(), 'text undefined: who am I?');
    party.send('who am I?');
    assert.equal(await party.next(), 'text undefined: who am I?');
  });

  it('may be left to what is published', async () => {
    const { grip, open } = await start();
    const party = await open('alice');
    assert.equal(await party.next(), 'text welcome alice');
    party.send('/detach');
    party.send('not to be heard');
    await subscribed(grip, 'room');
    await grip.publish('room', { 'ws-message': 'to all' });
    assert.equal(await party.next(), 'text to all');
  });

  it('takes a long message, and many short ones, in order', async () => {
    const { open } = await start();
    const party = await open('a');
    assert.equal(await party.next(), 'text welcome a');
    const long = 'ö'.repeat(400_000);
    party.send(long);
    assert.ok((await party.next()) === `text a: ${long}`);
    for (let i = 0; i < 500; i++) party.send(String(i));
    for (let i = 0; i < 500; i++) assert.equal(await party.next(), `text a: ${i}`);
  });

  it('may be lost, and another one served', async () => {
    const { grip, open } = await start();
    (await open('alice')).socket.terminate();
    await eventually(() => grip.stats().sessions === 0, 'no session');
    assert.equal(await (await open('bob')).next(), 'text welcome bob');
  });
});
