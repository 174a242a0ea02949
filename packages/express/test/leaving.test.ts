import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type Express, type Response } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';

const atRest = { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 };

describe('a client of an Express app leaves nothing behind when it goes', () => {
  const stage = useStage();
  let clock: ManualClock;
  let grip: GripMiddleware;
  let app: Express;

  beforeEach(() => {
    clock = new ManualClock();
    grip = stage().grip(gripProxy({ clock }));
    app = express().use(grip);
  });

  const hold = (res: Response, mode: 'stream' | 'response', link = '') =>
    res.set({
      'Grip-Hold': mode,
      'Grip-Channel': 'news; prev-id=1',
      'Grip-Keep-Alive': 'x; timeout=20',
      'Grip-Link': link,
    });

  /** A handler whose response is answered by the test. */
  function open(path: string): { response(): Promise<Response>; gone(): Promise<void> } {
    let response: Response | undefined;
    let gone = false;
    app.get(path, (_req, res) => {
      response = res;
      res.once('close', () => {
        gone = true;
      });
    });
    return {
      async response() {
        await eventually(() => response !== undefined, 'a request');
        assert.ok(response);
        return response;
      },
      gone: () => eventually(() => gone, 'a client that is gone'),
    };
  }

  it('before the app answers with a hold', async () => {
    const { response, gone } = open('/');
    const call = (await stage().serve(app)).call('/');
    const res = await response();
    call.leave();
    await gone();
    hold(res, 'stream', '</next>; rel=next').send('open');
    assert.deepEqual(grip.stats(), atRest);
  });

  it('while the app is writing its answer', async () => {
    const { response, gone } = open('/');
    const call = (await stage().serve(app)).call('/');
    const res = await response();
    hold(res, 'stream', '</next>; rel=next').write('half');
    call.leave();
    await gone();
    res.end('the other half');
    assert.deepEqual(grip.stats(), atRest);
  });

  it('while the app is writing a large answer', async () => {
    const { response, gone } = open('/');
    const call = (await stage().serve(app)).call('/');
    const res = await response();
    hold(res, 'stream', '</next>; rel=next').write('x'.repeat(200_000));
    await call.reply;
    assert.equal(grip.stats().sessions, 1);
    call.leave();
    await gone();
    res.end('the other half');
    await idle(grip);
    assert.deepEqual(grip.stats(), atRest);
  });

  it('while its long-poll is held', async () => {
    app.get('/', (_req, res) => void hold(res, 'response').send('nothing'));
    const call = (await stage().serve(app)).call('/');
    await subscribed(grip, 'news');
    assert.deepEqual(grip.stats(), { sessions: 1, channels: 1, timers: 1, upstreamRequests: 0 });
    call.leave();
    await idle(grip);
  });

  it('while its stream is held', async () => {
    app.get('/', (_req, res) => void hold(res, 'stream', '</next>; rel=next').send('open'));
    const call = (await stage().serve(app)).call('/');
    await subscribed(grip, 'news');
    assert.deepEqual(grip.stats(), { sessions: 1, channels: 1, timers: 2, upstreamRequests: 0 });
    call.leave();
    await idle(grip);
    assert.equal(clock.pending, 0);
  });

  it('while items wait for it, since it does not read', async () => {
    app.get('/', (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open'));
    const site = await stage().serve(app);
    const stream = await site.get('/');
    stream.stall();
    const item = 'x'.repeat(100_000);
    await eventually(() => grip.stats().sessions === 1, 'a stream');
    for (let queued = false; !queued; ) {
      const receipt = await grip.publish('news', { 'http-stream': item });
      queued = receipt.queued > 0;
      await setImmediate();
    }
    stream.leave();
    await idle(grip);
  });

  it('while its long-poll waits to be retried', async () => {
    app.get('/', (_req, res) => void hold(res, 'response').send('nothing'));
    const call = (await stage().serve(app)).call('/');
    await subscribed(grip, 'news');
    assert.equal(
      (await grip.publish('news', { 'http-response': 'x' }, { id: '3', 'prev-id': '2' })).queued,
      1,
    );
    call.leave();
    await idle(grip);
    assert.equal(clock.pending, 0);
  });

  it('while its long-poll is retried', async () => {
    let asked = 0;
    let gone = false;
    app.get('/', (_req, res) => {
      if (asked++ === 0) hold(res, 'response').send('nothing');
      else {
        res.once('close', () => {
          gone = true;
        });
      }
    });
    const call = (await stage().serve(app)).call('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    await eventually(() => asked === 2, 'the second request');
    assert.deepEqual(grip.stats(), { ...atRest, timers: 1, upstreamRequests: 1 });
    call.leave();
    await idle(grip);
    // The app is told.
    await eventually(() => gone, 'the close of the response');
  });

  it('while the answer to its retried long-poll is coming', async () => {
    let asked = 0;
    let gone = false;
    app.get('/', (_req, res) => {
      if (asked++ === 0) {
        hold(res, 'response').send('nothing');
        return;
      }
      res.write('half');
      res.once('close', () => {
        gone = true;
      });
    });
    const call = (await stage().serve(app)).call('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    await (await call.reply).until((text) => text === 'half');
    call.leave();
    await idle(grip);
    await eventually(() => gone, 'the close of the response');
  });

  it('while a next link is asked', async () => {
    const { response, gone } = open('/next');
    app.get('/', (_req, res) => void res.set('Grip-Link', '</next>; rel=next').send('open'));
    const call = (await stage().serve(app)).call('/');
    await response();
    assert.deepEqual(grip.stats(), { ...atRest, sessions: 1, timers: 2, upstreamRequests: 1 });
    call.leave();
    await idle(grip);
    await gone();
  });

  it('while a next link waits to be asked again', async () => {
    app.get('/', (_req, res) => void res.set('Grip-Link', '</missing>; rel=next').send('open'));
    const call = (await stage().serve(app)).call('/');
    await eventually(() => grip.stats().timers === 1, 'a link that is to be tried again');
    call.leave();
    await idle(grip);
    assert.equal(clock.pending, 0);
  });

  it('while a request before it on the same connection is held', async () => {
    app.get('/', (_req, res) => void hold(res, 'response').send('nothing'));
    const site = await stage().serve(app);
    const pipelined = site.connect('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
    await subscribed(grip, 'news', 3);
    pipelined.destroy();
    await idle(grip);
  });
});
