import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import * as ours from '@p-8/publisher-client';
import fc from 'fast-check';
import { bytes, type Library, text } from './support/differences.js';
import { eventsRequest } from './support/node-request.js';

const types = fc.constantFrom('OPEN', 'TEXT', 'BINARY', 'PING', 'PONG', 'CLOSE', 'DISCONNECT', 'NEW');
const content = fc.oneof(fc.constant(null), fc.string({ unit: 'grapheme' }), fc.uint8Array());
const events = fc.array(fc.tuple(types, content));

/** Events by their members, since the classes differ. */
const membersOf = (list: readonly theirs.IWebSocketEvent[]) =>
  list.map((event) => [event.getType(), event.getContent(), event.type, event.content]);

/** A control message as an object: the order of its members is another. */
function orderless(content: string | Uint8Array | null): unknown {
  if (!(content instanceof Uint8Array) || !text(content).startsWith('c:')) return content;
  try {
    return JSON.parse(text(content).slice(2));
  } catch {
    return content;
  }
}

describe('WebSocket events, as @fanoutio/grip has them', () => {
  it('are written in the same way, whoever has made them', () => {
    fc.assert(
      fc.property(events, (list) => {
        const make = (lib: Library) => list.map(([type, content]) => new lib.WebSocketEvent(type, content));
        const written = theirs.encodeWebSocketEvents(make(theirs));
        assert.deepEqual(ours.encodeWebSocketEvents(make(ours)), written);
        assert.deepEqual(ours.encodeWebSocketEvents(make(theirs)), written);
        assert.deepEqual(
          ours.encodeWebSocketEvents(list.map(([type, content]) => ({ type, content }))),
          written,
        );
        assert.deepEqual(theirs.encodeWebSocketEvents(make(ours)), written);
      }),
    );
  });

  it('are read in the same way, from bytes and from text', () => {
    fc.assert(
      fc.property(events, (list) => {
        const body = theirs.encodeWebSocketEvents(list.map((event) => new theirs.WebSocketEvent(...event)));
        for (const one of [body, text(body)]) {
          const read = (lib: Library): unknown => {
            try {
              return membersOf(lib.decodeWebSocketEvents(one));
            } catch {
              // Contents that are no UTF-8 have other lengths as text.
              return 'bad format';
            }
          };
          if (typeof one !== 'string' || bytes(one).length === body.length)
            assert.deepEqual(read(ours), read(theirs));
        }
      }),
    );
  });

  it('are refused where a line has no end', () => {
    for (const body of ['TEXT', 'TEXT 1', 'OPEN\r\nTEXT\n', 'TEXT\r']) {
      for (const lib of [ours, theirs])
        assert.throws(() => lib.decodeWebSocketEvents(body), /^\w*(Error|Exception): bad format/);
    }
  });

  it('have control messages', () => {
    for (const args of [undefined, null, { channel: 'a' }, { type: 'not this', b: 'c' }]) {
      const make = (lib: Library) =>
        lib.createWebSocketControlMessage('subscribe', args as Record<string, string>);
      assert.equal(make(ours), make(theirs));
    }
  });
});

describe('contexts of WebSockets, as @fanoutio/grip has them', () => {
  /** What a handler does. */
  const act = fc.oneof(
    fc.constantFrom('accept', 'disconnect', 'detach', 'recv', 'recvRaw').map((name) => [name] as const),
    fc.tuple(
      fc.constantFrom('send', 'sendBinary', 'sendControl'),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array()),
    ),
    fc.tuple(fc.constantFrom('subscribe', 'unsubscribe'), fc.string({ unit: 'grapheme' })),
    fc.tuple(fc.constant('close'), fc.constantFrom(1000, 1001, 3000, 4999)),
  );
  const meta = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]*$/), fc.stringMatching(/^[a-z ]*$/), {
    noNullPrototype: true,
  });

  /** Does all, and tells what has come of it. */
  function play(
    lib: Library,
    list: readonly (readonly [string, string | Uint8Array | null])[],
    acts: readonly (readonly unknown[])[],
    before: Record<string, string>,
    after: Record<string, string>,
  ): unknown {
    const context = new lib.WebSocketContext(
      'a',
      before,
      list.map(([type, content]) => new lib.WebSocketEvent(type, content)),
      'p-',
    );
    const results: unknown[] = [[context.id, context.isOpening(), context.opening, context.prefix]];
    for (const [name, ...args] of acts) {
      try {
        results.push(Reflect.apply(Reflect.get(context, name as string), context, args));
      } catch (error) {
        results.push(String(error));
      }
      results.push(
        context.canRecv(),
        context.closeCode,
        context.accepted,
        context.closed,
        context.outCloseCode,
      );
    }
    context.meta = after;
    const sent = (list: readonly theirs.IWebSocketEvent[]) =>
      membersOf(list).map((members) => members.map(orderless));
    return [
      results,
      sent(context.outEvents),
      sent(context.getOutgoingEvents()),
      context.toHeaders(),
      context.origMeta,
    ];
  }

  it('do and send the same', () => {
    // Pings are answered in another way, and a close may have a reason.
    const comparable = events.map((list) =>
      list.filter(([type, content]) => type !== 'PING' && (type !== 'CLOSE' || content === null)),
    );
    fc.assert(
      fc.property(comparable, fc.array(act), meta, meta, (list, acts, before, after) => {
        assert.deepEqual(play(ours, list, acts, before, after), play(theirs, list, acts, before, after));
      }),
    );
  });

  it('see the code of a close', () => {
    const close = [['CLOSE', Uint8Array.of(0x0f, 0xa1)]] as const;
    assert.deepEqual(play(ours, close, [['recv']], {}, {}), play(theirs, close, [['recv']], {}, {}));
  });
});

describe('requests of WebSockets, as @fanoutio/grip has them', () => {
  const type = fc.constantFrom(
    'application/websocket-events',
    'application/websocket-events; charset=x',
    'text/plain',
    undefined,
  );
  const accept = fc.constantFrom(
    'application/websocket-events',
    '*/*',
    'text/html, application/*;q=0.5',
    'text/plain',
    undefined,
  );
  const method = fc.constantFrom('POST', 'PUT', 'post');

  it('are known by their method and types', () => {
    fc.assert(
      fc.property(method, type, accept, (method, type, accept) => {
        const fields = Object.entries({ 'Content-Type': type, Accept: accept }).filter(
          ([, value]) => value !== undefined,
        );
        const headers = new Headers(fields as [string, string][]);
        assert.equal(ours.isWsOverHttpImpl(method, headers), theirs.isWsOverHttpImpl(method, headers));
        const request = new Request('http://localhost/', { method, headers });
        assert.equal(ours.isWsOverHttp(request), theirs.isWsOverHttp(request));
        const req = Object.assign(eventsRequest('', { 'content-type': type, accept }), { method });
        assert.equal(ours.isNodeReqWsOverHttp(req), theirs.isNodeReqWsOverHttp(req));
      }),
    );
  });

  it('have a connection, its meta and events, in fetch and in Node', async () => {
    const headers = { 'Connection-Id': 'conn-7', 'Meta-User': 'ann', 'meta-room': '' };
    const body = 'OPEN\r\nTEXT 5\r\nhello\r\n';
    const shown = async (context: Promise<ours.WebSocketContext | theirs.WebSocketContext>) => {
      const { id, meta, origMeta, prefix, opening, ...rest } = await context;
      const { outEvents, accepted } = rest;
      return { id, meta, origMeta, prefix, opening, outEvents, accepted, message: (await context).recv() };
    };
    const request = (): Request => new Request('http://localhost/', { method: 'POST', headers, body });
    const req = () => eventsRequest(body, { 'connection-id': 'conn-7', 'meta-user': 'ann', 'meta-room': '' });
    const expected = await shown(theirs.getWebSocketContextFromReq(request(), 'p-'));
    assert.equal(expected.message, 'hello');
    assert.deepEqual(await shown(ours.getWebSocketContextFromReq(request(), 'p-')), expected);
    assert.deepEqual(await shown(ours.getWebSocketContextFromNodeReq(req(), 'p-')), expected);
    assert.deepEqual(await shown(theirs.getWebSocketContextFromNodeReq(req(), 'p-')), expected);
    const text = Object.assign(req(), {});
    text.setEncoding('utf8');
    assert.deepEqual(await shown(ours.getWebSocketContextFromNodeReq(text, 'p-')), expected);
    const impl = ours.getWebSocketContextImpl(new Headers(headers), async () => bytes(body), 'p-');
    assert.deepEqual(await shown(impl), expected);
  });

  it('fail by the same exceptions', async () => {
    for (const lib of [ours, theirs]) {
      const contextOf = (headers: Record<string, string>) =>
        (lib as typeof ours).getWebSocketContextFromReq(
          new Request('http://localhost/', { method: 'POST', headers, body: 'TEXT' }),
        );
      await assert.rejects(contextOf({}), lib.ConnectionIdMissingException);
      await assert.rejects(contextOf({ 'Connection-Id': 'a' }), lib.WebSocketDecodeEventException);
      await assert.rejects(contextOf({}), lib.WebSocketException);
    }
  });
});
