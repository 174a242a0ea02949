// Runs alone: a browser keeps both cores busy.

import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express from 'express';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { BrowserPage } from './support/browser-page.js';
import { launchChromium } from './support/chromium.js';
import { EventsApp, FORBIDDEN, ROOM } from './support/events-app.js';
import { allCharacters } from './support/fragile-text.js';
import { expressEvents } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';
import { CLIENT_SCRIPT, serveSockJsPage } from './support/sockjs-page.js';

/** All that the client has in a browser of today; the other ones are for Internet Explorer. */
const TRANSPORTS = [
  'websocket',
  'xhr-streaming',
  'eventsource',
  'iframe-eventsource',
  'htmlfile',
  'iframe-htmlfile',
  'xhr-polling',
  'iframe-xhr-polling',
  'jsonp-polling',
];

/** Those that reach only the page's own server. */
const SAME_ORIGIN = ['htmlfile'];

const KB = 1024;

describe('sockjs-client in a browser', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let grip: GripMiddleware;
  let app: EventsApp;
  let server: { readonly url: string };

  before(async function () {
    browser = await launchChromium(this);
  });

  after(() => browser?.close());

  const stage = useInteropStage();

  /** The page, of another server than the proxy's where it `isForeign`, in a browser that has never been there. */
  const visit = async (options = {}, isForeign = false): Promise<BrowserPage> => {
    assert(browser);
    const clock = new ManualClock();
    grip = stage().grip(gripProxy({ sockjs: '/chat', sockjsUrl: CLIENT_SCRIPT, clock, ...options }));
    app = new EventsApp();
    const site = await stage().serve(express().use(grip).use(serveSockJsPage()).use(expressEvents(app)));
    grip.attach(site.server);
    server = site;
    const pageSite = isForeign ? await stage().serve(express().use(serveSockJsPage())) : site;
    const context = await browser.newContext();
    stage().onLeave(() => {
      void context.close();
      // A client that leaves between two requests is missed after a while; and for a while, ends of sessions are told.
      const ticks = setInterval(() => clock.advance(5000), 20);
      stage().onClose(() => clearInterval(ticks));
    });
    return BrowserPage.open(await context.newPage(), `${pageSite.url}/`);
  };

  const connect = async (page: BrowserPage, transport: string): Promise<void> => {
    await page.run(`connect(${JSON.stringify(`${server.url}/chat`)}, ${JSON.stringify(transport)})`);
  };

  const enter = async (transport: string, isForeign = false): Promise<BrowserPage> => {
    const page = await visit({}, isForeign);
    await connect(page, transport);
    assert.equal(await page.next(), `open ${transport}`);
    assert.equal(await app.seen.next(), 'OPEN');
    await eventually(() => grip.hub.subscriberCount(ROOM) > 0, 'a subscription');
    return page;
  };

  const send = (page: BrowserPage, text: string): Promise<void> =>
    page.run(`socket.send(${JSON.stringify(text)})`);

  for (const transport of TRANSPORTS) {
    it(`by ${transport}: hears its own messages, short and long, whatever is in them`, async () => {
      const page = await enter(transport);
      const sent = ['hello', 'Grüße, 世界 🎉', '100% %41 %zz', '"\\ </script><!--', 'a+b&c=d;'];
      for (const text of sent) await send(page, text);
      assert.deepEqual(
        await page.heard.take(sent.length),
        sent.map((text) => `text ${text}`),
      );
      for (const text of [...allCharacters(), 'x'.repeat(300 * KB), 'end']) {
        await send(page, text);
        assert.ok((await page.next()) === `text ${text}`, `from U+${text.charCodeAt(0).toString(16)}`);
      }
    });

    it(`by ${transport}: hears what is published, and is closed with a code and a reason`, async () => {
      const page = await enter(transport);
      const texts = Array.from({ length: 50 }, (_, i) => `news ${i}`);
      for (const text of texts) await grip.publish(ROOM, { 'ws-message': text });
      assert.deepEqual(
        await page.heard.take(texts.length),
        texts.map((text) => `text ${text}`),
      );
      await grip.publish(ROOM, { 'ws-message': { action: 'close', code: 4002, reason: 'see you' } });
      assert.equal(await page.next(), 'close [4002,"see you",true]');
      await connect(page, transport);
      assert.equal(await page.next(), `open ${transport}`);
      await send(page, 'bye');
      assert.equal(await page.next(), 'close [4001,"bye then",true]');
    });

    it(`by ${transport}: is told that it is not let in`, async () => {
      const page = await visit({ sockjsAsPath: FORBIDDEN.path });
      await connect(page, transport);
      assert.equal(await page.next(), 'close [2000,"All transports failed",false]');
    });

    if (SAME_ORIGIN.includes(transport)) continue;
    it(`by ${transport}: reaches another server than its page's`, async () => {
      const page = await enter(transport, true);
      await send(page, 'hello');
      assert.equal(await page.next(), 'text hello');
      await send(page, 'bye');
      assert.equal(await page.next(), 'close [4001,"bye then",true]');
    });
  }

  it('chooses a WebSocket where it may choose', async () => {
    const page = await visit();
    await page.run(`connect(${JSON.stringify(`${server.url}/chat`)})`);
    assert.equal(await page.next(), 'open websocket');
  });

  it('is over for the app when its page is left', async () => {
    const page = await enter('xhr-streaming');
    await page.page.goto('about:blank');
    assert.equal(await app.seen.next(), 'close');
  });
});
