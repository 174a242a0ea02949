import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { type GripMiddleware, type GripProxyOptions, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';

type Handler = (ctx: Koa.Context) => void;

describe('a stream in a Koa app that goes on with a next link', () => {
  const stage = useStage();

  function linked(routes: Record<string, Handler>, options: GripProxyOptions = {}): [GripMiddleware, Koa] {
    const grip = stage().grip(gripProxy(options));
    const app = new Koa().use(grip).use((ctx) => routes[ctx.path]?.(ctx));
    app.silent = true;
    return [grip, app];
  }

  const part = (text: string, link?: string): Handler => {
    return (ctx) => {
      if (link !== undefined) ctx.set('Grip-Link', `<${link}>; rel=next`);
      ctx.body = text;
    };
  };

  it('follows a chain of relative links, then ends', async () => {
    const [grip, app] = linked({
      '/a/1': part('one ', '2?x=1'),
      '/a/2': (ctx) => {
        ctx.set('Grip-Link', '<./b/3>; rel=next');
        ctx.body = Readable.from(['t', 'wo '], { objectMode: false });
      },
      '/a/b/3': part('three ', '../../4'),
      '/4': part('four'),
    });
    const stream = await (await stage().serve(app.callback())).get('/a/1');
    assert.equal(await stream.whole(), 'one two three four');
    assert.equal(stream.headers['transfer-encoding'], 'chunked');
    await idle(grip);
  });

  it('asks with the signature and the last ids, as the client that it is for', async () => {
    const seen: unknown[] = [];
    const hold = (ctx: Koa.Context, prevId: number) => {
      ctx.set({
        'Grip-Hold': 'stream',
        'Grip-Channel': `news; prev-id=${prevId}`,
        'Grip-Link': '</2>; rel=next',
      });
    };
    const [grip, app] = linked({
      '/1': (ctx) => {
        hold(ctx, 1);
        ctx.body = 'one ';
      },
      '/2': (ctx) => {
        seen.push(
          ctx.get('grip-last'),
          ctx.host,
          ctx.ip,
          ctx.protocol,
          ctx.get('grip-sig').split('.').length,
        );
        hold(ctx, 3);
        ctx.body = 'two ';
      },
    });
    const site = await stage().serve(app.callback());
    const stream = await site.get('/1');
    await stream.until((text) => text === 'one ');
    await grip.publish('news', { 'http-stream': 'lost' }, { id: '3', 'prev-id': '2' });
    await stream.until((text) => text === 'one two ');
    assert.deepEqual(seen, ['news; last-id=1', `127.0.0.1:${site.port}`, '127.0.0.1', 'http', 3]);
    await grip.publish('news', { 'http-stream': 'four' }, { id: '4', 'prev-id': '3' });
    await stream.until((text) => text === 'one two four');
  });

  it('that leads to itself asks once a while, not in a spin', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const [grip, app] = linked(
      {
        '/1': (ctx) => {
          asked++;
          part('', '/1')(ctx);
        },
      },
      { clock },
    );
    const stream = await (await stage().serve(app.callback())).get('/1');
    await eventually(() => asked === 2 && clock.pending === 1, 'the first look at the link');
    clock.advance(1000);
    await eventually(() => asked === 3 && clock.pending === 1, 'the second look at the link');
    stream.leave();
    await idle(grip);
  });

  it('is ended when its link cannot be had in six attempts', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const missing: Handler = (ctx) => {
      asked++;
      ctx.throw(404);
    };
    const [grip, app] = linked({ '/1': part('one', '/2'), '/2': missing }, { clock, debug: true });
    const stream = await (await stage().serve(app.callback())).get('/1');
    for (let attempt = 1; attempt < 6; attempt++) {
      await eventually(() => asked === attempt && clock.pending === 1, 'an attempt');
      clock.advance(1000 * 2 ** (attempt - 1));
    }
    assert.equal(await stream.whole(), 'one\n\nFailed to retrieve next link.\n');
    assert.equal(asked, 6);
    await idle(grip);
  });

  it('is ended by a link that asks for a long-poll', async () => {
    const [grip, app] = linked(
      {
        '/1': part('one', '/2'),
        '/2': (ctx) => {
          ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' });
          ctx.body = 'two';
        },
      },
      { debug: true },
    );
    const text = await (await (await stage().serve(app.callback())).get('/1')).whole();
    assert.equal(text, 'one\n\nNext link returned non-stream hold.\n');
    await idle(grip);
  });

  it('is ended when it links to another host', async () => {
    const [grip, app] = linked({ '/1': part('one', 'http://192.0.2.1/2') });
    assert.equal(await (await (await stage().serve(app.callback())).get('/1')).whole(), 'one');
    await idle(grip);
  });

  it('goes on by itself when nothing has come for a while', async () => {
    const clock = new ManualClock();
    const [grip, app] = linked(
      {
        '/1': (ctx) => {
          ctx.set({
            'Grip-Hold': 'stream',
            'Grip-Channel': 'news',
            'Grip-Link': '</2>; rel=next; timeout=30',
          });
          ctx.body = 'one ';
        },
        '/2': part('two'),
      },
      { clock },
    );
    const stream = await (await stage().serve(app.callback())).get('/1');
    await stream.until((text) => text === 'one ');
    await subscribed(grip, 'news');
    clock.advance(30_000);
    // Recoveries are spread: this one has its turn a tenth of a second later.
    clock.advance(100);
    assert.equal(await stream.whole(), 'one two');
    await idle(grip);
  });
});
