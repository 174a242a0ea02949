import assert from 'node:assert/strict';
import { answerEvents } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

const OPEN = 'OPEN\r\n';
const DISCONNECT = 'DISCONNECT\r\n';

describe('an origin of WebSocket events that does not answer', () => {
  const stage = useStage();

  /** An origin that lets clients in; the test answers the rest. */
  async function start(options: BenchOptions = {}): Promise<WebSocketBench> {
    return await WebSocketBench.overHttp(stage(), (text) => (text === OPEN ? text : undefined), options);
  }

  /** Nothing is under way any more. */
  async function over(bench: WebSocketBench): Promise<void> {
    await eventually(
      () => bench.server.held === 0,
      () => JSON.stringify(bench.proxy.stats()),
    );
  }

  async function isClosed(client: WsClient): Promise<void> {
    await client.sees('close 1011');
    assert.equal(await client.closed(), 'ended');
  }

  it('is given up after a minute: the client is closed, and the origin gets DISCONNECT', async () => {
    const bench = await start();
    const client = await bench.open();
    client.text('a');
    await bench.origin.completeRequest(1);
    await bench.pass(59_999);
    assert.deepEqual(client.received, []);
    await bench.pass(1);
    await isClosed(client);
    await over(bench);
    assert.deepEqual(asked(bench), [OPEN, 'TEXT 1\r\na\r\n', DISCONNECT]);
    assert.equal(bench.proxy.limits().eventsTimeout, 1);
  });

  it('is given up after the time that the option says, while others go on', async () => {
    const bench = await start({ proxy: { eventsTimeout: 5000 } });
    const [one, other] = [await bench.open('/one'), await bench.open('/other')];
    one.text('a');
    await bench.origin.completeRequest(2);
    other.text('b');
    const { res } = await bench.origin.completeRequest(3);
    answerEvents(res, 'TEXT 1\r\nb\r\n');
    await other.count(1);
    await bench.pass(5000);
    await isClosed(one);
    assert.deepEqual(other.received, ['text b']);
  });

  it('is waited for as long as it takes where the option is 0', async () => {
    const bench = await start({ proxy: { eventsTimeout: 0, responseTimeout: 0 } });
    const client = await bench.open();
    client.text('a');
    const { res } = await bench.origin.completeRequest(1);
    await bench.pass(10_000_000);
    answerEvents(res, 'TEXT 1\r\nb\r\n');
    await client.count(1);
    assert.deepEqual(client.received, ['text b']);
  });

  it('is given up when its answer does not come to an end', async () => {
    const bench = await start();
    const client = await bench.open();
    client.text('a');
    const { res } = await bench.origin.completeRequest(1);
    res.writeHead(200, { 'Content-Type': 'application/websocket-events' });
    for (let i = 0; i < 5; i++) {
      res.write('TEXT 1\r\nb\r\n');
      await bench.pass(12_000);
    }
    await isClosed(client);
    await over(bench);
  });

  it('is told of a client that left meanwhile, when its time is up', async () => {
    const bench = await start();
    const client = await bench.open();
    client.text('a');
    await bench.origin.completeRequest(1);
    client.destroy();
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    assert.equal(bench.origin.requests.length, 2);
    await bench.pass(60_000);
    await over(bench);
    assert.deepEqual(asked(bench), [OPEN, 'TEXT 1\r\na\r\n', DISCONNECT]);
  });

  it('is told of a client that left meanwhile, when its connection breaks', async () => {
    const bench = await start();
    const client = await bench.open();
    client.text('a');
    const { res } = await bench.origin.completeRequest(1);
    client.destroy();
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    res.writeHead(200, { 'Content-Length': 10 }).write('half', () => res.destroy());
    await over(bench);
    assert.equal(asked(bench).at(-1), DISCONNECT);
  });

  it('is told again and again, while it does not answer that either, and not for ever', async () => {
    const origin = await stage().origin((res, seen) => {
      res.req.on('end', () => {
        if (String(seen.body) === OPEN) answerEvents(res, OPEN);
      });
    });
    const bench = await WebSocketBench.with(stage(), origin, { overHttp: true, url: origin.url });
    (await bench.open()).destroy();
    for (let told = 1; told <= 5; told++) {
      await origin.completeRequest(told);
      await bench.pass(60_000);
    }
    await over(bench);
    assert.deepEqual(asked(bench), [OPEN, ...Array.from({ length: 5 }, () => DISCONNECT)]);
  });

  it('does not keep a client waiting that wants to be let in', async () => {
    const bench = await WebSocketBench.overHttp(stage(), () => undefined);
    const client = await bench.ask();
    await bench.origin.completeRequest(0);
    await bench.pass(60_000);
    assert.equal((await client.raw.reply()).status, 502);
    await over(bench);
    assert.deepEqual(asked(bench), [OPEN, DISCONNECT]);
  });
});
