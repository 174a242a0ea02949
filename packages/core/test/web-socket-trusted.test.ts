import assert from 'node:assert/strict';
import { event, events } from '../../../test/support/events-origin.js';
import { settle } from '../../../test/support/eventually.js';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { asked, type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent } from './support/web-socket-party.js';

/** Of issuer `pushpin`, signed with `changeme`, good until 2033. */
const GOOD =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.ES5KI6pKMgPffggRplKz8TY3v-yb95S_9I5OGDHHOVY';
const TRUSTING: BenchOptions = { proxy: { upstreamKey: 'changeme' } };

describe('a WebSocket of a GRIP proxy in front', () => {
  const stage = useStage();

  it('passes what the origin says of GRIP, and takes no part in it', async () => {
    const subscribe = controlEvent({ type: 'subscribe', channel: 'ch' });
    const bench = await WebSocketBench.overHttp(
      stage(),
      (text) =>
        text === 'OPEN\r\n'
          ? {
              fields: [
                'Sec-WebSocket-Extensions: other',
                'Sec-WebSocket-Extensions: grip; message-prefix="x:"',
                'Sec-WebSocket-Extensions: permessage-deflate',
              ],
              body: Buffer.concat([event('OPEN'), subscribe, event('TEXT', 'x:hello')]),
            }
          : '',
      TRUSTING,
    );
    const client = await bench.open('/ws', [
      `Grip-Sig: ${GOOD}`,
      'Sec-WebSocket-Extensions: grip',
      'Grip-Feature: theirs',
    ]);
    assert.deepEqual(fieldValues(await client.opened(), 'sec-websocket-extensions'), [
      'grip; message-prefix="x:"',
    ]);
    assert.equal(await client.next(), 'text c:{"type":"subscribe","channel":"ch"}');
    assert.equal(await client.next(), 'text x:hello');
    assert.equal(bench.proxy.stats().channels, 0);
    const { headers } = await bench.origin.completeRequest();
    assert.equal(headers['grip-sig'], GOOD);
    assert.equal(headers['grip-feature'], 'theirs');
    assert.equal(headers['sec-websocket-extensions'], 'grip');
    client.text('more');
    assert.equal((await bench.origin.completeRequest(1)).headers['grip-sig'], GOOD);
  });

  it('passes what an origin that speaks WebSocket says of GRIP', async () => {
    const bench = await WebSocketBench.direct(
      stage(),
      (handshake) => handshake.accept(['Sec-WebSocket-Extensions: grip']),
      TRUSTING,
    );
    // No client may be told of an extension that it has not offered.
    const silent = await bench.open('/ws', [`Grip-Sig: ${GOOD}`]);
    assert.equal(field(await silent.opened(), 'sec-websocket-extensions'), undefined);
    const offer = [`Grip-Sig: ${GOOD}`, 'Sec-WebSocket-Extensions: grip'];
    const client = await bench.open('/ws', offer);
    assert.equal(field(await client.opened(), 'sec-websocket-extensions'), 'grip');
    (await bench.origin.connection(1)).text('c:{"type":"subscribe","channel":"ch"}');
    assert.equal(await client.next(), 'text c:{"type":"subscribe","channel":"ch"}');
    assert.equal(bench.proxy.stats().channels, 0);
  });

  it('is one only with a good signature', async () => {
    const bench = await WebSocketBench.overHttp(
      stage(),
      () => ({
        fields: ['Sec-WebSocket-Extensions: grip'],
        body: events(['OPEN'], ['TEXT', 'c:{"type":"detach"}'], ['TEXT', 'm:x']),
      }),
      TRUSTING,
    );
    for (const sig of ['nonsense', '', `${GOOD}x`, GOOD.replace(/\.[^.]*$/, '.')]) {
      const client = await bench.open('/ws', [`Grip-Sig: ${sig}`]);
      assert.equal(field(await client.opened(), 'sec-websocket-extensions'), undefined);
      client.destroy();
    }
    assert(bench.origin.requests.every(({ headers }) => headers['grip-sig'] !== GOOD));
  });

  it('is not one where nobody is trusted', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    await bench.open('/ws', [`Grip-Sig: ${GOOD}`]);
    assert.notEqual((await bench.origin.completeRequest()).headers['grip-sig'], GOOD);
  });

  it('may leave while its signature is looked at', async () => {
    const bench = await WebSocketBench.overHttp(stage(), undefined, TRUSTING);
    bench.server.server.prependOnceListener('upgrade', (req) => req.socket.destroy());
    const client = await bench.ask('/ws', [`Grip-Sig: ${GOOD}`]);
    await client.closed();
    await settle(200);
    assert.equal(bench.server.held, 0);
    assert.deepEqual(asked(bench), []);
  });
});

describe('a WebSocket that a page opens', () => {
  const stage = useStage();

  it('tells the origin which page that is', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    await bench.open('/ws', ['Origin: https://evil.test']);
    assert.equal((await bench.origin.completeRequest()).headers.origin, 'https://evil.test');
  });

  it('is refused where only others may', async () => {
    const options = { route: { origins: ['https://good.test'] } };
    const bench = await WebSocketBench.overHttp(stage(), undefined, options);
    for (const origin of [
      'https://evil.test',
      'https://good.test.evil.test',
      'http://good.test',
      'null',
      '',
    ]) {
      const reply = await (await bench.ask('/ws', [`Origin: ${origin}`])).raw.reply();
      assert.equal(reply.status, 403, origin);
    }
    assert.equal(bench.origin.requests.length, 0);
    await bench.open('/ws', ['Origin: https://good.test']);
    await bench.open('/ws');
  });

  it('cannot pass for another one by naming two', async () => {
    const options = { route: { origins: ['https://good.test'] } };
    const bench = await WebSocketBench.overHttp(stage(), undefined, options);
    for (const pair of [
      ['https://good.test', 'https://evil.test'],
      ['https://evil.test', 'https://good.test'],
    ]) {
      const client = await bench.ask(
        '/ws',
        pair.map((origin) => `Origin: ${origin}`),
      );
      await client.closed().catch(() => {});
      assert.notEqual(client.raw.replies[0]?.status, 101, pair.join());
    }
  });
});
