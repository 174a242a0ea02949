import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { RunningExample } from './running-example.js';

/** Starting Node with a TypeScript loader takes a while on a busy machine. */
const TIMEOUT = 30_000;

describe('examples', function () {
  this.timeout(TIMEOUT);
  let example: RunningExample | undefined;

  async function start(name: string, ...args: string[]): Promise<RunningExample> {
    example = await RunningExample.start(name, ...args);
    return example;
  }

  afterEach(async () => {
    await example?.stop();
    example = undefined;
  });

  for (const name of ['express-stream', 'plain-node']) {
    it(`${name}: a held client gets what is published`, async () => {
      const running = await start(name);
      const stream = await running.get(running.url.pathname);
      assert.equal(await stream.until('\n'), '[open]\n');
      const receipt = JSON.parse(await running.post(running.url.pathname, 'hello'));
      assert.deepEqual(receipt, { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 });
      assert.equal(await stream.until('\n'), 'hello\n');
    });
  }

  for (const origin of [[], ['python3', 'origin.py']]) {
    it(`legacy-origin: a client is held for a server behind, ${origin[0] ?? 'node'}`, async function () {
      const [command] = origin;
      if (command !== undefined && spawnSync(command, ['--version']).error !== undefined) this.skip();
      const running = await start('legacy-origin', ...origin);
      const stream = await running.get('/');
      assert.equal(stream.head.headers['grip-hold'], undefined);
      assert.equal(await stream.until('\n'), '[open]\n');
      assert.equal(await running.post('/', 'hello'), 'Published\n');
      assert.equal(await stream.until('\n'), 'hello\n');
    });
  }

  it('koa-long-poll: a poll is answered when the count changes', async () => {
    const running = await start('koa-long-poll');
    assert.equal(await running.getText('/count'), '{"count":0}');
    const poll = running.poll('/count?after=0');
    await poll.sent;
    const posted = JSON.parse(await running.post('/count', ''));
    assert.equal(posted.receipt.delivered, 1);
    assert.deepEqual(await poll.answer, { count: 1 });
    assert.equal(await running.getText('/count?after=0'), '{"count":1}', 'who comes late is told at once');
  });

  it('express-reliable-stream: an item that was never published is recovered by the next link', async () => {
    const running = await start('express-reliable-stream');
    await running.post('/log', 'zero');
    const stream = await running.get('/log');
    assert.equal(await stream.until('\n'), '1 zero\n');
    await running.post('/log', 'one');
    assert.equal(await stream.until('\n'), '2 one\n');
    await running.post('/log?lose', 'two');
    const { receipt } = JSON.parse(await running.post('/log', 'three'));
    assert.equal(receipt.queued, 1);
    assert.equal(await stream.until('4 three\n'), '3 two\n4 three\n');
    await running.post('/log', 'four');
    assert.equal(await stream.until('\n'), '5 four\n');
  });

  it('express-reliable-stream: a client goes on where its connection broke', async () => {
    const running = await start('express-reliable-stream');
    const first = await running.get('/log');
    await running.post('/log', 'one');
    assert.equal(await first.until('\n'), '1 one\n');
    first.close();
    await running.post('/log', 'two');
    const second = await running.get('/log?after=1');
    assert.equal(await second.until('\n'), '2 two\n');
  });

  it('express-chat-sse: listeners get messages as events, and what they missed when they return', async () => {
    const running = await start('express-chat-sse');
    assert.match(await running.getText('/'), /new EventSource/);
    const first = await running.get('/events');
    assert.match(first.head.headers['content-type'] ?? '', /^text\/event-stream/);
    await first.until(':\n\n');
    await say(running, 'hello');
    const event = await first.until('\n\n');
    assert.match(event, /^id: \d+\ndata: \{.*"text":"hello"\}\n\n$/);
    first.close();
    await say(running, 'is anybody there?');
    const lastEventId = /^id: (\d+)/.exec(event)?.[1] ?? '';
    const second = await running.get('/events', { headers: { 'Last-Event-ID': lastEventId } });
    assert.match(await second.until('}\n\n'), /^:\n\nid: \d+\ndata: \{.*"text":"is anybody there\?"\}\n\n$/);
  });
});

function say(running: RunningExample, text: string): Promise<string> {
  return running.post('/messages', JSON.stringify({ name: 'ann', text }), 'application/json');
}
