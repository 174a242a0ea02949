import assert from 'node:assert/strict';
import { WebSocketRefused } from '@p-8/testing';
import { newsApp, text, webSocket } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

describe('t.webSocket()', () => {
  const test = useGripTests();

  it('sends and gets text and bytes', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    ws.send('hellö');
    ws.send(Buffer.from([0, 255]));
    assert.equal(await ws.next(), 'hellö');
    assert.deepEqual(await ws.next(), Buffer.from([0, 255]));
    await t.publish('news', { 'ws-message': 'item' });
    await t.publish('news', { 'ws-message': { 'content-bin': 'AP8=' } });
    assert.equal(await ws.next(), 'item');
    assert.deepEqual(await ws.next(), Buffer.from([0, 255]));
    assert.equal(ws.received.length, 4);
  });

  it('offers headers and subprotocols', async () => {
    const page = webSocket((events) => (events[0]?.type === 'OPEN' ? [events[0]] : []), {
      'Sec-WebSocket-Protocol': 'b',
    });
    const t = await test(newsApp({ '/chat': page }));
    const ws = await t.webSocket('/chat', { protocols: ['a', 'b'], headers: { 'X-Name': 'me' } });
    assert.equal(ws.protocol, 'b');
    const { headers } = t.originRequests[0] ?? assert.fail();
    assert.deepEqual([headers['sec-websocket-protocol'], headers['x-name']], ['a,b', 'me']);
  });

  it('says how it was refused', async () => {
    const t = await test(
      newsApp({ '/chat': (_req, res) => res.writeHead(403, { 'X-Why': 'no' }).end('not you\n') }),
    );
    await assert.rejects(t.webSocket('/chat'), (error) => {
      assert(error instanceof WebSocketRefused);
      assert.deepEqual([error.status, error.headers['x-why'], error.body], [403, 'no', 'not you\n']);
      assert.match(
        error.message,
        /^WebSocket \/chat was refused with 403: "not you\\n"\n.*WebSocket 1 asks \/chat\n/,
      );
      return true;
    });
  });

  it('says so where it is not let in for long, or the connection breaks', async () => {
    const t = await test(newsApp({ '/never': () => undefined }), { patience: 10 });
    await assert.rejects(
      t.webSocket('/never', { timeout: 20 }),
      /WebSocket 1: waited to be let in, but nobody said so within 20 ms\n/,
    );
    const opening = t.webSocket('/never');
    await t.settled();
    await t.close();
    await assert.rejects(opening, /WebSocket 2: waited to be let in, but socket hang up\n/);
  });

  it('pings, and sees the pong', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    ws.ping('are you there');
    await t.settled();
    assert.match(t.timeline, /WebSocket 1 gets a pong "are you there"/);
  });

  it('sees how the app closes it', async () => {
    const page = webSocket((events) =>
      events.map((event) =>
        event.type === 'OPEN' ? event : { type: 'CLOSE', content: Buffer.from([0x10, 0x00]) },
      ),
    );
    const t = await test(newsApp({ '/chat': page }));
    const ws = await t.webSocket('/chat');
    ws.send('bye');
    assert.deepEqual(await ws.closed(), {
      clean: true,
      how: 'it was closed with 4096',
      code: 4096,
      reason: '',
    });
    await assert.rejects(
      ws.next(),
      /WebSocket 1: waited for message 1, but it was closed with 4096\. Seen so far: nothing/,
    );
    assert.throws(() => ws.send('more'), /nothing can be sent: it was closed with 4096/);
  });

  it('sees how a publisher closes it', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    await t.publish('news', { 'ws-message': { action: 'close', code: 4001, reason: 'enough' } });
    const { code, reason } = await ws.closed();
    assert.deepEqual([code, reason], [4001, 'enough']);
  });

  it('closes, and the app hears of it', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    ws.close(4002, 'done');
    const { code, reason } = await ws.closed();
    assert.deepEqual([code, reason], [4002, 'done']);
    assert.match(t.originRequests.at(-1)?.body ?? '', /^CLOSE 6\r\n.{2}done\r\n$/s);
    await t.expectHeld({ count: 0 });
  });

  it('drops, and the app hears of that', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    ws.drop();
    await t.settled();
    assert.equal((await ws.closed()).code, 1006);
    assert.equal(t.originRequests.at(-1)?.body, 'DISCONNECT\r\n');
  });

  it('hears of what the app said with its acceptance', async () => {
    const page = webSocket(([event]) => (event?.type === 'OPEN' ? [event, text('welcome')] : []));
    const t = await test(newsApp({ '/chat': page }));
    const ws = await t.webSocket('/chat');
    assert.equal(await ws.next(), 'welcome');
  });
});
