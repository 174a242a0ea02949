// Runs alone: a browser keeps both cores busy.

import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/express';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { RawClient } from '../support/raw-client.js';
import { bundleForBrowsers, PUBLISHER_CLIENT } from './support/browser-bundle.js';
import { launchChromium } from './support/chromium.js';
import { useInteropStage } from './support/interop-stage.js';

/** Publishes what it is sent, by way of the server that it comes from, and tells how that went. */
const WORKER = `
import { Publisher, sse } from ${JSON.stringify(PUBLISHER_CLIENT)};
self.onmessage = async ({ data: { query, channel, formats, event, options } }) => {
  try {
    const publisher = new Publisher(location.origin + '/grip/' + query);
    const receipt = await publisher.publish(channel, event ? { 'http-stream': sse(event) } : formats, options);
    self.postMessage({ receipt });
  } catch ({ name, code, message, context }) {
    self.postMessage({ name, code, message, status: context.statusCode });
  }
};
`;

/** Resolves with the worker's answer. */
const PAGE = `<!doctype html>
<title>Publisher</title>
<script>
  const worker = new Worker('/worker.js', { type: 'module' });
  function publish(message) {
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(message);
    });
  }
</script>
`;

const DELIVERED = { receipt: { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 } };

describe('the publisher in a worker of a browser', function () {
  this.timeout(60_000);
  const stage = useInteropStage();
  let browser: Browser | undefined;
  let worker: string;

  before(async function () {
    browser = await launchChromium(this);
    worker = await bundleForBrowsers(WORKER);
  });

  after(() => browser?.close());

  /** The page, and a client of a stream that it can publish to. */
  const visit = async (): Promise<{ page: Page; client: RawClient; url: string }> => {
    assert(browser);
    const grip = stage().grip(gripProxy());
    const control = grip.controlApi({ key: 'secret' });
    const site = await stage().serve(
      express()
        .use('/grip', (req, res, next) => {
          // The control API answers no pages: whoever lets his own publish has to say so.
          for (const name of ['origin', 'sec-fetch-site']) delete req.headers[name];
          control(req, res, next);
        })
        .use(grip)
        .get('/', (_req, res) => void res.send(PAGE))
        .get('/worker.js', (_req, res) => void res.type('js').send(worker))
        .get('/stream', (_req, res) => {
          res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'room' }).type('text/plain').send('[open]');
        }),
    );
    const client = await RawClient.connect(site.port);
    stage().onLeave(() => client.destroy());
    client.request('GET /stream');
    await client.bodyWith('[open]');
    const context = await browser.newContext();
    stage().onLeave(() => void context.close());
    const page = await context.newPage();
    await page.goto(`${site.url}/`);
    return { page, client, url: site.url };
  };

  it('publishes text, bytes and events, and gets receipts', async () => {
    const { page, client } = await visit();
    const text = `publish({ query: '?key=secret', channel: 'room', formats: { 'http-stream': 'grüß 🎉 ' } })`;
    assert.deepEqual(await page.evaluate(text), DELIVERED);
    const bytes = `publish({ query: '?key=secret', channel: 'room', formats: { 'http-stream': new Uint8Array([0, 255]) } })`;
    assert.deepEqual(await page.evaluate(bytes), DELIVERED);
    const event = `publish({ query: '?key=secret', channel: 'room', event: { event: 'a', data: 'b\\nc' } })`;
    assert.deepEqual(await page.evaluate(event), DELIVERED);
    const { body } = await client.bodyWith('data: c\n\n');
    const expected = [
      Buffer.from('[open]grüß 🎉 '),
      Buffer.from([0, 255]),
      Buffer.from('event: a\ndata: b\ndata: c\n\n'),
    ];
    assert.deepEqual(body, Buffer.concat(expected));
  });

  it('signs with a key', async () => {
    const { page, client } = await visit();
    const signed = `publish({ query: '?iss=me&key=secret', channel: 'room', formats: { 'http-stream': 'signed' } })`;
    assert.deepEqual(await page.evaluate(signed), DELIVERED);
    await client.bodyWith('signed');
  });

  it('is told why nothing was published', async () => {
    const { page, url } = await visit();
    const wrong = `publish({ query: '?key=wrong', channel: 'room', formats: { 'http-stream': 'a' } })`;
    assert.deepEqual(await page.evaluate(wrong), {
      name: 'PublishException',
      code: 'GRIP_ERR_PUBLISH_REFUSED',
      message: `${url}/grip/publish/ answered 401: Authorization required.`,
      status: 401,
    });
  });
});
