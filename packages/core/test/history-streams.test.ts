import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy, type GripProxyOptions, type ItemOptions } from '@p-8/core';
import { createParser } from 'eventsource-parser';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const EVENTS = ['Content-Type: text/event-stream; charset=utf-8'];
const HISTORY = { channels: ['room', 'news', 'p-*'] };

/** An event, as a publisher writes it. */
function event(id: string): string {
  return `id: ${id}\ndata: ${id}\n\n`;
}

/** The events of a body in words: `1`, or `gap {…}`. */
function eventsOf(body: string): string[] {
  const got: string[] = [];
  const parser = createParser({
    onEvent: (one) => got.push(one.event === undefined ? one.data : `${one.event} ${one.data}`),
  });
  parser.feed(body);
  return got;
}

function gap(channel: string, lastId: string): string {
  return `gap {"channel":"${channel}","last-id":"${lastId}"}`;
}

describe('Server-Sent Events from history', () => {
  const stage = useStage();

  /** A proxy whose origin holds all clients on these channels, as in `Grip-Channel`. */
  async function start(
    channels: string | string[] = 'room',
    options: GripProxyOptions = {},
    fields: readonly string[] = EVENTS,
    body = ':\n\n',
  ) {
    const origin = await stage().origin((res) => hold(res, 'stream', channels, { fields, body }));
    const clock = new ManualClock();
    const server = await stage().proxy({ target: origin.url, clock, history: HISTORY, ...options });
    const { proxy } = server;
    let marks = 0;
    return {
      proxy,
      server,
      clock,
      publish: (channel: string, id: string, more: ItemOptions = {}) =>
        proxy.publish(channel, { 'http-stream': event(id) }, { id, ...more }),
      /** What a client gets that comes back; `more` goes out when it is subscribed. */
      back: async (lastId: string | undefined, more: () => unknown = () => {}, line = 'GET /') => {
        const client = await stage().client(server);
        client.request(line, lastId === undefined ? [] : [`Last-Event-ID: ${lastId}`]);
        await client.bodyWith(body);
        await more();
        const mark = `mark ${marks++}`;
        const channel = [channels].flat()[0]?.split(';')[0] ?? '';
        await proxy.publish(`${options.prefix ?? ''}${channel}`, { 'http-stream': `data: ${mark}\n\n` });
        const reply = await client.bodyWith(mark);
        return eventsOf(reply.body.toString()).filter((one) => !one.startsWith('mark'));
      },
    };
  }

  it('are what a client has missed, and then what is published', async () => {
    const { publish, back } = await start();
    for (const id of ['1', '2', '3']) await publish('room', id);
    assert.deepEqual(await back('1', () => publish('room', '4')), ['2', '3', '4']);
    assert.deepEqual(await back('4'), []);
  });

  it('come after the content of the origin', async () => {
    const { publish, back } = await start('room', {}, EVENTS, 'data: hello\n\n');
    for (const id of ['1', '2']) await publish('room', id);
    assert.deepEqual(await back('1'), ['hello', '2']);
  });

  it('are not for a client that comes for the first time', async () => {
    const { publish, back } = await start();
    for (const id of ['1', '2']) await publish('room', id);
    assert.deepEqual(await back(undefined), []);
    assert.deepEqual(await back(''), []);
  });

  it('are not for streams of another kind, nor for other methods', async () => {
    const plain = await start('room', {}, []);
    for (const id of ['1', '2']) await plain.publish('room', id);
    assert.deepEqual(await plain.back('1'), []);
    assert.deepEqual(await plain.back('0'), []);
    const { publish, back } = await start();
    for (const id of ['1', '2']) await publish('room', id);
    assert.deepEqual(await back('1', undefined, 'POST /'), []);
  });

  it('come from several channels in one order', async () => {
    const { publish, back } = await start(['room', 'news']);
    await publish('room', 'r1');
    await publish('news', 'n1');
    await publish('room', 'r2');
    await publish('elsewhere', 'e1');
    await publish('news', 'n2');
    assert.deepEqual(await back('r1'), ['n1', 'r2', 'n2']);
    assert.deepEqual(await back('n1'), ['r2', 'n2']);
  });

  it('are replaced by a gap where the id is not known', async () => {
    const lines: object[] = [];
    const log = (fields: object): unknown => lines.push(fields);
    const logger = { error: log, warn: log, info: log, debug: () => undefined };
    const { proxy, publish, back } = await start(['room', 'news', 'other'], { logger });
    await publish('room', '1');
    assert.deepEqual(await back('x"é', () => publish('room', '2')), [
      gap('room', 'x\\"é'),
      gap('news', 'x\\"é'),
      '2',
    ]);
    assert.equal(proxy.historyStats().gaps, 2);
    assert.match(JSON.stringify(lines), /"channel":"news","lastId"/);
  });

  it('are replaced by a gap where they have expired', async () => {
    const { publish, back, clock } = await start('room', { history: { channels: ['*'], seconds: 10 } });
    await publish('room', '1');
    clock.advance(9999);
    await publish('room', '2');
    assert.deepEqual(await back('1'), ['2']);
    clock.advance(1);
    assert.deepEqual(await back('1'), [gap('room', '1')]);
    assert.deepEqual(await back('2'), []);
  });

  it('are replaced by a gap in the channel that has dropped some, and in no other', async () => {
    const { publish, back } = await start(['room', 'news'], { history: { channels: ['*'], items: 2 } });
    for (const id of ['n1', 'n2']) await publish('news', id);
    for (const id of ['r1', 'r2', 'r3']) await publish('room', id);
    assert.deepEqual(await back('n1'), [gap('room', 'n1'), 'n2']);
    assert.deepEqual(await back('r2'), ['r3']);
  });

  it('are replaced by a gap where they are more than may wait for a client', async () => {
    const { proxy, back } = await start('room', { sessionQueueBytes: 4000 });
    const publish = (id: string, bytes: number) =>
      proxy.publish('room', { 'http-stream': `${event(id)}:${'x'.repeat(bytes)}\n` }, { id });
    await publish('1', 0);
    await publish('2', 3000);
    await publish('3', 2000);
    assert.deepEqual(await back('1', () => publish('4', 0)), [gap('room', '1'), '4']);
    assert.deepEqual(await back('2'), ['3', '4']);
  });

  it('are not for channels with a prev-id, which are the origin’s business', async () => {
    const fields = [...EVENTS, 'Grip-Link: </more>; rel=next'];
    const { publish, back } = await start(['room', 'news; prev-id=n2'], {}, fields);
    for (const id of ['n1', 'n2']) await publish('news', id);
    for (const id of ['r1', 'r2']) await publish('room', id);
    assert.deepEqual(await back('r1'), ['r2']);
    // Nor does their id tell anything of the others.
    assert.deepEqual(await back('n1'), [gap('room', 'n1')]);
  });

  it('are those of the names that publishers use; a gap has the origin’s', async () => {
    const { publish, back } = await start('room', { prefix: 'p-' });
    for (const id of ['1', '2']) await publish('p-room', id);
    assert.deepEqual(await back('1'), ['2']);
    assert.deepEqual(await back('7'), [gap('room', '7')]);
  });

  it('pass the filters of the subscription', async () => {
    const fields = [...EVENTS, 'Grip-Set-Meta: user="ann"'];
    const { publish, back } = await start('room; filter=skip-self', {}, fields);
    await publish('room', '1');
    await publish('room', '2', { meta: { sender: 'ann' } });
    await publish('room', '3', { meta: { sender: 'bob' } });
    assert.deepEqual(await back('1'), ['3']);
  });

  it('end where the stream was ended, and do not have hints', async () => {
    const { proxy, server } = await start();
    const send = (formats: object, id: string) => proxy.publish('room', formats, { id });
    await send({ 'http-stream': event('1') }, '1');
    await send({ 'http-stream': { action: 'hint' } }, '2');
    await send({ 'http-stream': event('3') }, '3');
    await send({ 'http-stream': { action: 'close' } }, '4');
    await send({ 'http-stream': event('5') }, '5');
    const client = await stage().client(server);
    client.request('GET /', ['Last-Event-ID: 1']);
    const reply = await client.reply();
    assert.deepEqual(eventsOf(reply.body.toString()), ['3']);
    assert.deepEqual(proxy.holds(), []);
  });

  it('lack nothing that is published by whoever hears of the subscription', async () => {
    const { proxy, publish, back } = await start(['room', 'news']);
    await publish('room', '1');
    proxy.once('subscribe', () => void publish('room', '2'));
    proxy.once('hold', () => void publish('news', '3'));
    assert.deepEqual(await back('1'), ['2', '3']);
  });

  it('come once where something is published meanwhile', async () => {
    let onLine = (): unknown => undefined;
    const nothing = (): void => {};
    const logger = { error: nothing, warn: nothing, info: () => onLine(), debug: nothing };
    const history = { channels: ['*'], items: 2 };
    const { publish, back } = await start(['room', 'news'], { logger, history });
    for (const id of ['r1', 'n2', 'n3', 'n4', 'r5'] as const)
      await publish(id.startsWith('r') ? 'room' : 'news', id);
    onLine = () => {
      onLine = nothing;
      return publish('room', 'r6');
    };
    assert.deepEqual(await back('r1'), [gap('news', 'r1'), 'r5', 'r6']);
  });

  it('come from an app in the same process', async () => {
    const proxy = new GripProxy({ history: HISTORY });
    const app = http.createServer((req, res) =>
      proxy.handle(req, res, () => hold(res, 'stream', 'room', { fields: EVENTS })),
    );
    app.listen(0, '127.0.0.1');
    stage().onClose(async () => {
      await proxy.close();
      app.closeAllConnections();
      app.close();
    });
    for (const id of ['1', '2', '3']) await proxy.publish('room', { 'http-stream': event(id) }, { id });
    const client = await RawClient.connect((app.address() as AddressInfo).port);
    client.request('GET /', ['Last-Event-ID: 1']);
    const reply = await client.bodyWith(event('3'));
    assert.deepEqual(eventsOf(reply.body.toString()), ['2', '3']);
    client.destroy();
  });
});
