import assert from 'node:assert/strict';
import {
  binaryToBytes,
  bytesToBinary,
  encodeWsClose,
  encodeWsEvents,
  isWsEventsType,
  parseWsEvents,
  type WsEvent,
} from '@p-8/protocol';
import fc from 'fast-check';
import { expectFailure, expectOk } from './helpers.js';

/** An event whose content is written with a character per byte. */
function event(type: string, content?: string): WsEvent {
  return { type, content: content === undefined ? undefined : binaryToBytes(content) };
}

/** Events as they are written in the tables below. */
function read(body: string): [string, string?][] {
  return expectOk(parseWsEvents(binaryToBytes(body))).map(({ type, content }) =>
    content === undefined ? [type] : [type, bytesToBinary(content)],
  );
}

describe('WebSocket events, written', () => {
  const close = encodeWsClose({ code: 1000, reason: '' });
  const table: [string, WsEvent[]][] = [
    ['', []],
    ['OPEN\r\n', [event('OPEN')]],
    ['TEXT\r\n', [event('TEXT', '')]],
    ['BINARY 2\r\n\x00\x01\r\n', [event('BINARY', '\x00\x01')]],
    ['TEXT 1a\r\nabcdefghijklmnopqrstuvwxyz\r\n', [event('TEXT', 'abcdefghijklmnopqrstuvwxyz')]],
    ['PING\r\n', [event('PING', '')]],
    ['PING 2\r\nab\r\n', [event('PING', 'ab')]],
    ['CLOSE 2\r\n\x03\xe8\r\n', [{ type: 'CLOSE', content: close }]],
    ['CLOSE\r\n', [event('CLOSE')]],
    [
      'TEXT 1\r\na\r\nTEXT 1\r\nb\r\nCLOSE 2\r\n\x03\xe8\r\n',
      [event('TEXT', 'a'), event('TEXT', 'b'), { type: 'CLOSE', content: close }],
    ],
    ['DISCONNECT\r\n', [event('DISCONNECT')]],
  ];
  for (const [body, events] of table) {
    it(`are ${JSON.stringify(body)}`, () => assert.equal(bytesToBinary(encodeWsEvents(events)), body));
  }
});

describe('WebSocket events, read', () => {
  const table: [string, [string, string?][]][] = [
    ['', []],
    ['OPEN\r\n', [['OPEN']]],
    ['OPEN 0\r\n\r\n', [['OPEN', '']]],
    ['TEXT 1C\r\nhere is another nice message\r\n', [['TEXT', 'here is another nice message']]],
    ['TEXT 1c\r\nhere is another nice message\r\n', [['TEXT', 'here is another nice message']]],
    ['TEXT 0005\r\nhello\r\n', [['TEXT', 'hello']]],
    ['TEXT\r\n', [['TEXT']]],
    ['TEXT 0\r\n\r\n', [['TEXT', '']]],
    ['TEXT 5\r\nhel', [['TEXT', 'hel']]],
    ['TEXT 5\r\nhello', [['TEXT', 'hello']]],
    ['TEXT 5\r\n', [['TEXT', '']]],
    ['TEXT ffffffffffffffffffffffff\r\nhello\r\n', [['TEXT', 'hello\r\n']]],
    ['TEXT 5\r\nhelloXXPING\r\n', [['TEXT', 'hello'], ['PING']]],
    ['TEXT 4\r\n\r\n\r\n\r\n', [['TEXT', '\r\n\r\n']]],
    [
      'FOO 3\r\nabc\r\nTEXT 1\r\na\r\n',
      [
        ['FOO', 'abc'],
        ['TEXT', 'a'],
      ],
    ],
    ['text 1\r\na\r\n', [['text', 'a']]],
    ['\r\nTEXT 1\r\na\r\n', [[''], ['TEXT', 'a']]],
    ['A\rB\nC\r\r\n', [['A\rB\nC\r']]],
    [
      'CLOSE 2\r\n\x03\xe8\r\nTEXT 1\r\na\r\n',
      [
        ['CLOSE', '\x03\xe8'],
        ['TEXT', 'a'],
      ],
    ],
    ['CLOSE 1\r\n\x03\r\n', [['CLOSE', '\x03']]],
    ['BINARY 3\r\n\xff\x00\n\r\n', [['BINARY', '\xff\x00\n']]],
  ];
  for (const [body, events] of table) {
    it(`from ${JSON.stringify(body)}`, () => assert.deepEqual(read(body), events));
  }

  const noEnd = 'an event without the end of its line';
  const noHex = 'an event whose length is not a hex number';
  const errors: [string, string][] = [
    ['TEXT', noEnd],
    ['TEXT\r', noEnd],
    ['TEXT 5', noEnd],
    ['OPEN\r\nTEXT\n', noEnd],
    ['TEXT 1\r\na\r\nTEXT', noEnd],
    ['TEXT \r\n', noHex],
    ['TEXT  5\r\nhello\r\n', noHex],
    ['TEXT zz\r\n..', noHex],
    ['TEXT 5 x\r\nhello\r\n', noHex],
    ['TEXT 5\t\r\nhello\r\n', noHex],
    ['TEXT 0x5\r\nhello\r\n', noHex],
    ['TEXT -5\r\nhello\r\n', noHex],
    ['TEXT +5\r\nhello\r\n', noHex],
    ['FOO bar\r\n', noHex],
    ['TEXT g\r\n', noHex],
    ['TEXT @\r\n', noHex],
    ['TEXT `\r\n', noHex],
    ['TEXT :\r\n', noHex],
    ['TEXT \xb5\r\n', noHex],
  ];
  for (const [body, message] of errors) {
    it(`never from ${JSON.stringify(body)}`, () =>
      assert.equal(expectFailure(parseWsEvents(binaryToBytes(body))), message));
  }

  it('have contents that are not copied', () => {
    const body = binaryToBytes('xTEXT 2\r\nhi\r\n').subarray(1);
    const [text] = expectOk(parseWsEvents(body));
    assert.equal(text?.content?.buffer, body.buffer);
  });

  it('come back as they were written', () => {
    const content = fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined });
    const type = fc.constantFrom('OPEN', 'TEXT', 'BINARY', 'PING', 'PONG', 'CLOSE', 'DISCONNECT');
    fc.assert(
      fc.property(fc.array(fc.record({ type, content }, { noNullPrototype: true })), (events) => {
        // Copies, since views of one body are not equal to arrays of their own.
        const parsed = expectOk(parseWsEvents(encodeWsEvents(events)));
        const copies = parsed.map((each) => ({ ...each, content: each.content?.slice() }));
        assert.deepEqual(copies, events);
      }),
    );
  });

  it('are never more than the body that they are read from', () => {
    const piece = fc.oneof(
      fc.constantFrom('TEXT', 'OPEN', ' ', '5', 'f', '\r\n', '\r', '\n', 'hello'),
      fc.uint8Array({ maxLength: 5 }).map(bytesToBinary),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const body = binaryToBytes(pieces.join(''));
        const events = parseWsEvents(body);
        if (!events.ok) return;
        let size = 0;
        for (const { type, content } of events.value) size += type.length + (content?.length ?? 0);
        assert.ok(size <= body.length);
      }),
      { numRuns: 500 },
    );
  });

  it('take time in proportion to the length', () => {
    // Ways to make a careless reader look at the same bytes again and again.
    for (const piece of ['\r', '\r\n', 'TEXT \r', 'A\r\n', 'TEXT 0\r\n\r\n', '0']) {
      const body = binaryToBytes(piece.repeat(1_000_000 / piece.length));
      const start = process.cpuUsage();
      parseWsEvents(body);
      assert.ok(process.cpuUsage(start).user < 3_000_000, piece);
    }
  });
});

describe('the media type of WebSocket events', () => {
  for (const type of [
    'application/websocket-events',
    'Application/WebSocket-Events',
    'application/websocket-events; charset=utf-8',
    'application/websocket-events;charset=utf-8',
    ' application/websocket-events ; x',
  ]) {
    it(`is in '${type}'`, () => assert.equal(isWsEventsType(type), true));
  }
  for (const type of [
    undefined,
    '',
    'text/plain',
    'application/websocket-events2',
    'application/json; application/websocket-events',
  ]) {
    it(`is not in '${type}'`, () => assert.equal(isWsEventsType(type), false));
  }
});
