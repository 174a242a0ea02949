import assert from 'node:assert/strict';
import { type GripMiddleware, type GripProxyOptions, gripProxy } from '@p-8/express';
import express, { type Express, type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';

describe('a stream in an Express app that goes on with a next link', () => {
  const stage = useStage();

  function linked(
    routes: Record<string, RequestHandler>,
    options: GripProxyOptions = {},
  ): [GripMiddleware, Express] {
    const grip = stage().grip(gripProxy(options));
    const app = express().set('env', 'test').use(grip);
    for (const [path, handler] of Object.entries(routes)) app.get(path, handler);
    return [grip, app];
  }

  const part = (text: string, link?: string): RequestHandler => {
    return (_req, res) =>
      void res.set(link === undefined ? {} : { 'Grip-Link': `<${link}>; rel=next` }).send(text);
  };

  it('follows a chain of relative links, then ends', async () => {
    const [grip, app] = linked({
      '/a/1': part('one ', '2?x=1'),
      '/a/2': part('two ', './b/3'),
      '/a/b/3': part('three ', '../../4'),
      '/4': part('four'),
    });
    const stream = await (await stage().serve(app)).get('/a/1');
    assert.equal(await stream.whole(), 'one two three four');
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['transfer-encoding'], 'chunked');
    assert.equal(stream.headers.etag, undefined);
    await idle(grip);
  });

  it('is answered 304 to a client that asks about a copy of its beginning', async () => {
    const [grip, app] = linked({ '/1': part('one ', '/2'), '/2': part('two') });
    app.set('etag', () => '"tag"');
    const site = await stage().serve(app);
    // Only a client that got the tag elsewhere sends it: its copy is what it asked about.
    const stream = await site.get('/1', { headers: { 'If-None-Match': '"tag"' } });
    assert.equal(stream.status, 304);
    assert.equal(await stream.whole(), '');
    await idle(grip);
  });

  it('follows absolute links to the app itself', async () => {
    const [, app] = linked({
      '/1': (req, res) => void res.set('Grip-Link', `<http://${req.get('host')}/2>; rel=next`).send('one '),
      '/2': part('two'),
    });
    assert.equal(await (await (await stage().serve(app)).get('/1')).whole(), 'one two');
  });

  it('does not follow links to other hosts, and ends', async () => {
    const [grip, app] = linked({ '/1': part('one', 'http://192.0.2.1/2') }, { debug: true });
    const text = await (await (await stage().serve(app)).get('/1')).whole();
    assert.equal(text, 'one\n\nthe link leads to 192.0.2.1: add it to linkHosts if that is intended\n');
    await idle(grip);
  });

  it('asks with the signature and the last ids, as the client that it is for', async () => {
    let seen: unknown;
    const [grip, app] = linked({
      '/1': (_req, res) => {
        res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news; prev-id=1', 'Grip-Link': '</2>; rel=next' });
        res.send('one ');
      },
      '/2': (req, res) => {
        seen = [req.get('grip-last'), req.get('host'), req.ip, req.protocol, req.get('cookie')];
        assert.ok(req.get('grip-sig'));
        res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news; prev-id=3', 'Grip-Link': '</2>; rel=next' });
        res.send('two ');
      },
    });
    const site = await stage().serve(app);
    const stream = await site.get('/1', { headers: { Cookie: 'a=1' } });
    await stream.until((text) => text === 'one ');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-stream': 'lost' }, { id: '3', 'prev-id': '2' });
    await stream.until((text) => text === 'one two ');
    assert.deepEqual(seen, ['news; last-id=1', `127.0.0.1:${site.port}`, '127.0.0.1', 'http', undefined]);
    await grip.publish('news', { 'http-stream': 'four' }, { id: '4', 'prev-id': '3' });
    await stream.until((text) => text === 'one two four');
  });

  it('that leads to itself asks once a while, not in a spin', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const [grip, app] = linked(
      {
        '/1': (_req, res) => {
          asked++;
          res.set('Grip-Link', '</1>; rel=next').end();
        },
      },
      { clock },
    );
    const stream = await (await stage().serve(app)).get('/1');
    await eventually(() => asked === 2 && clock.pending === 1, 'the first look at the link');
    for (const [index, seconds] of [1, 2, 4].entries()) {
      clock.advance(seconds * 1000 - 1);
      assert.equal(asked, 2 + index);
      clock.advance(1);
      await eventually(() => asked === 3 + index && clock.pending === 1, 'the next look at the link');
    }
    stream.leave();
    await idle(grip);
  });

  it('is ended when its link cannot be had in six attempts', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const missing: RequestHandler = (_req, res) => {
      asked++;
      res.sendStatus(404);
    };
    const [grip, app] = linked({ '/1': part('one', '/2'), '/2': missing }, { clock, debug: true });
    const stream = await (await stage().serve(app)).get('/1');
    for (let attempt = 1; attempt < 6; attempt++) {
      await eventually(() => asked === attempt && clock.pending === 1, 'an attempt');
      clock.advance(1000 * 2 ** (attempt - 1));
    }
    assert.equal(await stream.whole(), 'one\n\nFailed to retrieve next link.\n');
    assert.equal(asked, 6);
    await idle(grip);
  });

  it('goes on when its link can be had again', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const [, app] = linked(
      {
        '/1': part('one ', '/2'),
        '/2': (_req, res) => {
          if (asked++ === 0) throw Object.assign(new Error('not yet'), { status: 503, stack: '' });
          res.send('two');
        },
      },
      { clock },
    );
    const stream = await (await stage().serve(app)).get('/1');
    await eventually(() => asked === 1 && clock.pending === 1, 'an attempt');
    clock.advance(1000);
    assert.equal(await stream.whole(), 'one two');
  });

  it('is ended by a link that asks for a long-poll', async () => {
    const [grip, app] = linked(
      {
        '/1': part('one', '/2'),
        '/2': (_req, res) => void res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('two'),
      },
      { debug: true },
    );
    const text = await (await (await stage().serve(app)).get('/1')).whole();
    assert.equal(text, 'one\n\nNext link returned non-stream hold.\n');
    await idle(grip);
  });

  it('waits for a slow client', async () => {
    const block = 'x'.repeat(1_000_000);
    let asked = 0;
    const [grip, app] = linked({
      '/1': part('one ', '/2'),
      '/2': (_req, res) => {
        if (++asked < 20) res.set('Grip-Link', '</2>; rel=next');
        res.send(block);
      },
    });
    const site = await stage().serve(app);
    const stream = await site.get('/1');
    stream.stall();
    await site.blocked();
    assert.ok(asked < 20);
    stream.takeMore();
    assert.equal((await stream.whole()).length, 4 + 20 * block.length);
    await idle(grip);
  });
});
