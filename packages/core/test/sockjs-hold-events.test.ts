import assert from 'node:assert/strict';
import { closeEvent, event, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';
import { type HoldWatch, useHoldWatch } from './support/hold-watch.js';
import { WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent } from './support/web-socket-party.js';

describe('the events of held SockJS sessions', () => {
  const stage = useStage();
  const watching = useHoldWatch();
  let bench: WebSocketBench;
  let watch: HoldWatch;
  let accepts: boolean;

  beforeEach(async () => {
    accepts = true;
    const first = {
      fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
      body: Buffer.concat([event('OPEN'), controlEvent({ type: 'subscribe', channel: 'ch' })]),
    };
    bench = await WebSocketBench.overHttp(
      stage(),
      (text) => {
        if (text.startsWith('OPEN')) return accepts ? first : { status: 403, type: 'text/plain', body: 'no' };
        return text.includes('end it') ? closeEvent(4001, 'bye') : obliging(text);
      },
      { route: { sockjs: '/echo' }, proxy: { sessionQueueBytes: 1000 } },
    );
    watch = watching(bench.proxy);
  });

  /** What is told of a session whose origin sees it at `path`, ended for this reason. */
  const told = (why: string, path = '/echo'): string[] => [
    `hold websocket http://example.com${path}`,
    `release websocket http://example.com${path} ch: ${why}`,
  ];

  async function start(path: string, body = ''): Promise<RawClient> {
    const client = await stage().client(bench.server);
    client.request(`POST ${path}`, body === '' ? ['Content-Length: 0'] : [], body);
    return client;
  }

  async function post(path: string, body = ''): Promise<string> {
    const client = await start(path, body);
    const reply = await client.reply();
    return `${reply.status} ${reply.body}`;
  }

  async function open(): Promise<void> {
    assert.equal(await post('/echo/0/s/xhr'), '200 o\n');
    await eventually(() => watch.held[0]?.endsWith(' ch') === true, 'a subscription');
  }

  it('are told once, though many requests carry it', async () => {
    await open();
    for (let i = 0; i < 3; i++) {
      const poll = await start('/echo/0/s/xhr');
      await bench.proxy.publish('ch', { 'ws-message': `${i}` });
      assert.equal(String((await poll.reply()).body), `a["${i}"]\n`);
    }
    assert.deepEqual(watch.lines, told('').slice(0, 1));
    assert.deepEqual(bench.proxy.holds(), [
      { mode: 'websocket', uri: 'http://example.com/echo', channels: ['ch'] },
    ]);
    await bench.pass(5000);
    assert.deepEqual(watch.lines, told('client'));
  });

  it('say that the client left while it waited for messages', async () => {
    await open();
    const poll = await start('/echo/0/s/xhr');
    await settle(40);
    poll.destroy();
    assert.deepEqual(await watch.count(2), told('client'));
    await bench.pass(5000);
    assert.equal(watch.lines.length, 2);
  });

  it('say that the origin has ended it', async () => {
    await open();
    const poll = await start('/echo/0/s/xhr');
    assert.equal(await post('/echo/0/s/xhr_send', '["end it"]'), '204 ');
    assert.equal(String((await poll.reply()).body), 'c[4001,"bye"]\n');
    await bench.pass(5000);
    assert.deepEqual(watch.lines, told('ended'));
  });

  it('say that an item has ended it, when that is published', async () => {
    await open();
    await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 4000 } });
    assert.deepEqual(watch.lines, told('ended'));
    assert.match(await post('/echo/0/s/xhr'), /^200 c\[4000,/);
    await bench.pass(5000);
    assert.equal(watch.lines.length, 2);
  });

  it('say that it was too slow', async () => {
    await open();
    for (let i = 0; i < 2; i++) await bench.proxy.publish('ch', { 'ws-message': 'x'.repeat(600) });
    assert.deepEqual(watch.lines, told('slow'));
    await bench.pass(5000);
  });

  it('say that the proxy closes', async () => {
    await open();
    const poll = await start('/echo/0/s/xhr');
    await settle(40);
    await bench.proxy.close();
    assert.match(String((await poll.reply()).body), /^c\[1012,/);
    assert.deepEqual(watch.lines, told('closing'));
  });

  it('say that the proxy closes, also where nobody waits for messages', async () => {
    await open();
    await bench.proxy.close();
    assert.deepEqual(watch.lines, told('closing'));
  });

  it('say nothing of a session that the origin refuses', async () => {
    accepts = false;
    assert.equal(await post('/echo/0/s/xhr'), '403 no');
    assert.deepEqual(watch.lines, []);
  });

  describe('by WebSocket', () => {
    const PATH = '/echo/websocket';

    async function connect(): Promise<WsClient> {
      const client = await WsClient.open(stage(), bench.server, '/echo/0/s/websocket');
      assert.equal(await client.next(), 'text o');
      await eventually(() => watch.held[0]?.endsWith(' ch') === true, 'a subscription');
      return client;
    }

    it('say that the client has closed it', async () => {
      const client = await connect();
      client.close(1000);
      await client.closed();
      assert.deepEqual(await watch.count(2), told('client', PATH));
    });

    it('say that the client is gone', async () => {
      const client = await connect();
      client.destroy();
      assert.deepEqual(await watch.count(2), told('client', PATH));
    });

    it('say so of a client that does not speak SockJS', async () => {
      const client = await connect();
      client.text('hello');
      assert.deepEqual(await watch.count(2), told('client', PATH));
      assert.match(await client.next(), /^close 1007/);
      client.close(1007);
    });

    it('say that the origin has ended it', async () => {
      const client = await connect();
      client.text('["end it"]');
      await client.sees('close 4001 bye');
      assert.deepEqual(watch.lines, told('ended', PATH));
      client.close(4001);
    });

    it('say that the proxy closes', async () => {
      const client = await connect();
      const closed = bench.proxy.close();
      await client.sees('close 1012');
      client.close(1012);
      await closed;
      assert.deepEqual(watch.lines, told('closing', PATH));
    });
  });
});
