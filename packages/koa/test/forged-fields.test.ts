import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireRequest } from '../../../test/support/apps/wire.js';

describe('a Koa app behind the proxy', () => {
  const stage = useStage();
  const forged = [
    'Grip-Sig: forged',
    'grip-last: forged',
    'Grip_Feature: forged',
    'GRIP-HOLD: forged',
    'X-Kept: kept',
  ];

  for (const wrapped of [false, true]) {
    it(`sees the proxy's signature, and nothing of Grip fields that a client sends${wrapped ? ', wrapped' : ''}`, async () => {
      const grip = stage().grip(gripProxy({ sigKey: 'secret' }));
      const app = new Koa();
      if (!wrapped) app.use(grip);
      app.use((ctx) => {
        const { rawHeaders, headersDistinct } = ctx.req;
        ctx.body = { sig: ctx.get('grip-sig'), headers: ctx.headers, rawHeaders, headersDistinct };
      });
      const site = await stage().serve(wrapped ? grip.wrap(app) : app.callback());
      const bytes = await site.raw(wireRequest('GET /', ['Connection: close', ...forged]));
      const body = bytes.slice(bytes.indexOf('\r\n\r\n') + 4);
      assert.equal(body.includes('forged'), false);
      const { sig, headers, rawHeaders } = JSON.parse(body);
      assert.equal(headers['x-kept'], 'kept');
      assert.equal(rawHeaders[rawHeaders.indexOf('Grip-Sig') + 1], sig);
      const [head = '', claims = '', signature] = sig.split('.');
      assert.equal(createHmac('sha256', 'secret').update(`${head}.${claims}`).digest('base64url'), signature);
    });
  }

  it('sees nothing of events that a client makes up, nor does an origin behind it', async () => {
    const seen: unknown[] = [];
    const end = new Koa().use((ctx) => {
      ctx.body = String(seen.push(ctx.headers));
    });
    const origin = await stage().serve(end.callback());
    for (const options of [{}, { target: origin.url }]) {
      const grip = stage().grip(gripProxy(options));
      const app = new Koa().use(grip).use((ctx) => {
        ctx.body = String(seen.push(ctx.headers));
      });
      for (const listener of [app.callback(), grip.wrap(end)]) {
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
  });
});
