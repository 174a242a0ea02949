import assert from 'node:assert/strict';
import {
  bodiesOf,
  closeEvent,
  type EventsHandler,
  eventsOrigin,
} from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { Origin } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';
import { TlsGate } from './support/tls-gate.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

describe('an origin over HTTP that is out of reach', () => {
  const stage = useStage();
  let gate: TlsGate;

  /** A client that has been let in by an origin behind a gate. */
  async function open(
    handler?: EventsHandler,
    options: BenchOptions = {},
  ): Promise<{ bench: WebSocketBench; client: WsClient }> {
    gate = await TlsGate.start(stage(), handler);
    const target = { url: gate.url, insecure: true, overHttp: true };
    const bench = await WebSocketBench.with(stage(), gate.origin, target, options);
    return { bench, client: await bench.open() };
  }

  /** Waits until the origin has been tried in vain so often, and the proxy waits. */
  async function tried(bench: WebSocketBench, times: number): Promise<void> {
    await eventually(
      () => gate.tries === times && bench.proxy.stats().timers > 0,
      () => `${gate.tries} tries of ${times}`,
    );
    await settle(40);
  }

  it('L is tried again, each time after twice as long, and then the client is closed with 1011', async () => {
    for (const chance of [0, 0.9999]) {
      const { bench, client } = await open();
      bench.clock.chance = chance;
      const spread = Math.floor(chance * 1000);
      gate.shut();
      client.text('x');
      for (const [index, delay] of [1000, 2000, 4000, 8000, 16_000].entries()) {
        await tried(bench, index + 1);
        await bench.pass(delay + spread - 1);
        assert.equal(gate.tries, index + 1);
        await bench.pass(1);
      }
      await client.closed();
      assert.equal(gate.tries, 6);
      assert.deepEqual(client.received, ['close 1011']);
      await eventually(() => bench.server.held === 0, 'nothing held');
      assert.deepEqual(bodiesOf(gate.origin), ['OPEN\r\n']);
    }
  });

  it('gets the same when it is back, with a signature that is good then', async () => {
    const { bench, client } = await open();
    // A signature is used for half a minute.
    await bench.pass(28_000);
    gate.shut();
    client.text('a');
    await tried(bench, 1);
    client.text('b');
    client.ping('c');
    await bench.pass(1000);
    await tried(bench, 2);
    gate.reopen();
    await bench.pass(2000);
    await gate.origin.completeRequest(2);
    assert.deepEqual(bodiesOf(gate.origin), [
      'OPEN\r\n',
      'TEXT 1\r\na\r\n',
      'TEXT 1\r\nb\r\nPING 1\r\nc\r\n',
    ]);
    const exp = gate.origin.requests.map(({ headers }) => {
      const [, claims = ''] = String(headers['grip-sig']).split('.');
      return JSON.parse(String(Buffer.from(claims, 'base64url'))).exp as number;
    });
    assert.equal((exp[1] ?? 0) - (exp[0] ?? 0), 31);
    client.text('d');
    await gate.origin.completeRequest(3);
  });

  it('has all its tries again after an answer', async () => {
    const { bench, client } = await open();
    for (let round = 0; round < 2; round++) {
      const before = gate.tries;
      gate.shut();
      client.text(`${round}`);
      for (const [index, delay] of [1000, 2000, 4000, 8000].entries()) {
        await tried(bench, before + index + 1);
        await bench.pass(delay);
      }
      await tried(bench, before + 5);
      gate.reopen();
      await bench.pass(16_000);
      await gate.origin.completeRequest(round + 1);
      await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    }
  });

  it('is tried again with a keep-alive, and with a Close', async () => {
    const { bench, client } = await open((text) => ({
      body: text.startsWith('CLOSE') ? closeEvent(1000) : text,
      fields: text === 'OPEN\r\n' ? ['Keep-Alive-Interval: 20'] : [],
    }));
    gate.shut();
    await bench.pass(20_000);
    await tried(bench, 1);
    gate.reopen();
    await bench.pass(1000);
    await gate.origin.completeRequest(1);
    await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    gate.shut();
    client.close(1000);
    await tried(bench, 2);
    gate.reopen();
    await bench.pass(1000);
    assert.equal(await client.next(), 'close 1000');
    assert.deepEqual(bodiesOf(gate.origin), ['OPEN\r\n', '', 'CLOSE 2\r\n\x03\xe8\r\n']);
  });

  it('gets what its tries were for, and DISCONNECT after it, when the client leaves', async () => {
    const { bench, client } = await open();
    gate.shut();
    client.text('a');
    await tried(bench, 1);
    client.text('b');
    client.destroy();
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    gate.reopen();
    await bench.pass(1000);
    await gate.origin.completeRequest(2);
    assert.deepEqual(bodiesOf(gate.origin), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'DISCONNECT\r\n']);
  });

  it('is tried with DISCONNECT too, and then given up', async () => {
    const { bench, client } = await open();
    gate.shut();
    client.destroy();
    for (const [index, delay] of [1000, 2000, 4000, 8000, 16_000].entries()) {
      await tried(bench, index + 1);
      await bench.pass(delay);
    }
    await eventually(() => bench.server.held === 0, 'nothing held');
    assert.equal(gate.tries, 6);
  });

  it('holds nothing when the proxy is closed', async () => {
    const { bench, client } = await open();
    gate.shut();
    client.text('a');
    await tried(bench, 1);
    const closed = bench.proxy.close();
    assert.equal(await client.next(), 'close 1012');
    client.close(1012);
    await closed;
    assert.equal(bench.server.held, 0);
  });

  it('is not tried again when it hangs up, since it may have done what it was asked', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text, { res }) => {
      if (text !== 'OPEN\r\n') res.destroy();
      return { body: text, fields: ['Connection: close'] };
    });
    const client = await bench.open();
    client.text('a');
    await client.closed();
    await eventually(() => bench.server.held === 0, 'nothing held');
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n']);
  });

  it('is tried once more where it has closed a connection that was kept alive', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text, { res }, count) =>
      count === 1 ? void res.destroy() : text === 'OPEN\r\n' ? text : '',
    );
    const client = await bench.open();
    client.text('a');
    await bench.origin.completeRequest(2);
    client.text('b');
    await bench.origin.completeRequest(3);
    assert.deepEqual(asked(bench).slice(1), ['TEXT 1\r\na\r\n', 'TEXT 1\r\na\r\n', 'TEXT 1\r\nb\r\n']);
  });

  describe('while a client waits to be let in', () => {
    const refused = { insecure: true, overHttp: true };

    /** A proxy with these targets. */
    async function targets(
      first: TlsGate,
      second: Origin,
      options: BenchOptions = {},
    ): Promise<WebSocketBench> {
      const target = [
        { ...refused, url: first.url, host: 'first.test' },
        { url: second.url, overHttp: true, host: 'second.test' },
      ];
      return await WebSocketBench.with(
        stage(),
        second,
        {},
        { ...options, route: { ...options.route, target } },
      );
    }

    it('is left for the next one, without a pause', async () => {
      const first = await TlsGate.start(stage());
      first.shut();
      const bench = await targets(first, await eventsOrigin(stage()));
      const client = await bench.open();
      assert.equal(first.tries, 1);
      client.text('a');
      await bench.origin.completeRequest(1);
      assert.deepEqual(
        bench.origin.requests.map(({ headers }) => headers.host),
        ['second.test', 'second.test'],
      );
    });

    it('is not asked later, when it is back', async () => {
      const first = await TlsGate.start(stage());
      first.shut();
      const bench = await targets(first, await eventsOrigin(stage()));
      const client = await bench.open();
      first.reopen();
      client.text('a');
      await bench.origin.completeRequest(1);
      assert.equal(first.origin.requests.length, 0);
      await bench.open();
      assert.equal(first.origin.requests.length, 1);
    });

    it('is left with the Connection-Id that it would have had', async () => {
      const first = await TlsGate.start(stage(), () => ({ fields: ['Keep-Alive-Interval: 20'] }));
      const bench = await targets(first, await eventsOrigin(stage()));
      const client = await WsClient.ask(stage(), bench.server);
      const asked = await first.origin.completeRequest();
      await settle(40);
      first.shut();
      await bench.pass(20_000);
      await client.opened();
      const { headers } = await bench.origin.completeRequest();
      assert.equal(headers['connection-id'], asked.headers['connection-id']);
    });

    it('is not left when it has answered, whatever it was', async () => {
      const answers: EventsHandler[] = [
        () => ({ status: 503, type: null }),
        () => '',
        (_text, { res }) => void res.destroy(),
      ];
      for (const answer of answers) {
        const first = await TlsGate.start(stage(), answer);
        const bench = await targets(first, await eventsOrigin(stage()));
        const reply = await (await bench.ask()).raw.reply();
        assert.match(String(reply.status), /502|503/);
        assert.equal(bench.origin.requests.length, 0);
      }
    });

    it('is left once the client has been let in by no other', async () => {
      const first = await TlsGate.start(stage());
      const bench = await targets(first, await eventsOrigin(stage()));
      const client = await bench.open();
      first.shut();
      client.text('a');
      await eventually(() => first.tries === 1 && bench.proxy.stats().timers === 1, 'a try');
      await settle(40);
      assert.equal(bench.origin.requests.length, 0);
      first.reopen();
      await bench.pass(1000);
      await first.origin.completeRequest(1);
    });

    it('leaves the client with 502 where there is no other', async () => {
      const [first, second] = [await TlsGate.start(stage()), await TlsGate.start(stage())];
      first.shut();
      second.shut();
      const target = [first, second].map(({ url }) => ({ ...refused, url }));
      const bench = await WebSocketBench.with(stage(), first.origin, {}, { route: { target, debug: true } });
      const reply = await (await bench.ask()).raw.reply();
      assert.equal(reply.status, 502);
      const names = [first, second].map(({ url }) => url.replace('https://', ''));
      assert.equal(String(reply.body), `Unable to connect to any targets. Tried: ${names.join(', ')}\n`);
    });
  });
});
