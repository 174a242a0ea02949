import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy, type GripProxyOptions, requestGrip } from '@p-8/core';
import { answerEvents, bodyOf } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { hold } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

describe('a proxy that stands behind another one', () => {
  const stage = useStage();
  let inner: GripProxy;
  let front: GripProxy;
  /** Of the server that has the inner proxy. */
  let port: number;

  /** A server whose requests go to a proxy, which is closed with the test. */
  async function serve(options: GripProxyOptions, app?: RequestListener): Promise<void> {
    inner = new GripProxy(options);
    front = new GripProxy({ target: 'http://127.0.0.1:9' });
    const server = http.createServer(
      app === undefined ? (req, res) => inner.handle(req, res) : inner.wrap(app),
    );
    inner.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    stage().onClose(async () => {
      await Promise.all([inner.close(), front.close()]);
      server.closeAllConnections();
      server.close();
    });
  }

  /** Asks the server, and gives the response's head: what of it is for a GRIP proxy, and its status. */
  async function ask(fields: string[] = []): Promise<{ held: boolean; text: string }> {
    const client = await stage().client({ port });
    client.request('GET /poll', fields);
    await eventually(() => inner.holds().length > 0 || client.receivedBytes > 0, 'a hold, or an answer');
    const held = inner.holds().length > 0;
    const text = held ? '' : String((await client.reply()).body);
    if (!held) assert.equal(field(await client.reply(), 'grip-channel'), 'ch');
    client.destroy();
    await eventually(() => inner.stats().sessions === 0, 'nothing held');
    return { held, text };
  }

  describe('with the app that it is mounted in', () => {
    const seen: http.IncomingMessage[] = [];
    const app: RequestListener = (req, res) => {
      seen.push(req);
      hold(res, 'response', 'ch', { body: 'nothing' });
    };

    beforeEach(async () => {
      seen.length = 0;
      await serve({ sigKey: 'own key' }, app);
    });

    it('leaves clients to it: instructs pass as they are, and so do the fields that it sends', async () => {
      inner.standBehind(front.hub);
      assert.deepEqual(await ask(['Grip-Sig: theirs', 'Grip-Last: ch; last-id=1']), {
        held: false,
        text: 'nothing',
      });
      const [req] = seen;
      assert(req);
      assert.equal(req.headers['grip-sig'], 'theirs');
      assert.equal(req.headers['grip-last'], 'ch; last-id=1');
      assert.equal(req.headers['grip-feature'], undefined);
      assert.equal(requestGrip(req)?.isProxied, true);
    });

    it('gives it what is published, and the receipt comes from there', async () => {
      const told: string[] = [];
      inner.on('publish', ({ channel }) => told.push(`inner ${channel}`));
      front.on('publish', ({ channel }) => told.push(`front ${channel}`));
      const receipt = { matched: 3, delivered: 1, queued: 2, filtered: 0, dropped: 0 };
      const got: string[] = [];
      inner.standBehind({
        publish: ({ channel }) => {
          got.push(channel);
          return receipt;
        },
      });
      assert.deepEqual(await inner.publish('a', { 'http-stream': 'x' }), receipt);
      inner.standBehind(front.hub);
      await inner.publish('b', { 'http-stream': 'x' });
      inner.standBehind(undefined);
      await inner.publish('c', { 'http-stream': 'x' });
      assert.deepEqual([got, told], [['a'], ['front b', 'inner c']]);
    });

    it('gives it what comes by the control API, however early that was made', async () => {
      const told: string[] = [];
      const control = http.createServer(inner.controlApi());
      stage().onClose(() => control.close());
      control.listen(0, '127.0.0.1');
      await once(control, 'listening');
      front.on('publish', ({ channel }) => told.push(channel));
      inner.standBehind(front.hub);
      const client = await stage().client(control.address() as AddressInfo);
      const items = ['a', 'b'].map((channel) => ({ channel, formats: { 'http-stream': { content: 'x' } } }));
      client.request('POST /publish', [], JSON.stringify({ items }));
      assert.equal((await client.reply()).status, 200);
      client.destroy();
      assert.deepEqual(told, ['a', 'b']);
    });

    it('refuses what is no item, and takes nothing once it is closed', async () => {
      inner.standBehind(front.hub);
      await assert.rejects(inner.publish('', { 'http-stream': 5 } as never), {
        code: 'GRIP_ERR_INVALID_ITEM',
      });
      await inner.close();
      await assert.rejects(inner.publish('a', { 'http-stream': 'x' }), { code: 'GRIP_ERR_CLOSED' });
    });

    it('is on its own again when that is over', async () => {
      inner.standBehind(front.hub);
      assert.equal((await ask()).held, false);
      inner.standBehind(undefined);
      assert.equal((await ask(['Grip-Sig: theirs', 'Grip-Last: ch; last-id=1'])).held, true);
      const { headers } = seen[1] ?? {};
      assert.notEqual(headers?.['grip-sig'], 'theirs');
      assert.equal(headers?.['grip-last'], undefined);
    });

    it('lets go of nothing that it holds itself', async () => {
      const client = await stage().client({ port });
      client.request('GET /poll');
      await eventually(() => inner.holds().length === 1, 'a hold');
      inner.standBehind(front.hub);
      assert.equal(inner.holds().length, 1);
      inner.standBehind(undefined);
      await inner.publish('ch', { 'http-response': 'x' });
      assert.equal(String((await client.reply()).body), 'x');
    });
  });

  describe('with a target', () => {
    it('leaves clients to it: instructs pass as they are, and so do the fields that it sends', async () => {
      const origin = await stage().origin((res) => hold(res, 'response', 'ch', { body: 'nothing' }));
      await serve({ target: origin.url, sigKey: 'own key' });
      inner.standBehind(front.hub);
      assert.deepEqual(await ask(['Grip-Sig: theirs', 'Grip-Last: ch; last-id=1']), {
        held: false,
        text: 'nothing',
      });
      const { headers } = await origin.completeRequest();
      assert.equal(headers['grip-sig'], 'theirs');
      assert.equal(headers['grip-last'], 'ch; last-id=1');
      inner.standBehind(undefined);
      assert.equal((await ask(['Grip-Last: ch; last-id=1'])).held, true);
      const again = await origin.completeRequest(1);
      assert.equal(again.headers['grip-last'], undefined);
    });

    it('takes no part in its WebSockets, which may come as events', async () => {
      const origin = await stage().origin((res, request) => {
        request.res.req.on('end', () => {
          const fields = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
          answerEvents(res, { fields, body: bodyOf(request) });
        });
      });
      await serve({ target: { url: origin.url, overHttp: true } });
      inner.standBehind(front.hub);
      const events = await stage().client({ port });
      events.request('POST /ws', ['Content-Type: application/websocket-events'], 'OPEN\r\n');
      const reply = await events.reply();
      assert.equal(field(reply, 'sec-websocket-extensions'), 'grip; message-prefix=""');
      assert.equal(String(reply.body), 'OPEN\r\n');
      assert.deepEqual(inner.holds(), []);
      events.destroy();
      const client = await WsClient.open(stage(), { port }, '/ws', ['Sec-WebSocket-Extensions: grip']);
      assert.equal(field(await client.opened(), 'sec-websocket-extensions'), 'grip; message-prefix=""');
      client.text('c:{"type":"subscribe","channel":"ch"}');
      assert.equal(await client.next(), 'text c:{"type":"subscribe","channel":"ch"}');
      assert.equal(inner.stats().channels, 0);
      client.destroy();
      await eventually(() => inner.stats().sessions === 0, 'no session');
    });
  });
});
