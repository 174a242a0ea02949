import assert from 'node:assert/strict';
import {
  encodeWsClose,
  parseControlMessage,
  parseWebSocketContext,
  parseWsEvents,
  WebSocketContext,
  WebSocketEvent,
  type WsEvent,
} from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectFailure, expectOk, fields, text } from './helpers.js';

function event(type: string, content?: string | Uint8Array): WsEvent {
  return { type, content: typeof content === 'string' ? bytes(content) : content };
}

/** An event as a context gives it. */
function out(type: string, content?: string | Uint8Array): WebSocketEvent {
  return new WebSocketEvent(type, typeof content === 'string' ? bytes(content) : content);
}

/** The bytes of a content, which contexts always make bytes. */
function bytesOf(content: Uint8Array | string | null): Uint8Array {
  assert.ok(content instanceof Uint8Array);
  return content;
}

function contextOf(...events: WsEvent[]): WebSocketContext {
  return new WebSocketContext('conn-1', {}, events);
}

/** What a context sends, with contents as text. */
function sent(context: WebSocketContext): [string, string?][] {
  return context.getOutgoingEvents().map(({ type, content }) => {
    return content === null ? [type] : [type, text(bytesOf(content)) ?? ''];
  });
}

describe('a WebSocket that opens', () => {
  it('is accepted', () => {
    const context = contextOf(event('OPEN'));
    assert.equal(context.isOpening(), true);
    assert.equal(context.canRecv(), false);
    context.accept();
    assert.deepEqual(sent(context), [['OPEN']]);
    assert.deepEqual(context.toHeaders(), {
      'Content-Type': 'application/websocket-events',
      'Sec-WebSocket-Extensions': 'grip',
    });
    assert.equal(text(context.toBody()), 'OPEN\r\n');
  });

  it('is not accepted unless somebody does', () => {
    const context = contextOf(event('OPEN'), event('PING', 'a'));
    assert.deepEqual(sent(context), []);
    assert.deepEqual(context.toHeaders(), { 'Content-Type': 'application/websocket-events' });
  });

  it('may have messages at once, which come after it', () => {
    const context = contextOf(event('OPEN'), event('TEXT', 'hello'));
    context.send(context.recv() ?? '');
    context.accept();
    assert.deepEqual(sent(context), [['OPEN'], ['TEXT', 'm:hello']]);
  });

  it('has opened before when other events come', () => {
    assert.equal(contextOf(event('TEXT', 'a'), event('OPEN')).isOpening(), false);
    assert.equal(contextOf().isOpening(), false);
  });
});

describe("what a WebSocket's client has sent", () => {
  it('is read in order', () => {
    const context = contextOf(event('TEXT', 'a'), event('TEXT'), event('TEXT', 'c'));
    const read: (string | null)[] = [];
    while (context.canRecv()) read.push(context.recv());
    assert.deepEqual(read, ['a', '', 'c']);
    assert.throws(() => context.recv(), new Error('Read from empty buffer.'));
  });

  it('is text in any language, byte order marks included', () => {
    for (const message of ['naïve', '日本語', '😀', '\ufeffx']) {
      assert.equal(contextOf(event('TEXT', message)).recv(), message);
      assert.equal(contextOf(event('BINARY', message)).recv(), message);
    }
  });

  it('is bytes where it is binary', () => {
    const content = Uint8Array.of(0, 255, 128, 10);
    assert.deepEqual(contextOf(event('BINARY', content)).recvRaw(), content);
    assert.deepEqual(contextOf(event('BINARY')).recvRaw(), new Uint8Array());
    assert.equal(contextOf(event('TEXT', 'a')).recvRaw(), 'a');
  });

  it('may be nothing to be read, and unknown events', () => {
    const context = contextOf(event('PONG', 'a'), event('NEW', 'b'), event('OPEN'));
    assert.equal(context.canRecv(), false);
    assert.throws(() => context.recvRaw(), new Error('Read from empty buffer.'));
  });

  it('ends with a close, whose code and reason can be looked at', () => {
    const context = contextOf(
      event('TEXT', 'a'),
      event('CLOSE', encodeWsClose({ code: 4001, reason: 'tschüß' })),
    );
    assert.equal(context.recv(), 'a');
    assert.equal(context.closeCode, null);
    assert.equal(context.canRecv(), true);
    assert.equal(context.recv(), null);
    assert.equal(context.canRecv(), false);
    assert.equal(context.closeCode, 4001);
    assert.equal(context.closeReason, 'tschüß');
  });

  it('may end with a close without a code', () => {
    const context = contextOf(event('CLOSE'));
    assert.equal(context.recvRaw(), null);
    assert.equal(context.closeCode, null);
  });

  it('may break off', () => {
    const context = contextOf(event('TEXT', 'a'), event('DISCONNECT'));
    assert.equal(context.disconnected, true);
    assert.equal(context.recv(), 'a');
    assert.equal(context.canRecv(), true);
    assert.throws(() => context.recv(), new Error('Client disconnected unexpectedly.'));
    assert.equal(contextOf(event('TEXT', 'a')).disconnected, false);
  });

  it('takes time in proportion to its length', () => {
    const context = contextOf(...Array.from({ length: 100_000 }, () => event('TEXT', 'a')));
    const start = process.cpuUsage();
    while (context.canRecv()) context.send(context.recv() ?? '');
    assert.equal(context.getOutgoingEvents().length, 100_000);
    assert.ok(process.cpuUsage(start).user < 3_000_000);
  });
});

describe('a ping', () => {
  it('is answered with its content, where it stands', () => {
    const context = contextOf(event('PING', 'x'), event('TEXT', 'a'), event('PING'), event('TEXT', 'b'));
    context.send(context.recv() ?? '');
    context.send(context.recv() ?? '');
    assert.deepEqual(sent(context), [['PONG', 'x'], ['TEXT', 'm:a'], ['PONG'], ['TEXT', 'm:b']]);
  });

  it('is answered when nothing is read', () => {
    const context = contextOf(event('PING', 'x'), event('PING', 'y'));
    context.send('hello');
    context.close();
    const close = ['CLOSE', '\u0003\ufffd'];
    for (const _ of [1, 2])
      assert.deepEqual(sent(context), [['TEXT', 'm:hello'], ['PONG', 'x'], ['PONG', 'y'], close]);
  });
});

describe('what a WebSocket sends', () => {
  it('has the prefix that the proxy wants', () => {
    const context = contextOf();
    context.send('日本語');
    context.send(bytes('é'));
    context.sendBinary(Uint8Array.of(255, 0));
    context.sendBinary('é');
    context.send('');
    assert.deepEqual(context.getOutgoingEvents(), [
      out('TEXT', 'm:日本語'),
      out('TEXT', 'm:é'),
      out('BINARY', Uint8Array.of(0x6d, 0x3a, 255, 0)),
      out('BINARY', 'm:é'),
      out('TEXT', 'm:'),
    ]);
    assert.deepEqual(context.outEvents, context.getOutgoingEvents());
  });

  it('subscribes and unsubscribes, with the prefix for both', () => {
    const context = new WebSocketContext('a', {}, [], 'p-');
    context.subscribe('é');
    context.subscribe('b', ['skip-self']);
    context.unsubscribe('é');
    context.detach();
    context.sendControl('{"type":"ack"}');
    const messages = context.getOutgoingEvents().map(({ type, content }) => {
      assert.equal(type, 'TEXT');
      assert.equal(text(bytesOf(content).subarray(0, 2)), 'c:');
      return expectOk(parseControlMessage(bytesOf(content).subarray(2)));
    });
    assert.deepEqual(messages, [
      { type: 'subscribe', channel: 'p-é', filters: [], lastId: undefined },
      { type: 'subscribe', channel: 'p-b', filters: ['skip-self'], lastId: undefined },
      { type: 'unsubscribe', channel: 'p-é' },
      { type: 'detach' },
      { type: 'ack' },
    ]);
  });

  it('asks for what a client has missed, where the client says what it has', () => {
    const context = new WebSocketContext('a', {}, [], 'p-');
    context.subscribe('a', { lastId: '5' });
    context.subscribe('b', { lastId: '6', filters: ['skip-self'] });
    for (const lastId of ['', null, undefined]) context.subscribe('c', { lastId });
    context.subscribe('d', {});
    assert.deepEqual(
      context.outEvents.map(({ content }) => text(bytesOf(content))),
      [
        'c:{"type":"subscribe","channel":"p-a","last-id":"5"}',
        'c:{"type":"subscribe","channel":"p-b","filters":["skip-self"],"last-id":"6"}',
        ...['c', 'c', 'c', 'd'].map((name) => `c:{"type":"subscribe","channel":"p-${name}"}`),
      ],
    );
  });

  const closes: [(number | null | undefined)[], number][] = [
    [[], 1000],
    [[undefined], 1000],
    [[null], 1000],
    [[1001], 1001],
    [[4999], 4999],
    [[0], 1000],
    [[1005], 1000],
    [[1006], 1000],
    [[70000], 1000],
  ];
  for (const [given, code] of closes) {
    it(`closes with ${code} for close(${given.map(String)})`, () => {
      const context = contextOf();
      context.close(...given);
      context.send('last words');
      assert.equal(context.closed, true);
      assert.equal(context.outCloseCode, code);
      assert.deepEqual(context.getOutgoingEvents(), [
        out('TEXT', 'm:last words'),
        out('CLOSE', encodeWsClose({ code, reason: '' })),
      ]);
    });
  }

  it('closes with a reason', () => {
    const context = contextOf();
    context.close(4000, 'ö'.repeat(100));
    const reason = 'ö'.repeat(61);
    assert.deepEqual(context.getOutgoingEvents(), [out('CLOSE', encodeWsClose({ code: 4000, reason }))]);
  });

  it('may be the end without a close', () => {
    const context = contextOf();
    context.disconnect();
    assert.equal(text(context.toBody()), 'DISCONNECT\r\n');
  });

  it('is nothing unless something is done', () => {
    assert.deepEqual(contextOf(event('TEXT', 'a')).getOutgoingEvents(), []);
    assert.deepEqual(contextOf().toBody(), new Uint8Array());
  });

  it('is what is read from its body', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (messages) => {
        const context = contextOf();
        for (const message of messages) context.send(message);
        const events = expectOk(parseWsEvents(context.toBody()));
        assert.deepEqual(
          events.map(({ content }) => text(content)),
          messages.map((message) => `m:${message}`),
        );
      }),
    );
  });
});

describe('events of js-grip', () => {
  /** As its users make them: content may be text, or null. */
  const given = (type: string, content: string | Uint8Array | null = null) =>
    new WebSocketEvent(type, content);

  it('are read, whether their content is text, bytes or null', () => {
    const context = new WebSocketContext('a', {}, [
      given('OPEN'),
      given('TEXT', 'é'),
      given('TEXT'),
      given('BINARY', 'é'),
      given('BINARY'),
      given('PING', 'x'),
      // What has been text has lost the code's bytes.
      given('CLOSE', '\u0003\u00e9'),
    ]);
    assert.equal(context.isOpening(), true);
    const read: unknown[] = [];
    while (context.canRecv()) read.push(context.recvRaw());
    assert.deepEqual(read, ['é', '', bytes('é'), new Uint8Array(), null]);
    assert.equal(context.closeCode, null);
    assert.deepEqual(context.getOutgoingEvents(), [given('PONG', 'x')]);
  });

  it('may be added to what is sent', () => {
    const context = contextOf();
    context.outEvents.push(given('TEXT', 'm:é'), given('PING'));
    assert.equal(text(context.toBody()), 'TEXT 4\r\nm:é\r\nPING\r\n');
    assert.deepEqual(
      context.getOutgoingEvents().map((one) => [one.getType(), one.getContent()]),
      [
        ['TEXT', 'm:é'],
        ['PING', null],
      ],
    );
  });
});

describe("a WebSocket's meta", () => {
  const start = () => new WebSocketContext('a', { user: 'alice', room: '1' }, []);

  function changes(change: (meta: Record<string, unknown>) => void): Record<string, string> {
    const context = start();
    change(context.meta);
    const { 'Content-Type': _, ...headers } = context.toHeaders();
    return headers;
  }

  it('is not sent unless it changes', () => {
    assert.deepEqual(
      changes(() => {}),
      {},
    );
    assert.deepEqual(
      changes((meta) => {
        meta.user = 'bob';
        meta.user = 'alice';
      }),
      {},
    );
  });

  it('is set, changed and deleted', () => {
    const changed = changes((meta) => {
      meta.user = 'bob';
      meta.Color = 'red';
      delete meta.room;
    });
    assert.deepEqual(changed, { 'Set-Meta-user': 'bob', 'Set-Meta-color': 'red', 'Set-Meta-room': '' });
  });

  it('is compared without letter case', () => {
    const changed = changes((meta) => {
      delete meta.user;
      meta.User = 'alice';
    });
    assert.deepEqual(changed, {});
  });

  it('is deleted by undefined and null too, and numbers are as text', () => {
    const changed = changes((meta) => {
      meta.user = undefined;
      meta.room = null;
      meta.count = 5;
    });
    assert.deepEqual(changed, { 'Set-Meta-user': '', 'Set-Meta-room': '', 'Set-Meta-count': '5' });
  });

  it('may be text in any language', () => {
    const value = 'Łódź 日本語';
    const field = changes((meta) => Object.assign(meta, { city: value }))['Set-Meta-city'] ?? '';
    assert.ok([...field].every((char) => char <= '\xff'));
    const next = expectOk(parseWebSocketContext(['Connection-Id', 'a', 'Meta-City', field], bytes('')));
    assert.equal(next.meta.city, value);
  });

  it('is the whole of it even when it is replaced', () => {
    const context = start();
    context.meta = { user: 'carol' };
    const { 'Content-Type': _, ...headers } = context.toHeaders();
    assert.deepEqual(headers, { 'Set-Meta-room': '', 'Set-Meta-user': 'carol' });
    assert.deepEqual(context.origMeta, { user: 'alice', room: '1' });
  });

  for (const [name, value] of [
    ['a b', 'x'],
    ['', 'x'],
    ['é', 'x'],
    ['a', 'x\r\nSet-Cookie: y'],
  ] as const) {
    it(`cannot be ${JSON.stringify({ [name]: value })}`, () => {
      assert.throws(
        () => changes((meta) => Object.assign(meta, { [name]: value })),
        new Error(`The meta '${name}' cannot be sent.`),
      );
    });
  }
});

describe('a request with WebSocket events', () => {
  it('has an id, meta and events', () => {
    const headers = fields(
      'Content-Type: application/websocket-events',
      'connection-id: conn-7',
      'Meta-User: alice',
      'META-room: ',
      'Meta-__proto__: x',
      'X-Meta-No: 1',
    );
    const context = expectOk(parseWebSocketContext(headers, bytes('OPEN\r\nTEXT 1\r\na\r\n'), 'p-'));
    assert.equal(context.id, 'conn-7');
    assert.deepEqual(Object.entries(context.meta), [
      ['user', 'alice'],
      ['room', ''],
      ['__proto__', 'x'],
    ]);
    assert.equal(context.isOpening(), true);
    assert.equal(context.prefix, 'p-');
    assert.equal(context.recv(), 'a');
    assert.deepEqual(context.toHeaders(), { 'Content-Type': 'application/websocket-events' });
  });

  it('is refused without an id, and when its events cannot be read', () => {
    for (const headers of [[], ['Connection-Id', '']]) {
      const failure = parseWebSocketContext(headers, bytes('OPEN\r\n'));
      assert.equal(expectFailure(failure), 'WebSocket event missing connection-id header.');
    }
    const failure = parseWebSocketContext(['Connection-Id', 'a'], bytes('OPEN'));
    assert.equal(expectFailure(failure), 'Error parsing WebSocket events.');
  });
});
