import assert from 'node:assert/strict';
import {
  answerEvents,
  closeEvent,
  type EventsAnswer,
  event,
  events,
} from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent } from './support/web-socket-party.js';

const CLOSE_1000 = 'CLOSE 2\r\n\x03\xe8\r\n';
const KEEP_ALIVE = ['Keep-Alive-Interval: 20'];

describe('the end of a WebSocket over HTTP', () => {
  const stage = useStage();

  /** A client that is let in, and subscribed to `ch`; what follows is answered with `answers`, one after the other. */
  async function open(
    answers: (EventsAnswer | undefined)[],
    fields: string[] = [],
    options: BenchOptions = {},
  ): Promise<{ bench: WebSocketBench; client: WsClient }> {
    const first = {
      fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""', ...fields],
      body: Buffer.concat([event('OPEN'), controlEvent({ type: 'subscribe', channel: 'ch' })]),
    };
    const bench = await WebSocketBench.overHttp(
      stage(),
      (text, _request, count) => {
        if (text === 'OPEN\r\n') return first;
        return count <= answers.length ? answers[count - 1] : '';
      },
      options,
    );
    return { bench, client: await bench.open() };
  }

  async function over(bench: WebSocketBench): Promise<void> {
    await eventually(
      () => bench.server.held === 0,
      () => JSON.stringify(bench.proxy.stats()),
    );
    await settle();
  }

  const publishClose = (bench: WebSocketBench, code = 1001): Promise<unknown> =>
    bench.proxy.publish('ch', { 'ws-message': { action: 'close', code } });

  describe('that the client wants', () => {
    it('comes with the code and reason of the origin', async () => {
      const { bench, client } = await open([closeEvent(4001, 'from the origin')]);
      client.close(4000, 'from the client');
      assert.equal(await client.next(), 'close 4001 from the origin');
      assert.equal(await client.closed(), 'ended');
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE 11\r\n\x0f\xa0from the client\r\n']);
    });

    it('comes after what the origin has to say', async () => {
      const { client } = await open([
        Buffer.concat([event('TEXT', 'bye'), closeEvent(1000), event('TEXT', 'no')]),
      ]);
      client.close(1000);
      assert.equal(await client.next(), 'text bye');
      assert.equal(await client.next(), 'close 1000');
      await client.closed();
      assert.equal(client.messages.length, 2);
    });

    it('waits for the origin', async () => {
      const { bench, client } = await open([undefined]);
      client.close(1000);
      const { res } = await bench.origin.completeRequest(1);
      await settle(40);
      assert.deepEqual(client.received, []);
      answerEvents(res, 'CLOSE\r\n');
      assert.equal(await client.next(), 'close 1000');
      await client.closed();
    });

    it('waits for the origin 30 seconds; the origin may take longer', async () => {
      const { bench, client } = await open([undefined]);
      client.close(4000);
      const { res } = await bench.origin.completeRequest(1);
      await bench.pass(29_999);
      assert.deepEqual(client.received, []);
      await bench.pass(1);
      assert.equal(await client.next(), 'close 1000');
      await client.closed();
      assert.equal(bench.proxy.stats().sessions, 0);
      answerEvents(res, closeEvent(1000));
      await over(bench);
      assert.deepEqual(asked(bench).length, 2);
    });

    it('comes to the origin with all that was said before, though it takes its time', async () => {
      const { bench, client } = await open([undefined, closeEvent(1000)]);
      client.text('a');
      const { res } = await bench.origin.completeRequest(1);
      client.text('b');
      client.close(1000);
      await bench.pass(30_000);
      assert.equal(await client.next(), 'close 1000');
      await client.closed();
      answerEvents(res, '');
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', `TEXT 1\r\nb\r\n${CLOSE_1000}`]);
    });

    it('is 1011 where the origin does not answer with its own', async () => {
      const { bench, client } = await open([event('TEXT', 'what?')]);
      client.close(1000);
      await client.closed();
      assert.equal(client.received.at(-1), 'close 1011');
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', CLOSE_1000]);
    });

    for (const answer of [{ status: 500 }, 'garbage', { type: 'text/html' }, 'OPEN\r\n', 'DISCONNECT\r\n']) {
      it(`is 1011 where the origin answers ${JSON.stringify(answer)}`, async () => {
        const { bench, client } = await open([answer]);
        client.close(1000);
        await client.closed();
        assert.deepEqual(client.received, ['close 1011']);
        await over(bench);
        assert.deepEqual(asked(bench), ['OPEN\r\n', CLOSE_1000]);
      });
    }

    it('waits 30 seconds for an origin that is kept alive and has not answered yet', async () => {
      const { bench, client } = await open([], KEEP_ALIVE);
      client.close(1000);
      await bench.pass(29_999);
      assert.deepEqual(client.received, []);
      assert.deepEqual(asked(bench), ['OPEN\r\n', CLOSE_1000, '']);
      await bench.pass(1);
      assert.equal(await client.next(), 'close 1000');
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', CLOSE_1000, '', 'DISCONNECT\r\n']);
    });

    it('comes once where a publisher wants it too', async () => {
      const { bench, client } = await open([undefined]);
      client.close(1000);
      const { res } = await bench.origin.completeRequest(1);
      await publishClose(bench, 4000);
      assert.equal(await client.next(), 'close 4000');
      await client.closed();
      answerEvents(res, closeEvent(1000));
      await over(bench);
      assert.equal(client.messages.length, 1);
      assert.equal(asked(bench).length, 2);
    });
  });

  describe('that the origin wants', () => {
    it('is told to the client, and its answer to the origin', async () => {
      const { bench, client } = await open([closeEvent(4000, 'go'), '']);
      client.text('a');
      assert.equal(await client.next(), 'close 4000 go');
      client.close(4001, 'gone');
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'CLOSE 6\r\n\x0f\xa1gone\r\n']);
    });

    it('leaves time for what the client has to say', async () => {
      const { bench, client } = await open(['CLOSE\r\n', '', '']);
      client.text('a');
      assert.equal(await client.next(), 'close 1000');
      client.text('b');
      await bench.origin.completeRequest(2);
      await settle(40);
      client.close(1000);
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'TEXT 1\r\nb\r\n', CLOSE_1000]);
    });

    it('is the end of what is published', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      client.text('a');
      await client.next();
      assert.equal((await bench.proxy.publish('ch', { 'ws-message': 'x' })).matched, 0);
      client.close(1000);
      await client.closed();
      assert.equal(client.messages.length, 1);
    });

    it('can come along with its letting in', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) =>
        text === 'OPEN\r\n' ? events(['OPEN'], ['TEXT', 'no room'], ['CLOSE']) : '',
      );
      const client = await bench.open();
      assert.equal(await client.next(), 'text no room');
      assert.equal(await client.next(), 'close 1000');
      client.close(1000);
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', CLOSE_1000]);
    });

    it('is known to it where it says so once more', async () => {
      const { bench, client } = await open(['CLOSE\r\n', 'CLOSE\r\n']);
      client.text('a');
      await client.next();
      client.close(1000);
      await client.closed();
      await over(bench);
      assert.equal(client.messages.length, 1);
      assert.equal(asked(bench).length, 3);
    });

    const codes: [sent: Buffer, got: string][] = [
      [event('CLOSE'), 'close 1000'],
      [event('CLOSE', '\x03'), 'close 1000'],
      [closeEvent(0), 'close 1000'],
      [closeEvent(999), 'close 1000'],
      [closeEvent(1004), 'close 1000'],
      [closeEvent(1005), 'close 1000'],
      [closeEvent(1006), 'close 1000'],
      [closeEvent(1015), 'close 1000'],
      [closeEvent(2999), 'close 1000'],
      [closeEvent(5000), 'close 1000'],
      [closeEvent(65_535, 'why'), 'close 1000 why'],
      [closeEvent(1001), 'close 1001'],
      [closeEvent(1014), 'close 1014'],
      [closeEvent(3000, 'é'), 'close 3000 é'],
      [closeEvent(4999, 'x'.repeat(123)), `close 4999 ${'x'.repeat(123)}`],
      [closeEvent(1000, 'x'.repeat(124)), `close 1000 ${'x'.repeat(123)}`],
      [closeEvent(1000, 'é'.repeat(62)), `close 1000 ${'é'.repeat(61)}`],
      [event('CLOSE', Buffer.from([3, 0xe8, 0xff])), 'close 1000 \ufffd'],
    ];
    for (const [sent, got] of codes) {
      it(`comes as '${got.slice(0, 40)}' from ${JSON.stringify(sent.toString('latin1')).slice(0, 40)}`, async () => {
        const { client } = await open([sent]);
        client.answersClose = true;
        client.text('a');
        assert.equal(await client.next(), got);
        await client.closed();
      });
    }
  });

  describe('that a publisher wants', () => {
    it('is told to both, and what the origin says to it is for nobody', async () => {
      const { bench, client } = await open([events(['TEXT', 'late'], ['CLOSE'])]);
      await publishClose(bench);
      assert.equal(await client.next(), 'close 1001');
      client.text('to nobody');
      client.close(4000, 'to nobody');
      await client.closed();
      await over(bench);
      assert.equal(client.messages.length, 1);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE\r\n']);
    });

    it('does not cut the client, whatever the origin answers', async () => {
      for (const answer of ['', 'garbage', { status: 500 }, 'DISCONNECT\r\n']) {
        const { bench, client } = await open([answer]);
        await publishClose(bench);
        await bench.origin.completeRequest(1);
        await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
        await settle(40);
        assert.equal(await client.next(), 'close 1001');
        assert.equal(client.ending, undefined);
        client.close(1001);
        assert.equal(await client.closed(), 'ended');
        await over(bench);
        assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE\r\n']);
      }
    });

    it('comes to the origin with what the client has said', async () => {
      const { bench, client } = await open([undefined]);
      client.answersClose = true;
      client.text('a');
      const { res } = await bench.origin.completeRequest(1);
      client.text('b');
      await settle(40);
      await publishClose(bench);
      await client.closed();
      answerEvents(res, '');
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'TEXT 1\r\nb\r\nCLOSE\r\n']);
    });

    it('ends after 10 seconds where the client does not answer', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      await publishClose(bench);
      await client.next();
      await bench.pass(9999);
      assert.equal(client.ending, undefined);
      await bench.pass(1);
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE\r\n']);
    });

    it('ends where the client hangs up instead of an answer', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      await publishClose(bench);
      await client.next();
      client.destroy();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE\r\n']);
    });

    it('ends where the client breaks the rules instead of an answer', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      await publishClose(bench);
      await client.next();
      client.frame(3);
      await client.closed();
      await over(bench);
      assert.equal(client.messages.length, 1);
    });

    it('ends at the origin too, though it is kept alive and never answers', async () => {
      const { bench, client } = await open([], KEEP_ALIVE);
      client.answersClose = true;
      await publishClose(bench);
      await client.closed();
      await over(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE\r\n', 'DISCONNECT\r\n']);
    });
  });

  describe('that the proxy brings', () => {
    it('is told to both with 1012', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      client.answersClose = true;
      const closed = bench.proxy.close();
      assert.equal(await client.next(), 'close 1012');
      await client.closed();
      await closed;
      assert.equal(bench.server.held, 0);
      assert.deepEqual(asked(bench).slice(0, 2), ['OPEN\r\n', 'CLOSE\r\n']);
    });

    it('does not wait for ever for a client that does not answer', async () => {
      const { bench, client } = await open(['CLOSE\r\n']);
      await bench.proxy.close();
      await client.closed();
      assert.deepEqual(client.received, ['close 1012']);
    });

    it('does not wait for a client that is not let in', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => undefined);
      const client = await bench.ask();
      await bench.origin.completeRequest();
      const closed = bench.proxy.close();
      assert.equal((await client.raw.reply()).status, 503);
      await closed;
      assert.equal(bench.server.held, 0);
    });

    it('comes to many at once', async () => {
      const bench = await WebSocketBench.overHttp(stage());
      const clients = await Promise.all(Array.from({ length: 30 }, () => bench.open()));
      for (const client of clients) client.answersClose = true;
      await bench.proxy.close();
      await Promise.all(clients.map((client) => client.closed()));
      assert(clients.every(({ received }) => received.join() === 'close 1012'));
      assert.equal(bench.server.held, 0);
    });
  });

  it('of one that has been let go by its origin is answered by the proxy', async () => {
    const { bench, client } = await open([controlEvent({ type: 'detach' }), 'CLOSE\r\n']);
    client.text('a');
    await bench.origin.completeRequest(2);
    client.text('to nobody');
    client.close(4000, 'bye');
    assert.equal(await client.next(), 'close 1000');
    await client.closed();
    await over(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', 'CLOSE\r\n']);
  });

  it('of one that has been let go by its origin is none, whatever the origin answers', async () => {
    for (const answer of ['', 'garbage', { status: 500 }, 'DISCONNECT\r\n']) {
      const { bench, client } = await open([controlEvent({ type: 'detach' }), answer]);
      client.text('a');
      await bench.origin.completeRequest(2);
      await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
      await bench.proxy.publish('ch', { 'ws-message': 'still there' });
      assert.equal(await client.next(), 'text still there');
      client.destroy();
      await over(bench);
      assert.equal(asked(bench).length, 3);
    }
  });

  it('of one that has been let go is the end at an origin that is kept alive and never answers', async () => {
    const { bench, client } = await open([controlEvent({ type: 'detach' })], KEEP_ALIVE);
    client.text('a');
    await bench.origin.completeRequest(3);
    await bench.pass(1_000_000);
    assert.deepEqual(asked(bench).slice(2), ['CLOSE\r\n', 'DISCONNECT\r\n']);
    assert.equal(bench.proxy.stats().sessions, 1);
    client.destroy();
    await over(bench);
  });
});
