import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { type ControlApiOptions, type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type RequestHandler } from 'express';
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

describe('the control API in an Express app', () => {
  const stage = useStage();
  let grip: GripMiddleware;
  let site: Site;
  let stream: Reply;

  async function start(options: ControlApiOptions | undefined, before: RequestHandler[] = []): Promise<void> {
    grip = stage().grip(gripProxy());
    const app = express();
    for (const middleware of before) app.use(middleware);
    app.use(grip);
    app.use('/grip', grip.controlApi(options));
    app.get(
      '/',
      (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open '),
    );
    site = await stage().serve(app);
    stream = await site.get('/');
    await stream.until((text) => text === 'open ');
  }

  const publish = (headers: OutgoingHttpHeaders = {}, path = '/grip/publish/') =>
    site.post(path, items, { 'Content-Type': 'application/json', ...headers });

  async function published(headers: OutgoingHttpHeaders = {}, path?: string): Promise<void> {
    const reply = await publish(headers, path);
    assert.equal(await reply.whole(), 'Published\n');
    assert.equal(reply.status, 200);
    await stream.until((text) => text === 'open item');
  }

  async function refused(status: number, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    const reply = await publish(headers);
    assert.equal(reply.status, status);
    await reply.whole();
    assert.equal(stream.text, 'open ');
    return reply;
  }

  it('publishes for a client on a loopback address without a key', async () => {
    await start(undefined);
    await published();
  });

  for (const path of ['/grip/publish', '/grip/publish/']) {
    it(`publishes at ${path}`, async () => {
      await start({ key: 'secret' });
      await published({ Authorization: 'Bearer secret' }, path);
    });
  }

  it('tells what became of the items, in JSON', async () => {
    await start(undefined);
    const reply = await publish({ Accept: 'application/json' });
    assert.deepEqual(JSON.parse(await reply.whole()), {
      message: 'Published',
      matched: 1,
      delivered: 1,
      queued: 0,
      filtered: 0,
      dropped: 0,
    });
  });

  const soon = Math.floor(Date.now() / 1000) + 600;
  const good: Record<string, string> = {
    'a bearer token': 'Bearer secret',
    'a basic password': `Basic ${Buffer.from('anyone:secret').toString('base64')}`,
    'a JWT': `Bearer ${jwt({ iss: 'me', exp: soon }, 'secret')}`,
  };
  for (const [name, Authorization] of Object.entries(good)) {
    it(`publishes for ${name}`, async () => {
      await start({ key: 'secret', iss: 'me' });
      await published({ Authorization });
    });
  }

  const bad: Record<string, OutgoingHttpHeaders> = {
    'no credentials': {},
    'another bearer token': { Authorization: 'Bearer other' },
    'an empty bearer token': { Authorization: 'Bearer ' },
    'another basic password': { Authorization: `Basic ${Buffer.from('me:other').toString('base64')}` },
    'the key as a user': { Authorization: `Basic ${Buffer.from('secret:').toString('base64')}` },
    'a JWT with another key': { Authorization: `Bearer ${jwt({ iss: 'me', exp: soon }, 'other')}` },
    'a JWT of another issuer': { Authorization: `Bearer ${jwt({ iss: 'you', exp: soon }, 'secret')}` },
    'a JWT that has expired': { Authorization: `Bearer ${jwt({ iss: 'me', exp: soon - 3600 }, 'secret')}` },
    'a JWT that does not expire': { Authorization: `Bearer ${jwt({ iss: 'me' }, 'secret')}` },
    'another scheme': { Authorization: 'Digest secret' },
  };
  for (const [name, headers] of Object.entries(bad)) {
    it(`answers 401 to ${name}`, async () => {
      await start({ key: 'secret', iss: 'me' });
      const reply = await refused(401, headers);
      assert.equal(reply.headers['www-authenticate'], 'Bearer');
    });
  }

  const pages: Record<string, OutgoingHttpHeaders> = {
    'an Origin': { Origin: 'http://evil.test' },
    'a cross-site fetch': { 'Sec-Fetch-Site': 'cross-site' },
  };
  for (const [name, headers] of Object.entries(pages)) {
    it(`refuses a web page, by ${name}, whatever it knows`, async () => {
      await start({ key: 'secret' });
      await refused(403, { ...headers, Authorization: 'Bearer secret' });
    });
  }

  it('refuses what came by another proxy where there is no key', async () => {
    await start(undefined);
    await refused(403, { 'X-Forwarded-For': '192.0.2.1' });
  });

  const parsers = {
    json: express.json(),
    text: express.text({ type: '*/*' }),
    raw: express.raw({ type: '*/*' }),
  };
  for (const [name, parser] of Object.entries(parsers)) {
    it(`publishes after express.${name}()`, async () => {
      await start(undefined, [parser]);
      await published();
    });
  }

  it('publishes what curl -d sends, without a form parser before it', async () => {
    await start(undefined, [express.json()]);
    await published({ 'Content-Type': 'application/x-www-form-urlencoded' });
  });

  it('says why it cannot read what curl -d sends, after a form parser', async () => {
    await start(undefined, [express.urlencoded()]);
    const reply = await publish({ 'Content-Type': 'application/x-www-form-urlencoded' });
    assert.equal(reply.status, 400);
    assert.match(await reply.whole(), /parsed as a form/);
  });

  it('says what is wrong with an item, and publishes nothing', async () => {
    await start(undefined);
    const reply = await site.post('/grip/publish', '{"items":[{"channel":"news"}]}');
    assert.equal(reply.status, 400);
    assert.match(await reply.whole(), /formats/);
    assert.equal((await site.post('/grip/publish', 'no JSON')).status, 400);
  });

  it('refuses a body that is too large', async () => {
    await start({ maxBodySize: 10 });
    await refused(413);
  });

  it('answers what it does not know with 404 and 405', async () => {
    await start(undefined);
    assert.equal((await site.get('/grip/nothing')).status, 404);
    assert.equal((await site.get('/grip/publish')).status, 405);
    assert.equal((await site.get('/gripper')).status, 404);
    assert.equal((await site.get('/grip')).status, 200);
    assert.equal((await site.get('/grip/')).status, 200);
  });

  it('has held clients ask the app again, by recover', async () => {
    await start(undefined);
    const reply = await site.post('/grip/recover', '');
    assert.equal(await reply.whole(), 'Updated\n');
  });
});
