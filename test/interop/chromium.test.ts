// Runs alone: a browser keeps both cores busy.

import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express from 'express';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { BrowserPage, PAGE, PAGE_COOKIE } from './support/browser-page.js';
import { launchChromium } from './support/chromium.js';
import { EventsApp, FORBIDDEN, ROOM, WELCOME } from './support/events-app.js';
import { expressEvents } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';

describe('the WebSocket of a browser', function () {
  this.timeout(60_000);
  const stage = useInteropStage();
  let browser: Browser | undefined;
  let grip: GripMiddleware;
  let app: EventsApp;

  before(async function () {
    browser = await launchChromium(this);
  });

  after(() => browser?.close());

  /** The app's page, in a browser that has never been there. */
  const visit = async (compression = false): Promise<BrowserPage> => {
    assert(browser);
    grip = stage().grip(gripProxy({ compression }));
    app = new EventsApp();
    const site = await stage().serve(
      express()
        .use(grip)
        .get('/', (_req, res) => void res.set('Set-Cookie', `${PAGE_COOKIE}; HttpOnly`).send(PAGE))
        .use(expressEvents(app)),
    );
    grip.attach(site.server);
    const context = await browser.newContext();
    stage().onLeave(() => void context.close());
    return BrowserPage.open(await context.newPage(), `${site.url}/`);
  };

  /** The same with a WebSocket that is in, and subscribed. */
  const enter = async (protocols: readonly string[] = []): Promise<BrowserPage> => {
    const page = await visit();
    await page.connect('/ws', protocols);
    assert.equal(
      await page.next(),
      `open ${JSON.stringify([protocols.length > 0 ? WELCOME.protocol : '', ''])}`,
    );
    assert.equal(await app.seen.next(), 'OPEN');
    return page;
  };

  it('sends text and bytes, and hears them again', async () => {
    const page = await enter();
    await page.run("socket.send('Grüße 🎉'); socket.send(''); socket.send(new Uint8Array([0, 1, 255]))");
    assert.deepEqual(await page.heard.take(3), ['text Grüße 🎉', 'text ', 'binary 0001ff']);
    await page.run("socket.send('x'.repeat(1_000_000))");
    assert((await page.next()) === `text ${'x'.repeat(1_000_000)}`);
  });

  it('gets text and bytes that are published', async () => {
    const page = await enter();
    const receipt = await grip.publish(ROOM, { 'ws-message': 'news' });
    assert.equal(receipt.delivered, 1);
    await grip.publish(ROOM, { 'ws-message': Buffer.from([1, 2, 3]) });
    assert.deepEqual(await page.heard.take(2), ['text news', 'binary 010203']);
  });

  it('answers a ping that is published, and the app gets the answer', async () => {
    const page = await enter();
    await grip.publish(ROOM, { 'ws-message': { type: 'ping', content: 'alive?' } });
    assert.equal(await app.seen.next(), 'pong alive?');
    assert.equal(await page.next(), 'text you said pong alive?');
  });

  it('is closed by a publisher with a code and a reason', async () => {
    const page = await enter();
    await grip.publish(ROOM, { 'ws-message': { action: 'close', code: 4002, reason: 'see you' } });
    assert.equal(await page.next(), 'close [4002,"see you",true]');
    assert.equal(await app.seen.next(), 'close');
  });

  it('is closed by the app, and closes by itself, with a code and a reason', async () => {
    const page = await enter();
    await page.run("socket.send('bye')");
    assert.equal(await page.next(), 'close [4001,"bye then",true]');
    await page.connect('/ws');
    assert.equal(await page.next(), 'open ["",""]');
    await page.run("socket.close(4003, 'enough')");
    assert.equal(await page.next(), 'close [4003,"enough",true]');
    assert.deepEqual(await app.seen.take(4), [
      'text bye',
      'close 4001 bye then',
      'OPEN',
      'close 4003 enough',
    ]);
  });

  it('sees that it is not let in', async () => {
    const page = await visit();
    // The page's script must not learn more; people who look into the console may.
    const refusal = page.page.waitForEvent('console', (message) => message.text().includes('WebSocket'));
    await page.connect(FORBIDDEN.path);
    assert.deepEqual(await page.heard.take(2), ['error', 'close [1006,"",false]']);
    assert.match((await refusal).text(), new RegExp(`Unexpected response code: ${FORBIDDEN.status}`));
  });

  it('brings the cookies of its page and its origin, and keeps those that it is given', async () => {
    const page = await enter();
    await page.run("socket.send('who')");
    const origin = new URL(page.page.url()).origin;
    assert.equal(await page.next(), `text ${JSON.stringify({ cookie: PAGE_COOKIE, origin })}`);
    assert.equal(await page.page.evaluate('document.cookie'), 'visit=1');
  });

  it('speaks the subprotocol that the app chooses', async () => {
    await enter(['chat.v1', WELCOME.protocol]);
  });

  it('is over for the app when its page is left', async () => {
    const page = await enter();
    await page.page.goto('about:blank');
    assert.equal(await app.seen.next(), 'close 1001');
    await eventually(() => grip.stats().sessions === 0, 'no session');
  });

  it('speaks and hears compressed messages where the proxy compresses', async () => {
    const page = await visit(true);
    await page.connect('/ws');
    assert.match(await page.next(), /^open \["","permessage-deflate/);
    const long = 'all work and no play '.repeat(5000);
    await page.run(`socket.send(${JSON.stringify(long)})`);
    assert((await page.next()) === `text ${long}`);
    await grip.publish(ROOM, { 'ws-message': long });
    assert((await page.next()) === `text ${long}`);
  });
});
