// NODE_OPTIONS=--experimental-vm-modules npx jest --config examples/testing/jest.config.mjs

import { createGripTest } from '@p-8/testing';
import { createApp } from './app.mjs';

describe('the app', () => {
  /** @type {import('@p-8/testing').GripTest} */
  let t;

  beforeEach(async () => {
    t = await createGripTest(createApp());
  });

  afterEach(() => t.close());

  it('streams the news', async () => {
    const stream = await t.stream('/news');
    expect(await stream.next()).toBe('[open]\n');
    await t.expectHeld({ mode: 'stream', channel: 'news' });
    await t.request().post('/news').type('text/plain').send('hello').expect(200);
    expect(await stream.next()).toBe('hello\n');
  });

  it('answers a long-poll after 25 seconds without news', async () => {
    const poll = t.longPoll('/next');
    await t.clock.advance('24s');
    await t.expectHeld({ mode: 'response' });
    await t.clock.advance('1s');
    expect((await poll.next()).body).toBe('[nothing new]\n');
  });

  it('lets everybody in the chat hear what somebody says', async () => {
    const [ann, bob] = [await t.webSocket('/chat'), await t.webSocket('/chat')];
    ann.send('hello');
    await t.expectDelivered('chat', { to: 2 });
    expect([await ann.next(), await bob.next()]).toEqual(['hello', 'hello']);
  });
});
