import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type EventsResponse, event, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import { WsEnd } from '../../../test/support/ws-end.js';
import { OPCODES, writeFrame } from '../../../test/support/ws-frames.js';
import { WebSocketBench } from './support/web-socket-bench.js';

const RUNS = { numRuns: 25 };

/** The most pieces in which a client's frames are written. */
const MAX_PIECES = 300;

/** A message and how it is sent: where it is cut into frames, and what pings come after each of them. */
interface Sent {
  readonly type: 'text' | 'binary';
  readonly content: Buffer;
  readonly cuts: readonly number[];
  readonly pings: readonly boolean[];
}

const text = fc.string({ unit: 'binary', maxLength: 300 }).map((content) => Buffer.from(content));
const bytes = fc.uint8Array({ maxLength: 2000 }).map((content) => Buffer.from(content));
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
const sent: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.oneof(
      text.map((content) => ({ type: 'text' as const, content })),
      bytes.map((content) => ({ type: 'binary' as const, content })),
      fc.nat(300_000).map((size) => ({ type: 'binary' as const, content: Buffer.alloc(size, 'abc') })),
    ),
    cuts,
    fc.array(fc.boolean(), { maxLength: 6 }),
  )
  .map(([message, places, pings]) => ({
    ...message,
    cuts: places.map((place) => Math.floor(place * message.content.length)).sort((a, b) => a - b),
    pings,
  }));

/** The frames of messages, and the messages in the order of their ends. */
function frames(messages: readonly Sent[]): { wire: Buffer; order: [type: string, content: Buffer][] } {
  const wire: Buffer[] = [];
  const order: [string, Buffer][] = [];
  for (const { type, content, cuts: places, pings } of messages) {
    const bounds = [0, ...places, content.length];
    for (let i = 0; i + 1 < bounds.length; i++) {
      const opcode = i === 0 ? OPCODES[type] : OPCODES.continuation;
      const fin = i + 2 === bounds.length;
      wire.push(writeFrame(opcode, content.subarray(bounds[i], bounds[i + 1]), { mask: true, fin }));
      if (fin) order.push([type, content]);
      if (pings[i] === true) {
        wire.push(writeFrame(OPCODES.ping, `${i}`, { mask: true }));
        order.push(['ping', Buffer.from(`${i}`)]);
      }
    }
  }
  return { wire: Buffer.concat(wire), order };
}

describe('any WebSocket', function () {
  this.timeout(60_000);

  const stage = useStage();
  const messages = fc.array(sent, { minLength: 1, maxLength: 12 });
  const chunks = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 });

  for (const kind of ['over HTTP', 'direct', 'tunnelled'] as const) {
    it(`brings back whole and in order what is sent, however it is cut, ${kind}`, async () => {
      const bench =
        kind === 'over HTTP'
          ? await WebSocketBench.overHttp(stage(), (body) => Buffer.from(body, 'latin1'))
          : await WebSocketBench.direct(
              stage(),
              (handshake) => {
                const end = handshake.accept();
                let echoed = 0;
                end.socket.on('data', () => {
                  for (const { type, content } of end.messages.slice(echoed)) {
                    end.frame(OPCODES[type === 'broken' ? 'text' : type], content);
                    if (type === 'close') end.socket.end();
                    echoed++;
                  }
                });
              },
              { route: { grip: kind === 'direct' } },
            );
      await fc.assert(
        fc.asyncProperty(messages, chunks, async (list, sizes) => {
          const client = await bench.open();
          const { wire, order } = frames(list);
          for (let at = 0, i = 0; at < wire.length; i++) {
            // A long list in tiny pieces would take for ever.
            const size = i < MAX_PIECES ? (sizes[i % sizes.length] ?? 1) : wire.length;
            client.write(wire.subarray(at, at + size));
            at += size;
            if (i % 3 === 0) await settle(1);
          }
          await client.count(order.length);
          assert.deepEqual(
            client.messages.map(({ type, content }) => [type, content]),
            order,
          );
          client.close(1000);
          assert.equal(await client.next().then(() => client.closed()), 'ended');
          assert.equal(client.received.at(-1), 'close 1000');
        }),
        RUNS,
      );
    });
  }

  it('survives whatever an origin answers, or ends, and disturbs no other', async () => {
    const someEvent = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('TEXT', 'BINARY', 'PING', 'PONG', 'CLOSE', 'OPEN', 'DISCONNECT', 'FOO', ''),
          bytes,
        )
        .map(([type, content]) => event(type, content)),
      fc.tuple(fc.constantFrom('TEXT', 'PING', 'CLOSE'), text).map(([type, content]) => event(type, content)),
      fc.string().map((control) => event('TEXT', `c:${control}`)),
      fc.json().map((control) => event('TEXT', `c:${control}`)),
      fc
        .record({
          type: fc.constantFrom(
            'subscribe',
            'unsubscribe',
            'set-meta',
            'keep-alive',
            'send-delayed',
            'detach',
          ),
          channel: fc.anything(),
          name: fc.anything(),
          value: fc.anything(),
          content: fc.oneof(fc.string(), fc.anything()),
          timeout: fc.oneof(fc.integer(), fc.anything()),
          filters: fc.oneof(fc.array(fc.string()), fc.anything()),
        })
        .map((control) => event('TEXT', `c:${JSON.stringify(control, skipBigInts)}`)),
      bytes,
    );
    const answer = fc.record({
      body: fc.array(someEvent, { maxLength: 8 }).map((list) => Buffer.concat(list)),
      status: fc.constantFrom(200, 200, 200, 200, 204, 404, 500),
      fields: fc.array(
        fc.oneof(
          fc.integer().map((n) => `Content-Bytes-Accepted: ${n}`),
          fc.integer({ max: 100 }).map((n) => `Keep-Alive-Interval: ${n}`),
          fc.constantFrom(
            'Set-Meta-A: b',
            'Set-Meta-A:',
            'Set-Meta-: x',
            'Sec-WebSocket-Extensions: grip; ="',
          ),
        ),
        { maxLength: 3 },
      ),
    });
    let next: EventsResponse | undefined;
    const first = { fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'], body: 'OPEN\r\n' };
    const bench = await WebSocketBench.overHttp(stage(), (body, { url }) => {
      if (url === '/other') return body.startsWith('TEXT') ? Buffer.from(body, 'latin1') : obliging(body);
      if (url === '/first' && body === 'OPEN\r\n' && next !== undefined) return next;
      if (body === 'OPEN\r\n') return first;
      return body.startsWith('TEXT') && next !== undefined ? next : obliging(body);
    });
    const other = await bench.open('/other');
    await fc.assert(
      fc.asyncProperty(answer, async (response) => {
        next = response;
        const asking = await bench.ask('/first');
        await bench.origin.completeRequest(bench.origin.requests.length - 1);
        const client = await bench.open();
        client.text('question');
        client.ping();
        await settle(20);
        bench.clock.advance(20_000);
        await bench.proxy.publish('a', { 'ws-message': 'x' });
        await settle(5);
        next = undefined;
        client.destroy();
        asking.destroy();
        other.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
      }),
      { numRuns: 80 },
    );
    await bench.pass(100_000);
    await bench.pass(100_000);
    await eventually(
      () => bench.proxy.stats().sessions === 1,
      () => JSON.stringify(bench.proxy.stats()),
    );
  });

  it('survives whatever a client sends, or ends, and disturbs no other', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (body) => Buffer.from(body, 'latin1'), {
      proxy: { compression: true },
    });
    const other = await bench.open();
    const frame = fc
      .record({
        opcode: fc.constantFrom(0, 1, 2, 8, 9, 10, 3, 15),
        payload: bytes,
        shape: fc.record({
          fin: fc.boolean(),
          mask: fc.constantFrom(true, true, true, false),
          rsv: fc.constantFrom(0, 0, 0, 4, 2),
        }),
      })
      .map(({ opcode, payload, shape }) => writeFrame(opcode, payload, shape));
    const offers = ['Sec-WebSocket-Extensions: permessage-deflate'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(frame, bytes), { maxLength: 10 }),
        fc.boolean(),
        async (list, offer) => {
          const client = await bench.open('/', offer ? offers : []);
          for (const part of list) if (client.ending === undefined) client.write(part);
          await settle(20);
          assert(client.messages.every(({ type }) => type !== 'broken'));
          client.destroy();
          other.text('undisturbed');
          assert.equal(await other.next(), 'text undisturbed');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('survives whatever an origin that speaks WebSocket sends, or ends', async () => {
    const bench = await WebSocketBench.direct(stage(), (handshake) => {
      handshake.accept(['Sec-WebSocket-Extensions: grip; message-prefix=""']);
    });
    const other = await bench.open();
    const otherEnd = await bench.origin.connection();
    let index = 1;
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 10 }), async (list) => {
        const client = await bench.open();
        const end = await bench.origin.connection(index++);
        for (const part of list) if (end.ending === undefined) end.write(part);
        await settle(20);
        assert(client.messages.every(({ type }) => type !== 'broken'));
        assert(end instanceof WsEnd && end.messages.every(({ type }) => type !== 'broken'));
        client.destroy();
        end.destroy();
        otherEnd.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
      }),
      { numRuns: 60 },
    );
  });
});

function skipBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? undefined : value;
}
