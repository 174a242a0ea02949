import assert from 'node:assert/strict';
import { answerEvents, closeEvent, events } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

const KEEP_ALIVE = ['Keep-Alive-Interval: 20'];
const DISCONNECT = 'DISCONNECT\r\n';

describe('an origin over HTTP whose client is lost', () => {
  const stage = useStage();

  async function gone(bench: WebSocketBench): Promise<void> {
    await eventually(
      () => bench.server.held === 0,
      () => JSON.stringify(bench.proxy.stats()),
    );
    await settle();
  }

  it('gets DISCONNECT', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open();
    client.destroy();
    await bench.origin.completeRequest(1);
    await gone(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', DISCONNECT]);
    const [open, last] = bench.origin.requests;
    assert.equal(last?.headers['connection-id'], open?.headers['connection-id']);
    assert.equal(last?.method, 'POST');
  });

  it('gets DISCONNECT with the meta that it has set', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (body) => ({ body, fields: ['Set-Meta-A: b'] }));
    (await bench.open()).destroy();
    assert.equal((await bench.origin.completeRequest(1)).headers['meta-a'], 'b');
  });

  const losses: [what: string, lose: (client: Awaited<ReturnType<WebSocketBench['open']>>) => unknown][] = [
    ['was reset', (client) => client.raw.reset()],
    ['ended the connection without a Close', (client) => client.socket.end()],
    ['broke the rules', (client) => client.frame(3, 'x')],
    ['sent text that is no UTF-8', (client) => client.text(Buffer.from([0xff]))],
    [
      'sent half a message',
      (client) => {
        client.frame(OPCODES.text, 'half', { fin: false });
        client.socket.end();
      },
    ],
  ];
  for (const [what, lose] of losses) {
    it(`gets DISCONNECT where the client ${what}`, async () => {
      const bench = await WebSocketBench.overHttp(stage());
      lose(await bench.open());
      await bench.origin.completeRequest(1);
      await gone(bench);
      assert.deepEqual(asked(bench), ['OPEN\r\n', DISCONNECT]);
    });
  }

  it('gets DISCONNECT once it has answered, and not what waited', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : undefined));
    const client = await bench.open();
    client.text('a');
    const { res } = await bench.origin.completeRequest(1);
    client.text('b');
    client.destroy();
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    assert.equal(bench.origin.requests.length, 2);
    answerEvents(res, events(['TEXT', 'for nobody'], ['PING']));
    await gone(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'TEXT 1\r\na\r\n', DISCONNECT]);
  });

  it('gets no DISCONNECT when its answer is wrong', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : undefined));
    const client = await bench.open();
    client.text('a');
    const { res } = await bench.origin.completeRequest(1);
    client.destroy();
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    answerEvents(res, { status: 500 });
    await gone(bench);
    assert.equal(bench.origin.requests.length, 2);
  });

  it('may answer DISCONNECT with anything', async () => {
    const answers = [
      '',
      'OPEN\r\n',
      'DISCONNECT\r\n',
      'garbage',
      { status: 404 },
      { type: 'text/html' },
      { body: Buffer.alloc(2_000_000) },
    ];
    for (const answer of answers) {
      const bench = await WebSocketBench.overHttp(stage(), (text) => (text === 'OPEN\r\n' ? text : answer));
      (await bench.open()).destroy();
      await bench.origin.completeRequest(1);
      await gone(bench);
      assert.equal(bench.origin.requests.length, 2);
    }
  });

  it('may hang up on DISCONNECT', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text, { res }) => {
      if (text !== 'OPEN\r\n') res.destroy();
      return { body: text, fields: ['Connection: close'] };
    });
    (await bench.open()).destroy();
    await bench.origin.completeRequest(1);
    await gone(bench);
    assert.equal(bench.origin.requests.length, 2);
  });

  describe('while it is told of a Close', () => {
    for (const [what, fields, answer, follows] of [
      ['and answers it, gets nothing more', [], closeEvent(1000), []],
      ['and does not answer it, gets nothing more', [], '', []],
      ['and answers it with a keep-alive, gets nothing more', KEEP_ALIVE, closeEvent(1000), []],
      ['and does not answer it but has a keep-alive, gets DISCONNECT', KEEP_ALIVE, '', [DISCONNECT]],
    ] as const) {
      it(what, async () => {
        const bench = await WebSocketBench.overHttp(stage(), (text) =>
          text === 'OPEN\r\n' ? { body: text, fields: [...fields] } : undefined,
        );
        const client = await bench.open();
        client.close(1000);
        const { res } = await bench.origin.completeRequest(1);
        client.destroy();
        await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
        answerEvents(res, answer);
        await gone(bench);
        assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE 2\r\n\x03\xe8\r\n', ...follows]);
      });
    }
  });

  it('gets DISCONNECT where it has closed and the client does not', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) =>
      text === 'OPEN\r\n' ? events(['OPEN'], ['CLOSE']) : '',
    );
    const client = await bench.open();
    assert.equal(await client.next(), 'close 1000');
    client.destroy();
    await bench.origin.completeRequest(1);
    await gone(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', DISCONNECT]);
  });

  it('gets DISCONNECT where it has closed and the client keeps silent', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (text) =>
      text === 'OPEN\r\n' ? events(['OPEN'], ['CLOSE']) : '',
    );
    const client = await bench.open();
    assert.equal(await client.next(), 'close 1000');
    await bench.pass(9999);
    assert.equal(client.ending, undefined);
    await bench.pass(1);
    await client.closed();
    await bench.origin.completeRequest(1);
    await gone(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', DISCONNECT]);
  });

  it('gets no DISCONNECT after a Close that both agreed on', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const client = await bench.open();
    client.close(1000);
    await client.closed();
    await gone(bench);
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'CLOSE 2\r\n\x03\xe8\r\n']);
  });

  it('gets one for each of many that are lost at once', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const clients = await Promise.all(Array.from({ length: 50 }, () => bench.open()));
    for (const client of clients) client.destroy();
    await eventually(() => asked(bench).filter((body) => body === DISCONNECT).length === 50, 'all told');
    await gone(bench);
    const ids = bench.origin.requests.slice(50).map(({ headers }) => headers['connection-id']);
    assert.equal(new Set(ids).size, 50);
  });
});
