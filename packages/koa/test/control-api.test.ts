import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { type ControlApiOptions, type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import type { Reply } from '../../../test/support/apps/reply.js';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';

const items = JSON.stringify({
  items: [{ channel: 'news', formats: { 'http-stream': { content: 'item' } } }],
});

function jwt(claims: object, key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

describe('the control API in a Koa app', () => {
  const stage = useStage();
  let grip: GripMiddleware;
  let site: Site;
  let stream: Reply;

  async function start(options: ControlApiOptions | undefined, before?: Koa.Middleware): Promise<void> {
    grip = stage().grip(gripProxy());
    const app = new Koa();
    if (before !== undefined) app.use(before);
    app
      .use(grip)
      .use(grip.controlApi(options))
      .use((ctx) => {
        if (ctx.path === '/') ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
        ctx.body = ctx.path === '/' ? 'open ' : `the app at ${ctx.path}`;
      });
    site = await stage().serve(app.callback());
    stream = await site.get('/');
    await stream.until((text) => text === 'open ');
  }

  const publish = (headers: OutgoingHttpHeaders = {}, path = '/grip/publish') =>
    site.post(path, items, { 'Content-Type': 'application/json', ...headers });

  async function published(headers: OutgoingHttpHeaders = {}, path?: string): Promise<void> {
    const reply = await publish(headers, path);
    assert.equal(await reply.whole(), 'Published\n');
    await stream.until((text) => text === 'open item');
  }

  it('publishes below /grip, for a client on a loopback address without a key', async () => {
    await start(undefined);
    await published();
  });

  it('publishes below the path that it is given', async () => {
    await start({ path: '/internal/grip/' });
    await published({}, '/internal/grip/publish/');
    assert.equal(await (await site.get('/grip/publish')).whole(), 'the app at /grip/publish');
  });

  it('leaves all else to the app', async () => {
    await start(undefined);
    for (const path of ['/gripper', '/gri', '/other/grip', '/Grip']) {
      assert.equal(await (await site.get(path)).whole(), `the app at ${path}`);
    }
    assert.equal((await site.get('/grip')).status, 200);
    assert.equal((await site.get('/grip/nothing')).status, 404);
    assert.equal((await site.get('/grip/publish')).status, 405);
  });

  it('publishes after koa-bodyparser', async () => {
    await start(undefined, bodyParser());
    await published();
  });

  it('publishes what curl -d sends, after koa-bodyparser', async () => {
    await start(undefined, bodyParser());
    await published({ 'Content-Type': 'application/x-www-form-urlencoded' });
  });

  it('tells what became of the items, in JSON', async () => {
    await start(undefined);
    const answer = JSON.parse(await (await publish({ Accept: 'application/json' })).whole());
    assert.deepEqual(answer, {
      message: 'Published',
      matched: 1,
      delivered: 1,
      queued: 0,
      filtered: 0,
      dropped: 0,
    });
  });

  const soon = Math.floor(Date.now() / 1000) + 600;
  const credentials: [string, string | undefined, number][] = [
    ['a bearer token', 'Bearer secret', 200],
    ['a basic password', `Basic ${Buffer.from('anyone:secret').toString('base64')}`, 200],
    ['a JWT', `Bearer ${jwt({ exp: soon }, 'secret')}`, 200],
    ['nothing', undefined, 401],
    ['another bearer token', 'Bearer other', 401],
    ['another basic password', `Basic ${Buffer.from('anyone:other').toString('base64')}`, 401],
    ['a JWT with another key', `Bearer ${jwt({ exp: soon }, 'other')}`, 401],
    ['a JWT that has expired', `Bearer ${jwt({ exp: soon - 3600 }, 'secret')}`, 401],
  ];
  for (const [name, Authorization, status] of credentials) {
    it(`answers ${status} to who shows ${name}`, async () => {
      await start({ key: 'secret' });
      const reply = await publish(Authorization === undefined ? {} : { Authorization });
      assert.equal(reply.status, status);
      await reply.whole();
      if (status === 200) await stream.until((text) => text === 'open item');
      else assert.equal(stream.text, 'open ');
    });
  }

  it('refuses web pages, and what came by another proxy where there is no key', async () => {
    await start(undefined);
    for (const field of ['Origin', 'X-Forwarded-For', 'Forwarded']) {
      const reply = await publish({ [field]: 'http://evil.test' });
      assert.equal(reply.status, 403);
    }
    assert.equal(stream.text, 'open ');
  });

  it('refuses what is too large or wrong', async () => {
    await start({ maxBodySize: 10 });
    assert.equal((await publish()).status, 413);
    assert.equal((await site.post('/grip/publish', 'no JSON')).status, 400);
  });
});
