import assert from 'node:assert/strict';
import type http from 'node:http';
import { GripProxy, gripMembers } from '@p-8/core';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import compression from 'compression';
import express from 'express';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { RawClient } from '../support/raw-client.js';
import { EventsApp, ROOM } from './support/events-app.js';
import { expressEvents } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';
import { SockJsParty } from './support/sockjs-party.js';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('SockJS in an app', () => {
  const stage = useInteropStage();
  let clock: ManualClock;

  /** Lets time pass until nothing of the proxies is left. */
  const passTime = (): void => {
    const ticks = setInterval(() => clock.advance(5000), 20);
    stage().onClose(() => clearInterval(ticks));
  };

  const post = async (url: string, body = '', headers: Record<string, string> = {}): Promise<string> => {
    const response = await fetch(url, { method: 'POST', body, headers });
    return `${response.status} ${await response.text()}`;
  };

  beforeEach(() => {
    clock = new ManualClock();
    stage().onLeave(passTime);
  });

  it('takes what body parsers that are mounted before it have left: Express', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
    const parsers = [express.json(), express.urlencoded({ extended: true }), express.text(), grip];
    const { url } = await stage().serve(express().use(parsers).use(expressEvents(new EventsApp())));
    await assertTakesBodies(url);
  });

  it('takes what a body parser that is mounted before it has left: Koa', async () => {
    const grip = stage().grip(koaGrip({ sockjs: '/chat', clock }));
    const events = new EventsApp();
    const parser = bodyParser({ enableTypes: ['json', 'form', 'text'] });
    const app = new Koa().use(async (ctx, next) => {
      // Events are none of its types.
      if (ctx.is('application/websocket-events')) await next();
      else await parser(ctx, next);
    });
    app.use(grip).use(async (ctx) => {
      const chunks: Buffer[] = [];
      for await (const chunk of ctx.req) chunks.push(chunk);
      const answer = events.answer(ctx.url, ctx.headers, Buffer.concat(chunks));
      ctx.status = answer.status;
      ctx.set(answer.headers);
      ctx.body = answer.body;
    });
    const { url } = await stage().serve(app.callback());
    await assertTakesBodies(url);
  });

  async function assertTakesBodies(url: string): Promise<void> {
    const session = `${url}/chat/0/s`;
    assert.equal(await post(`${session}/xhr`), '200 o\n');
    for (const type of ['text/plain', 'application/json', 'application/json; charset=utf-8', 'x/y']) {
      assert.equal(await post(`${session}/xhr_send`, `["${type} é"]`, { 'Content-Type': type }), '204 ');
      assert.equal(await post(`${session}/xhr`), `200 a["${type} é"]\n`);
    }
    const form = new URLSearchParams({ d: '["a+b c&d=é"]' }).toString();
    assert.equal(await post(`${session}/jsonp_send`, form, FORM), '200 ok');
    assert.equal(await post(`${session}/xhr`), '200 a["a+b c&d=é"]\n');
    const empty = { 'Content-Type': 'application/json' };
    assert.equal(await post(`${session}/xhr_send`, '', empty), '500 Payload expected.\n');
    assert.equal(await post(`${session}/xhr_send`, '{"a":1}', empty), '500 Payload expected.\n');
  }

  it('says what is wrong where a parser has left nothing', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
    const swallow: express.RequestHandler = (req, _res, next) => {
      if (req.path.endsWith('_send')) req.on('end', () => next()).resume();
      else next();
    };
    const { url } = await stage().serve(express().use(swallow, grip).use(expressEvents(new EventsApp())));
    await post(`${url}/chat/0/s/xhr`);
    const reply = await post(`${url}/chat/0/s/xhr_send`, '["a"]');
    assert.equal(reply, '500 The body has been read already: mount the proxy before what reads it.\n');
  });

  it('streams through a compression that is mounted before it', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
    const site = await stage().serve(
      express()
        .use(compression({ threshold: 0 }), grip)
        .use(expressEvents(new EventsApp())),
    );
    for (const transport of ['xhr_streaming', 'eventsource', 'htmlfile?c=f']) {
      const client = await RawClient.connect(site.port);
      stage().onLeave(() => client.destroy());
      const method = transport === 'xhr_streaming' ? 'POST' : 'GET';
      client.request(`${method} /chat/0/${transport.slice(0, 4)}/${transport}`, ['Accept-Encoding: gzip']);
      await client.bodyWith('o');
      await grip.publish(ROOM, { 'ws-message': `news for ${transport}` });
      await client.bodyWith(`news for ${transport}`);
    }
  });

  for (const transport of ['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource']) {
    it(`has its client see that the app broke off: ${transport}`, async () => {
      const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
      const app = express().use(grip);
      app.use(express.raw({ type: 'application/websocket-events' }), (req, res, next) => {
        if (String(req.body).includes('break')) res.status(500).end();
        else next();
      });
      const events = new EventsApp();
      app.use((req, res) => {
        const answer = events.answer(req.url, req.headers, req.body);
        res.status(answer.status).set(answer.headers).send(answer.body);
      });
      const { server, url } = await stage().serve(app);
      grip.attach(server);
      const party = new SockJsParty(stage(), `${url}/chat`, transport);
      assert.equal(await party.next(), `open ${transport}`);
      party.send('break');
      passTime();
      assert.match(await party.next(), /^close 1011 /);
    });
  }

  it('works in front of the framework', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
    const app = express().use(grip).use(expressEvents(new EventsApp()));
    const { url } = await stage().serve(grip.wrap(app));
    assert.equal(await post(`${url}/chat/0/s/xhr`), '200 o\n');
    assert.equal(await (await fetch(`${url}/chat`)).text(), 'Welcome to SockJS!\n');
  });

  it('leaves what is not below its prefix to the app', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', clock }));
    const { url } = await stage().serve(
      express()
        .use(grip)
        .get('/chatter', (_req, res) => void res.send('mine')),
    );
    assert.equal(await (await fetch(`${url}/chatter`)).text(), 'mine');
  });

  it('lets a client that does not come for its messages have as many bytes as a session may have', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', sessionQueueBytes: 10_000, clock }));
    const { url } = await stage().serve(express().use(grip).use(expressEvents(new EventsApp())));
    await post(`${url}/chat/0/s/xhr`);
    await eventually(() => grip.hub.subscriberCount(ROOM) > 0, 'a subscription');
    const message = 'x'.repeat(4000);
    const outcomes: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { delivered, queued, dropped, matched } = await grip.publish(ROOM, { 'ws-message': message });
      outcomes.push({ delivered, queued, dropped, matched });
    }
    assert.deepEqual(outcomes, [
      { delivered: 1, queued: 0, dropped: 0, matched: 1 },
      { delivered: 0, queued: 1, dropped: 0, matched: 1 },
      { delivered: 0, queued: 0, dropped: 1, matched: 1 },
      { delivered: 0, queued: 0, dropped: 0, matched: 0 },
    ]);
    assert.equal(await post(`${url}/chat/0/s/xhr`), `200 a["${message}","${message}"]\n`);
    assert.equal(await post(`${url}/chat/0/s/xhr`), '200 c[1013,"too slow"]\n');
  });

  it('keeps the sessions of a route that stays when routes change', async () => {
    const events = new EventsApp();
    const origin = await stage().serve(express().use(expressEvents(events)));
    const route = { target: { url: origin.url, overHttp: true }, sockjs: '/chat' };
    const proxy = new GripProxy({ routes: [route], clock });
    stage().grip(gripMembers(proxy));
    const { url } = await stage().serve((req, res) => proxy.handle(req, res));
    assert.equal(await post(`${url}/chat/0/s/xhr`), '200 o\n');
    proxy.setRoutes([route, { pathPrefix: '/other', target: origin.url }]);
    assert.equal(await post(`${url}/chat/0/s/xhr_send`, '["still here"]'), '204 ');
    assert.equal(await post(`${url}/chat/0/s/xhr`), '200 a["still here"]\n');
  });

  it('sees nothing that belongs to GRIP of what a client brings', async () => {
    const grip = stage().grip(expressGrip({ sockjs: '/chat', sigKey: '', clock }));
    const seen: http.IncomingHttpHeaders[] = [];
    const { url } = await stage().serve(
      express()
        .use(grip)
        .use((req, _res, next) => {
          seen.push(req.headers);
          next();
        })
        .use(expressEvents(new EventsApp())),
    );
    const forged = {
      'Grip-Sig': 'forged',
      'Grip-Last': 'x; last-id=1',
      'Connection-Id': 'mine',
      'Meta-User': 'root',
    };
    await post(`${url}/chat/0/s/xhr`, '', forged);
    assert.equal(seen[0]?.['grip-sig'], undefined);
    assert.equal(seen[0]?.['grip-last'], undefined);
    assert.notEqual(seen[0]?.['connection-id'], 'mine');
    assert.equal(seen[0]?.['meta-user'], undefined);
    assert.equal(seen[0]?.['content-type'], 'application/websocket-events');
  });

  it('answers an origin that cannot be reached as for any WebSocket', async () => {
    const proxy = new GripProxy({
      target: { url: 'http://127.0.0.1:9', overHttp: true },
      sockjs: '/chat',
      clock,
    });
    stage().grip(gripMembers(proxy));
    const { url } = await stage().serve((req, res) => proxy.handle(req, res));
    const reply = await post(`${url}/chat/0/s/xhr`);
    assert.equal(reply, '502 Error while proxying to origin.\n127.0.0.1:9: refused, nothing listens there\n');
  });
});
