import assert from 'node:assert/strict';
import { answerEvents, event, obliging } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

const BLOCK = 'x'.repeat(64 * 1024);

describe('a publish that waits for the flush', () => {
  const stage = useStage();

  async function open(): Promise<ProxyServer> {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/poll') hold(res, 'response', 'ch', { body: 'nothing' });
      else if (seen.url === '/stream') hold(res, 'stream', 'ch', { body: '[' });
      else
        res.req.on('end', () => {
          const text = seen.body.toString('latin1');
          const body = text.startsWith('OPEN')
            ? Buffer.concat([event('OPEN'), event('TEXT', 'c:{"type":"subscribe","channel":"ch"}')])
            : obliging(text);
          answerEvents(res, {
            body: body as Buffer,
            fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
          });
        });
    });
    const server = await stage().proxy({ target: { url: origin.url, overHttp: true } });
    server.proxy.attach(server.server);
    return server;
  }

  async function stream(server: ProxyServer): Promise<RawClient> {
    const client = await stage().client(server);
    client.request('GET /stream');
    await client.bodyWith('[');
    return client;
  }

  /** Publishes to a client that does not read, until something waits. */
  async function fill({ proxy }: ProxyServer, client: RawClient): Promise<void> {
    client.socket.pause();
    await eventually(() => {
      void proxy.publish('ch', { 'http-stream': BLOCK });
      return proxy.backlog().bytes > 0;
    }, 'a full connection');
  }

  it('resolves when the bytes have left, for clients of each kind', async () => {
    const server = await open();
    const client = await stream(server);
    const poll = await stage().client(server);
    poll.request('GET /poll');
    const socket = await WsClient.open(stage(), server);
    await eventually(
      () => server.proxy.holds().length === 3 && server.proxy.hub.subscriberCount('ch') === 3,
      'three holds',
    );
    const formats = { 'http-stream': 'a', 'http-response': 'a', 'ws-message': 'a' };
    const receipt = await server.proxy.publish('ch', formats, { wait: 'flush' });
    assert.deepEqual(receipt, { matched: 3, delivered: 3, queued: 0, filtered: 0, dropped: 0 });
    await client.bodyWith('[a');
    assert.equal(String((await poll.reply()).body), 'a');
    assert.equal(await socket.next(), 'text a');
  });

  it('waits for a slow client until it has taken all', async () => {
    const server = await open();
    const client = await stream(server);
    await fill(server, client);
    const waiting = server.proxy.publish('ch', { 'http-stream': 'LAST' }, { wait: 'flush' });
    client.socket.resume();
    assert.deepEqual(await waiting, { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 });
    await client.bodyWith('LAST');
  });

  it('tells what still waits when its time is up', async () => {
    const server = await open();
    await fill(server, await stream(server));
    const receipt = await server.proxy.publish(
      'ch',
      { 'http-stream': 'x' },
      { wait: 'flush', timeoutMs: 20 },
    );
    assert.deepEqual(receipt, { matched: 1, delivered: 0, queued: 1, filtered: 0, dropped: 0 });
  });

  it('counts as dropped what a client has not lived to get', async () => {
    const server = await open();
    const client = await stream(server);
    await fill(server, client);
    const waiting = server.proxy.publish('ch', { 'http-stream': 'x' }, { wait: 'flush' });
    client.reset();
    assert.deepEqual(await waiting, { matched: 1, delivered: 0, queued: 0, filtered: 0, dropped: 1 });
  });

  it('resolves at once where nobody is subscribed', async () => {
    const server = await open();
    const receipt = await server.proxy.publish('nobody', { 'http-stream': 'x' }, { wait: 'flush' });
    assert.equal(receipt.matched, 0);
  });

  it('refuses to wait for what there is not', async () => {
    const server = await open();
    const wrong = { wait: 'delivery' } as unknown as { wait: 'flush' };
    await assert.rejects(server.proxy.publish('ch', { 'http-stream': 'x' }, wrong), {
      code: 'GRIP_ERR_OPTION',
    });
  });

  for (const [query, queued] of [
    ['?wait=flush&timeout-ms=20', 1],
    ['', 1],
  ] as const) {
    it(`may come over HTTP: /publish${query}`, async () => {
      const server = await open();
      await fill(server, await stream(server));
      const control = await stage().origin(() => {});
      control.server.removeAllListeners('request');
      control.server.on('request', server.proxy.controlApi());
      const response = await fetch(`${control.url}/publish${query}`, {
        method: 'POST',
        headers: { Accept: 'application/json' },
        body: JSON.stringify({ items: [{ channel: 'ch', formats: { 'http-stream': { content: 'x' } } }] }),
      });
      assert.equal(response.status, 200);
      assert.equal(((await response.json()) as { queued: number }).queued, queued);
    });
  }

  it('is no path of the control API with any other query', async () => {
    const server = await open();
    const control = await stage().origin(() => {});
    control.server.removeAllListeners('request');
    control.server.on('request', server.proxy.controlApi());
    for (const query of ['?wait=no', '?x', '?wait=flush&timeout-ms=x']) {
      const response = await fetch(`${control.url}/publish${query}`, { method: 'POST', body: '{}' });
      assert.equal(response.status, 404, query);
    }
  });
});
