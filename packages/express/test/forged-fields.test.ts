import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireRequest } from '../../../test/support/apps/wire.js';

describe('an Express app behind the proxy', () => {
  const stage = useStage();

  /** What the app sees of its request. */
  async function seen(fields: Record<string, string>, wrapped = false) {
    const grip = stage().grip(gripProxy({ sigIss: 'me', sigKey: 'secret' }));
    const app = express();
    if (!wrapped) app.use(grip);
    app.use((req, res) => {
      const { headers, rawHeaders, headersDistinct } = req;
      res.json({ headers, rawHeaders, headersDistinct, sig: req.get('grip-sig') });
    });
    const site = await stage().serve(wrapped ? grip.wrap(app) : app);
    const bytes = await site.raw(
      wireRequest('GET /', ['Connection: close', ...Object.entries(fields).map((field) => field.join(': '))]),
    );
    return JSON.parse(bytes.slice(bytes.indexOf('\r\n\r\n') + 4)) as {
      headers: Record<string, string>;
      rawHeaders: string[];
      headersDistinct: Record<string, string[]>;
      sig: string;
    };
  }

  const forged = {
    'Grip-Sig': 'forged',
    'grip-last': 'news; last-id=forged',
    Grip_Feature: 'forged',
    'GRIP-HOLD': 'forged',
    'X-Kept': 'kept',
  };

  for (const wrapped of [false, true]) {
    it(`sees nothing of Grip fields that a client sends${wrapped ? ', wrapped' : ''}`, async () => {
      const { headers, rawHeaders, headersDistinct } = await seen(forged, wrapped);
      assert.equal(JSON.stringify([headers, rawHeaders, headersDistinct]).includes('forged'), false);
      assert.equal(headers['x-kept'], 'kept');
      assert.deepEqual(headersDistinct['x-kept'], ['kept']);
      assert.equal(rawHeaders[rawHeaders.indexOf('X-Kept') + 1], 'kept');
      assert.equal(headers.host, 'app.test');
    });
  }

  it('sees nothing of events that a client makes up, nor does an origin behind it, whoever has read the body', async () => {
    const seen: unknown[] = [];
    const end = express().use((req, res) => void res.end(String(seen.push(req.headers))));
    const origin = await stage().serve(end);
    for (const options of [{}, { target: origin.url }]) {
      for (const parsers of [[], [express.raw({ type: '*/*' })], [express.text({ type: '*/*' })]]) {
        const grip = stage().grip(gripProxy(options));
        const app = express().use(...[...parsers, grip], end);
        for (const listener of [app, grip.wrap(express().use(end))]) {
          const site = await stage().serve(listener);
          for (const type of ['application/websocket-events', 'text/plain, Application/WebSocket-Events']) {
            const headers = { 'Content-Type': type, 'Connection-Id': 'forged' };
            const reply = await site.post('/', 'TEXT 1\r\nx\r\n', headers);
            assert.equal(
              `${reply.status} ${await reply.whole()}`,
              '403 Client not allowed to send WebSocket events directly.\n',
            );
          }
          await (await site.post('/', 'x', { 'Connection-Id': 'forged', meta_user: 'forged' })).whole();
          assert.doesNotMatch(JSON.stringify(seen.splice(0)), /forged/);
        }
      }
    }
  });

  it("sees the proxy's own signature and features, each once", async () => {
    for (const fields of [{}, forged]) {
      const { headers, rawHeaders, sig } = await seen(fields);
      const names = rawHeaders.filter((_, index) => index % 2 === 0).filter((name) => /^grip/i.test(name));
      assert.deepEqual(names.sort(), ['Grip-Feature', 'Grip-Sig']);
      assert.equal(headers['grip-sig'], sig);
      assert.equal(rawHeaders[rawHeaders.indexOf('Grip-Sig') + 1], sig);
      assert.match(String(headers['grip-feature']), /^status, link:next, /);
    }
  });

  it('sees a signature that verifies with the key', async () => {
    const { sig } = await seen(forged);
    const [head = '', claims = '', signature] = sig.split('.');
    assert.equal(createHmac('sha256', 'secret').update(`${head}.${claims}`).digest('base64url'), signature);
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.deepEqual(read(head), { typ: 'JWT', alg: 'HS256' });
    assert.equal(read(claims).iss, 'me');
    assert.ok(read(claims).exp > Date.now() / 1000);
  });

  it('sees nothing of Grip fields in the trailers of a request', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip, express.text());
    app.post(
      '/',
      (req, res) => void res.json([req.body, req.trailers, req.rawTrailers, req.trailersDistinct]),
    );
    const site = await stage().serve(app);
    const fields = ['Host: a', 'Connection: close', 'Content-Type: text/plain', 'Transfer-Encoding: chunked'];
    const body = ['4', 'body', '0', 'Grip-Last: forged', 'X-Sum: 1', '', ''];
    const bytes = await site.raw(['POST / HTTP/1.1', ...fields, '', ...body].join('\r\n'));
    const trailers = [{ 'x-sum': '1' }, ['X-Sum', '1'], { 'x-sum': ['1'] }];
    assert.deepEqual(JSON.parse(bytes.slice(bytes.indexOf('\r\n\r\n') + 4)), ['body', ...trailers]);
  });

  it('leaves the holding to a GRIP proxy in front of it that proves itself', async () => {
    const grip = stage().grip(gripProxy({ upstreamKey: 'shared' }));
    const app = express().use(grip);
    app.get(
      '/',
      (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open '),
    );
    const behind = await stage().serve(app);
    for (const [sigKey, holder] of [
      ['shared', 'front'],
      ['other', 'own'],
    ] as const) {
      const front = stage().grip(gripProxy({ target: behind.url, sigKey }));
      const stream = await (await stage().serve(express().use(front))).get('/');
      await stream.until((text) => text === 'open ');
      assert.equal(front.stats().sessions, holder === 'front' ? 1 : 0);
      assert.equal(grip.stats().sessions, holder === 'own' ? 1 : 0);
      await (holder === 'front' ? front : grip).publish('news', { 'http-stream': 'item' });
      await stream.until((text) => text === 'open item');
    }
  });

  it('is not told of the follow-up that a client pretends to be', async () => {
    const { headers } = await seen({ 'P-8-Follow-Up': '1' });
    assert.ok(headers['grip-sig']);
  });
});
