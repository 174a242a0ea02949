// Runs alone: it measures time.

import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

/** More than a test may take. */
const PATIENT = { patience: 60_000 };

/** A promise that a test resolves. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

describe('t.settled()', () => {
  const test = useGripTests();

  it('waits for an app that takes its time', async () => {
    const t = await test(
      newsApp({
        '/slow': async (_req, res) => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          hold(res, 'response', 'none\n');
        },
      }),
    );
    const poll = t.longPoll('/slow');
    await t.publish('news', { 'http-response': 'one' });
    assert.equal((await poll.next()).body, 'one');
  });

  it('waits no longer than it is told to for a handler that the test holds up, and once only', async () => {
    const { opened, open } = gate();
    const t = await test(
      newsApp({
        '/gated': async (_req, res) => {
          await opened;
          hold(res, 'stream', 'open\n');
        },
      }),
      { patience: 200 },
    );
    const opening = t.stream('/gated');
    const first = await timed(() => t.clock.advance('1s'));
    assert(first >= 190, `${first} ms`);
    const stream = await t.stream('/stream');
    const more = await timed(async () => {
      for (let i = 0; i < 5; i++) await t.publish('news', { 'http-stream': 'item\n' });
      await t.clock.advance('1m');
    });
    assert.equal(stream.received.length, 6);
    // Six things, each of which would wait so long.
    assert(more < 5 * 200, `${more} ms`);
    open();
    await t.publish('news', { 'http-stream': 'late\n' });
    assert.deepEqual((await opening).received, ['open\n', 'late\n']);
  });

  it('does not wait for what the app streams itself', async () => {
    const t = await test(newsApp({ '/own': (_req, res) => void res.write('tick\n') }), PATIENT);
    const stream = await t.stream('/own');
    assert.equal(await stream.next(), 'tick\n');
    // For ever, if it did wait.
    await t.publish('news', { 'http-stream': 'item\n' });
  });

  it('does not wait for itself where the app calls it', async () => {
    const t = await test(
      newsApp({
        '/say': async (_req, res) => {
          await t.publish('news', { 'http-stream': 'said\n' });
          res.end('ok');
        },
      }),
      PATIENT,
    );
    const stream = await t.stream('/stream');
    await t.request().get('/say').expect('ok');
    assert.equal(await stream.next(), 'open\n');
    assert.equal(await stream.next(), 'said\n');
  });
});
