// Runs alone: a browser keeps both cores busy.

import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/express';
import express from 'express';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { launchChromium } from './support/chromium.js';
import { useInteropStage } from './support/interop-stage.js';
import { Lines } from './support/lines.js';

const PAGE = `<!doctype html>
<title>Events</title>
<script>
  function listen() {
    const source = new EventSource('/events');
    source.onmessage = ({ data, lastEventId }) => report(data + ' ' + lastEventId);
    source.addEventListener('gap', ({ data, lastEventId }) => report('gap ' + data + ' ' + lastEventId));
  }
</script>
`;

describe('the EventSource of a browser whose connection breaks', function () {
  this.timeout(60_000);
  const stage = useInteropStage();
  let browser: Browser | undefined;

  before(async function () {
    browser = await launchChromium(this);
  });

  after(() => browser?.close());

  /** A page that listens, and what it hears. */
  async function start() {
    assert(browser);
    const grip = stage().grip(gripProxy({ history: { channels: ['room'], items: 3 } }));
    const app = express()
      .use(grip)
      .get('/', (_req, res) => void res.send(PAGE))
      .get('/events', (_req, res) => {
        res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'room' }).type('text/event-stream');
        res.send('retry: 10\n\n');
      });
    const site = await stage().serve(app);
    const context = await browser.newContext();
    stage().onLeave(() => void context.close());
    const page = await context.newPage();
    const heard = new Lines();
    await page.exposeFunction('report', (line: string) => heard.add(line));
    await page.goto(`${site.url}/`);
    await page.evaluate('listen()');
    await eventually(() => grip.hub.subscriberCount('room') === 1, 'a subscriber');
    const publish = (id: string) =>
      grip.publish('room', { 'http-stream': `id: ${id}\ndata: ${id} é\n\n` }, { id });
    return { grip, site, heard, publish };
  }

  it('hears each event once, and in order', async () => {
    const { site, heard, publish } = await start();
    await publish('1ü');
    assert.equal(await heard.next(), '1ü é 1ü');
    site.server.closeAllConnections();
    for (const id of ['2', '3']) await publish(id);
    assert.deepEqual(await heard.take(2), ['2 é 2', '3 é 3']);
  });

  it('hears of a gap, and keeps its id', async () => {
    const { grip, site, heard, publish } = await start();
    await publish('1ü');
    assert.equal(await heard.next(), '1ü é 1ü');
    site.server.closeAllConnections();
    for (const id of ['2', '3', '4', '5']) await publish(id);
    assert.equal(await heard.next(), 'gap {"channel":"room","last-id":"1ü"} 1ü');
    await eventually(() => grip.hub.subscriberCount('room') === 1, 'a subscriber');
    await publish('6');
    assert.equal(await heard.next(), '6 é 6');
  });
});
