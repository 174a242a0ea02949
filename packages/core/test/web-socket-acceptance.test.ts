import assert from 'node:assert/strict';
import { answerEvents, type EventsAnswer, events } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

const CLOSE = 'CLOSE 2\r\n\x03\xe8\r\n';

/** An answer that accepts so many bytes. */
function accept(bytes: number | string, body = '', fields: string[] = []): EventsAnswer {
  return { body, fields: [`Content-Bytes-Accepted: ${bytes}`, ...fields] };
}

describe('an origin that accepts a part of what it is offered', () => {
  const stage = useStage();

  /** A client that is let in by an origin that answers each following request with the next of `answers`. */
  async function open(
    answers: (EventsAnswer | undefined)[],
    options?: BenchOptions,
    first: EventsAnswer = 'OPEN\r\n',
  ): Promise<{ bench: WebSocketBench; client: WsClient; replayed: () => (string | undefined)[] }> {
    const bench = await WebSocketBench.overHttp(
      stage(),
      (text, _request, count) => {
        if (text === 'OPEN\r\n') return first;
        return count <= answers.length ? answers[count - 1] : '';
      },
      options,
    );
    const client = await bench.open();
    const replayed = (): (string | undefined)[] =>
      bench.origin.requests.map(({ headers }) => headers['content-bytes-replayed'] as string | undefined);
    return { bench, client, replayed };
  }

  /** Waits until so many requests have been answered. */
  async function answered(bench: WebSocketBench, count: number): Promise<void> {
    await bench.origin.completeRequest(count - 1);
    await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    await settle();
  }

  it('B4, B5 gets the rest with the next message', async () => {
    const { bench, client, replayed } = await open([accept(5), 'TEXT 4\r\n[ok]\r\n']);
    client.text('[foo][hello');
    await answered(bench, 2);
    client.text(' world]');
    assert.equal(await client.next(), 'text [ok]');
    assert.deepEqual(asked(bench), [
      'OPEN\r\n',
      'TEXT b\r\n[foo][hello\r\n',
      'TEXT 6\r\n[hello\r\nTEXT 7\r\n world]\r\n',
    ]);
    assert.deepEqual(replayed(), [undefined, undefined, '6']);
    client.text('x');
    await answered(bench, 4);
    assert.equal(replayed()[3], undefined);
  });

  it('does not get it by itself', async () => {
    const { bench, client } = await open([accept(0), accept(1)]);
    client.text('abc');
    await bench.pass(1_000_000);
    assert.equal(bench.origin.requests.length, 2);
  });

  it('gets it with its next keep-alive', async () => {
    const { bench, client, replayed } = await open(
      [accept(2)],
      {},
      { body: 'OPEN\r\n', fields: ['Keep-Alive-Interval: 20'] },
    );
    client.text('abc');
    await answered(bench, 2);
    await bench.pass(20_000);
    assert.deepEqual(asked(bench).slice(1), ['TEXT 3\r\nabc\r\n', 'TEXT 1\r\nc\r\n']);
    assert.deepEqual(replayed(), [undefined, undefined, '1']);
    await bench.pass(20_000);
    assert.equal(asked(bench)[3], '');
  });

  it('gets it with a refresh', async () => {
    const body = String(events(['OPEN'], ['TEXT', 'c:{"type":"subscribe","channel":"ch"}']));
    const first = { body, fields: ['Sec-WebSocket-Extensions: grip'] };
    const { bench, client } = await open([accept(2)], {}, first);
    client.text('abc');
    await answered(bench, 2);
    await bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } });
    await answered(bench, 3);
    assert.equal(asked(bench)[2], 'TEXT 1\r\nc\r\n');
  });

  it('may cut anywhere, and the rest is of the same kind', async () => {
    const { bench, client } = await open(['', accept(4), accept(1), accept(2)], {
      target: { oneEvent: false },
    });
    client.text('-');
    client.text('ab');
    client.text('');
    client.binary('cdef');
    client.ping('g');
    await answered(bench, 3);
    assert.equal(
      asked(bench).slice(1).join(''),
      'TEXT 1\r\n-\r\nTEXT 2\r\nab\r\nTEXT\r\nBINARY 4\r\ncdef\r\nPING 1\r\ng\r\n',
    );
    client.text('x');
    await answered(bench, 4);
    assert.equal(asked(bench)[3], 'BINARY 2\r\nef\r\nPING 1\r\ng\r\nTEXT 1\r\nx\r\n');
    client.text('y');
    await answered(bench, 5);
    assert.equal(asked(bench)[4], 'BINARY 1\r\nf\r\nPING 1\r\ng\r\nTEXT 1\r\nx\r\nTEXT 1\r\ny\r\n');
    client.text('z');
    await answered(bench, 6);
    assert.equal(asked(bench)[5], 'TEXT 1\r\nx\r\nTEXT 1\r\ny\r\nTEXT 1\r\nz\r\n');
  });

  it('accepts empty messages along with what is before them', async () => {
    const { bench, client } = await open(['', accept(0), accept(1)]);
    client.text('-');
    client.text('');
    client.text('a');
    client.text('');
    client.text('b');
    await answered(bench, 3);
    client.text('c');
    await answered(bench, 4);
    client.text('d');
    await answered(bench, 5);
    assert.deepEqual(asked(bench).slice(2), [
      'TEXT\r\nTEXT 1\r\na\r\nTEXT\r\nTEXT 1\r\nb\r\n',
      'TEXT 1\r\na\r\nTEXT\r\nTEXT 1\r\nb\r\nTEXT 1\r\nc\r\n',
      'TEXT 1\r\nb\r\nTEXT 1\r\nc\r\nTEXT 1\r\nd\r\n',
    ]);
  });

  for (const value of ['-1', 'x', '', '1.5']) {
    it(`accepts all when it says '${value}'`, async () => {
      const { bench, client } = await open([accept(value)]);
      client.text('hello world');
      await answered(bench, 2);
      client.text('x');
      await answered(bench, 3);
      assert.equal(asked(bench)[2], 'TEXT 1\r\nx\r\n');
    });
  }

  it('must not accept more than it was offered', async () => {
    const { bench, client } = await open([accept(12)]);
    client.text('hello world');
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
    await eventually(() => bench.server.held === 0, 'nothing held');
    assert.equal(bench.origin.requests.length, 2);
  });

  it('may accept nothing where nothing was offered', async () => {
    const first = { body: 'OPEN\r\n', fields: ['Content-Bytes-Accepted: 0', 'Keep-Alive-Interval: 20'] };
    const { bench, client } = await open([accept(0)], {}, first);
    await bench.pass(20_000);
    client.text('a');
    await answered(bench, 3);
  });

  it('must not accept nothing of a request that was full', async () => {
    const { client } = await open(['', accept(0)], { target: { oneEvent: true } });
    client.text('-');
    client.text('a');
    client.text('b');
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
  });

  it('must not accept a part of a CLOSE', async () => {
    const { client } = await open(['', accept(3)]);
    client.text('-');
    client.text('abc');
    client.close(1000);
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
  });

  it('gets the CLOSE again with what it did not accept, soon where it has no keep-alive', async () => {
    const { bench, client, replayed } = await open([undefined, accept(2), CLOSE]);
    client.text('-');
    const { res } = await bench.origin.completeRequest(1);
    client.text('abc');
    client.close(1000);
    await settle(40);
    answerEvents(res, '');
    await answered(bench, 3);
    assert.equal(asked(bench)[2], `TEXT 3\r\nabc\r\n${CLOSE}`);
    await bench.pass(1000);
    assert.equal(await client.next(), 'close 1000');
    assert.equal(asked(bench)[3], `TEXT 1\r\nc\r\n${CLOSE}`);
    assert.equal(replayed()[3], '1');
  });

  it('gets the CLOSE once it has accepted what is before it, at its next keep-alive', async () => {
    const body = String(events(['OPEN'], ['TEXT', 'c:{"type":"subscribe","channel":"ch"}']));
    const fields = ['Sec-WebSocket-Extensions: grip', 'Keep-Alive-Interval: 20'];
    const { bench, client } = await open([accept(2), '', CLOSE], {}, { body, fields });
    client.text('abc');
    await answered(bench, 2);
    await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 1001 } });
    assert.equal(await client.next(), 'close 1001');
    client.close(1001);
    await bench.pass(19_999);
    assert.deepEqual(asked(bench).slice(1), ['TEXT 3\r\nabc\r\n']);
    await bench.pass(1);
    await answered(bench, 4);
    assert.deepEqual(asked(bench).slice(2), ['TEXT 1\r\nc\r\nCLOSE\r\n', 'DISCONNECT\r\n']);
    assert.equal(bench.server.held, 0);
  });

  it('cannot hold up for ever a client that closes', async () => {
    const { bench, client } = await open(Array.from({ length: 100 }, () => accept(0)));
    client.text('abc');
    await answered(bench, 2);
    client.close(1000);
    for (let i = 0; i < 30; i++) await bench.pass(1000);
    assert.equal(await client.next(), 'close 1000');
    await client.closed();
    assert.equal(asked(bench).at(-1), 'DISCONNECT\r\n');
    assert.equal(asked(bench).length, 13);
    assert.equal(bench.server.held, 0);
  });

  describe('and has 200 kB waiting', () => {
    const message = 'x'.repeat(50_000);

    it('does not have the client read, and is asked again soon', async () => {
      let answer = accept(1);
      const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : answer));
      const client = await bench.open();
      // More than the system keeps for a connection.
      for (let i = 0; i < 400; i++) client.text(message);
      await settle(400);
      const stalled = bench.origin.requests.length;
      assert(client.socket.writableLength > 0, 'the client is held up');
      await bench.pass(999);
      assert.equal(bench.origin.requests.length, stalled);
      await bench.pass(1);
      assert.equal(bench.origin.requests.length, stalled + 1);
      answer = '';
      await bench.pass(1000);
      await eventually(() => client.socket.writableLength === 0, 'the client goes on');
    });

    it('must not accept nothing', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) =>
        text === 'OPEN\r\n' ? text : accept(0),
      );
      const client = await bench.open();
      for (let i = 0; i < 400; i++) client.text(message);
      await client.closed();
      await eventually(() => bench.server.held === 0, 'nothing held');
    });
  });
});
