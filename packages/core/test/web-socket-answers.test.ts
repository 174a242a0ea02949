import assert from 'node:assert/strict';
import {
  closeEvent,
  type EventsAnswer,
  event,
  events,
  obliging,
} from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

describe('the answers of an origin over HTTP', () => {
  const stage = useStage();

  /** A client that has sent one message, which the origin answers with `answer`. */
  async function answered(
    answer: EventsAnswer,
    options?: BenchOptions,
  ): Promise<{ bench: WebSocketBench; client: WsClient }> {
    const bench = await WebSocketBench.overHttp(
      stage(),
      (text) => (text === 'OPEN\r\n' ? text : text.startsWith('TEXT') ? answer : obliging(text)),
      options,
    );
    const client = await bench.open();
    client.text('question');
    await bench.origin.completeRequest(1);
    return { bench, client };
  }

  const good: [what: string, body: string | Uint8Array, messages: string[]][] = [
    ['are nothing', '', []],
    [
      'have a length in upper case',
      'TEXT 1C\r\nhere is another nice message\r\n',
      ['text here is another nice message'],
    ],
    ['have an empty text without a length', 'TEXT\r\n', ['text ']],
    ['have an empty text with a length', 'TEXT 0\r\n\r\n', ['text ']],
    ['have an empty binary', 'BINARY\r\n', ['binary ']],
    ['are cut short', 'TEXT 5\r\nhel', ['text hel']],
    ['are without their last end of line', 'TEXT 5\r\nhello', ['text hello']],
    ['have something else where a content ends', 'TEXT 5\r\nhelloXXPING\r\n', ['text hello', 'ping ']],
    ['have leading zeros', 'TEXT 0005\r\nhello\r\n', ['text hello']],
    ['have events that nobody knows', 'FOO 3\r\nabc\r\nTEXT 1\r\na\r\n', ['text a']],
    ['have events in lower case', 'text 1\r\na\r\nTEXT 1\r\nb\r\n', ['text b']],
    ['have blank lines', '\r\nTEXT 1\r\na\r\n\r\n', ['text a']],
    ['have pings and pongs', 'PING\r\nPONG 2\r\nab\r\n', ['ping ', 'pong ab']],
    ['have a ping as long as may be', event('PING', 'p'.repeat(125)), [`ping ${'p'.repeat(125)}`]],
    ['have text beyond ASCII', event('TEXT', '\u{1f600}é\0'), ['text \u{1f600}é\0']],
    ['have any bytes', event('BINARY', Buffer.from([0, 13, 10, 255])), ['binary 000d0aff']],
    [
      'have several of all',
      events(['TEXT', 'a'], ['BINARY', 'b'], ['TEXT', 'c']),
      ['text a', 'binary 62', 'text c'],
    ],
  ];
  for (const [what, body, messages] of good) {
    it(`may be such that they ${what}`, async () => {
      const { bench, client } = await answered(body);
      await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
      client.close(1000);
      await client.closed();
      assert.deepEqual(client.received, [...messages, 'close 1000']);
    });
  }

  it('may have a type with parameters', async () => {
    const { client } = await answered({
      type: 'application/websocket-events;charset=utf-8',
      body: event('TEXT', 'a'),
    });
    assert.equal(await client.next(), 'text a');
  });

  it('bring a long message in frames of 16 kB', async () => {
    const { client } = await answered(event('TEXT', 'x'.repeat(40_000)));
    assert.equal(await client.next(), `text ${'x'.repeat(40_000)}`);
    assert.deepEqual(
      client.frames.map(({ payload, opcode, fin }) => [payload.length, opcode, fin]),
      [
        [16_384, 1, false],
        [16_384, 0, false],
        [7232, 0, true],
      ],
    );
  });

  it('may be as long as the option says', async () => {
    const { client } = await answered(events(['BINARY', Buffer.alloc(1_048_575)], ['TEXT', 'a']));
    await client.count(2);
    assert.equal(client.messages[0]?.content.length, 1_048_575);
    assert.equal(client.received[1], 'text a');
  });

  it('with the end of the connection bring what is before it, and nothing that is after', async () => {
    const body = Buffer.concat([event('TEXT', 'a'), closeEvent(1000, 'bye'), event('TEXT', 'b')]);
    const { client } = await answered(body);
    assert.equal(await client.next(), 'text a');
    assert.equal(await client.next(), 'close 1000 bye');
    client.close(1000);
    await client.closed();
    assert.equal(client.messages.length, 2);
  });

  const bad: [what: string, answer: EventsAnswer][] = [
    ['cannot be read: no end of line', 'TEXT'],
    ['cannot be read: no length', 'TEXT \r\n'],
    ['cannot be read: no hex', 'TEXT zz\r\n..\r\n'],
    ['cannot be read: a sign', 'TEXT -1\r\na\r\n'],
    ['cannot be read: 0x', 'TEXT 0x1\r\na\r\n'],
    ['cannot be read: something after the length', 'TEXT 5 x\r\nhello\r\n'],
    ['cannot be read: garbage', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['are half garbage', 'TEXT 1\r\na\r\nTEXT'],
    ['are no events', { type: 'text/plain', body: 'TEXT 1\r\na\r\n' }],
    ['have no type', { type: null, body: 'TEXT 1\r\na\r\n' }],
    ['are an error', { status: 500, body: event('TEXT', 'a') }],
    ['are unavailable', { status: 503, type: null }],
    ['are a 204', { status: 204 }],
    ['are a redirect', { status: 302, fields: ['Location: /elsewhere'] }],
    ['are OPEN once more', 'OPEN\r\n'],
    ['are DISCONNECT', 'DISCONNECT\r\n'],
    ['are too long', Buffer.alloc(1_048_576 + 65_537, 'TEXT\r\n')],
    ['are no error, but too long', { status: 500, type: null, body: Buffer.alloc(2_000_000) }],
    ['have text that is not UTF-8', event('TEXT', Buffer.from([0xff]))],
    ['have text that is half a character', 'TEXT 1\r\n\xc3\r\n'],
    ['have a ping of more than 125 bytes', event('PING', 'p'.repeat(126))],
    ['have a pong of more than 125 bytes', event('PONG', 'p'.repeat(126))],
  ];
  for (const [what, answer] of bad) {
    it(`close the client with 1011 when they ${what}`, async () => {
      const { bench, client } = await answered(answer);
      const other = await bench.open('/other');
      await client.closed();
      assert.equal(client.received.at(-1), 'close 1011');
      await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
      await settle();
      // It failed itself: there is nobody to be told.
      assert(!asked(bench).includes('DISCONNECT\r\n'));
      other.ping();
      await eventually(() => asked(bench).includes('PING\r\n'), 'the other one goes on');
    });
  }

  it('bring what is before DISCONNECT', async () => {
    const { client } = await answered(events(['TEXT', 'last'], ['DISCONNECT']));
    await client.closed();
    assert.deepEqual(client.received, ['text last', 'close 1011']);
  });

  it('close the client with 1011 when they break off', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text, { res }) => {
      if (!text.startsWith('TEXT')) return text === 'OPEN\r\n' ? text : '';
      res.writeHead(200, { 'Content-Type': 'application/websocket-events', 'Content-Length': 100 });
      res.write('TEXT 1\r\na\r\n', () => res.destroy());
      return undefined;
    });
    const client = await bench.open();
    client.text('a');
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
  });

  it('may come in the smallest pieces', async () => {
    const body = events(['TEXT', 'hello'], ['BINARY', '\x00\r\n']);
    const bench = await WebSocketBench.overHttp(stage(), (text, { res }) => {
      if (!text.startsWith('TEXT')) return text === 'OPEN\r\n' ? text : '';
      res.writeHead(200, { 'Content-Type': 'application/websocket-events' });
      let at = 0;
      const next = (): void => {
        if (at === body.length) res.end();
        else res.write(body.subarray(at, ++at), () => setImmediate(next));
      };
      next();
      return undefined;
    });
    const client = await bench.open();
    client.text('a');
    assert.equal(await client.next(), 'text hello');
    assert.equal(await client.next(), 'binary 000d0a');
  });

  it('are counted together: maxMessageBytes is for all of one response', async () => {
    const options = { proxy: { maxMessageBytes: 1000 } };
    const { client } = await answered(event('TEXT', 'x'.repeat(70_000)), options);
    await client.closed();
    assert.deepEqual(client.received, ['close 1011']);
  });

  it('that are wrong are told to the log', async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string): unknown =>
      lines.push(`${message} ${JSON.stringify(fields)}`);
    const logger = { error: log, warn: log, info: log, debug: () => {} };
    const { client } = await answered('TEXT', { proxy: { logger } });
    await client.closed();
    assert.match(lines.join('\n'), /events cannot be read/);
    const { client: other } = await answered('FOO\r\nTEXT\r\n', { proxy: { logger } });
    await other.next();
    assert.match(lines.join('\n'), /unknown type 'FOO'/);
  });
});
