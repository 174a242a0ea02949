import assert from 'node:assert/strict';
import { freePorts } from '../../../test/conformance/systems/free-ports.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { onRequestHead, respond } from '../../../test/support/origin.js';
import { type PublishException, Publisher, type PublisherOptions } from '../src/index.js';
import { useEndpoints } from './support/endpoint.js';
import { HastyClock } from './support/hasty-clock.js';

const HI = { 'ws-message': 'hi' };

describe('a publish that fails for the moment', () => {
  const endpoints = useEndpoints();
  let clock: HastyClock;

  beforeEach(() => {
    clock = new HastyClock();
    clock.chance = 0.5;
  });

  const publish = (url: string, options: PublisherOptions = {}) =>
    new Publisher(url, { clock, ...options }).publish('room', HI, { id: '1' });

  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    it(`is tried again after ${status}, since its item has an id`, async () => {
      const endpoint = await endpoints.statuses([status]);
      await publish(endpoint.url);
      assert.equal(endpoint.count, 2);
      assert.deepEqual(endpoint.seen(1).items, endpoint.seen(0).items);
    });
  }

  for (const status of [301, 400, 401, 403, 404, 405, 411, 413, 501]) {
    it(`is not tried again after ${status}`, async () => {
      const endpoint = await endpoints.statuses([status]);
      await assert.rejects(publish(endpoint.url));
      assert.equal(endpoint.count, 1);
    });
  }

  it('is tried three times by default, or as often as the options say', async () => {
    const endpoint = await endpoints.listen((res, _request, count) =>
      respond(res, { status: 503, body: `no ${count}` }),
    );
    await assert.rejects(publish(endpoint.url), {
      message: `${endpoint.url}/publish/ answered 503: no 2 (3 attempts)`,
    });
    await assert.rejects(publish(endpoint.url, { retries: 0 }), { message: /answered 503: no 3$/ });
    await assert.rejects(publish(endpoint.url, { retries: 5 }), {
      message: /answered 503: no 9 \(6 attempts\)$/,
    });
    assert.equal(endpoint.count, 10);
  });

  it('waits longer each time, and never as long as another publisher', async () => {
    const endpoint = await endpoints.statuses(Array(7).fill(503));
    await publish(endpoint.url, { retries: 7 });
    assert.deepEqual(clock.waits, [125, 250, 500, 1000, 2000, 2500, 2500]);
    clock.waits.length = 0;
    clock.chance = 0;
    await publish((await endpoints.statuses([503])).url);
    assert.deepEqual(clock.waits, [0]);
  });

  it('waits as long as the endpoint asks for, with jitter', async () => {
    const inSeconds = await endpoints.statuses([429], ['Retry-After: 7']);
    await publish(inSeconds.url);
    assert.deepEqual(clock.waits, [7125]);
    clock.waits.length = 0;
    const date = new Date(Math.ceil(clock.now() / 1000) * 1000 + 5000);
    const ms = date.getTime() - clock.now();
    await publish((await endpoints.statuses([503], [`Retry-After: ${date.toUTCString()}`])).url);
    assert.deepEqual(clock.waits, [ms + 125]);
  });

  it('is given up when the endpoint asks for too long', async () => {
    const endpoint = await endpoints.statuses([503], ['Retry-After: 11']);
    await assert.rejects(publish(endpoint.url), ({ context }: PublishException) => {
      return context.headers?.get('Retry-After') === '11';
    });
    assert.equal(endpoint.count, 1);
  });

  for (const value of ['soon', '-5', '', '1e3', '99999999999999999999']) {
    it(`does not trip over Retry-After: ${value}`, async () => {
      const endpoint = await endpoints.statuses([503], [`Retry-After: ${value}`]);
      const published = await publish(endpoint.url).then(
        () => true,
        () => false,
      );
      assert.equal(published, !value.startsWith('9'));
    });
  }

  it('is tried again when the connection is lost, before the answer or in it', async () => {
    const answers = [
      '',
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPub',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ];
    const endpoint = await endpoints.raw((socket, count) =>
      onRequestHead(socket, () => void socket.end(answers[count] ?? '')),
    );
    await publish(endpoint.url);
    assert.equal(endpoint.sockets.length, 3);
  });

  it('is tried again when nobody listens', async () => {
    const [port] = await freePorts(1);
    await assert.rejects(publish(`http://127.0.0.1:${port}`), { message: /ECONNREFUSED.* \(3 attempts\)$/ });
    assert.equal(clock.waits.length, 2);
  });

  it('is tried again after a time-out', async () => {
    const endpoint = await endpoints.listen((res, _request, count) => {
      if (count > 0) respond(res, { body: 'Published\n' });
    });
    const publishing = publish(endpoint.url);
    await endpoint.origin.completeRequest();
    clock.advance(10_000);
    await publishing;
    assert.equal(endpoint.count, 2);
    assert.equal(clock.pending, 0);
  });

  it('is not tried again when one of its items has no id', async () => {
    const endpoint = await endpoints.statuses([503, 503]);
    const publisher = new Publisher(endpoint.url, { clock });
    await assert.rejects(publisher.publish('room', HI));
    const items = [
      { channel: 'a', formats: HI, id: '1' },
      { channel: 'b', formats: HI },
    ];
    await assert.rejects(publisher.publish(items));
    assert.equal(endpoint.count, 2);
  });

  it('is over when it is aborted while it waits', async () => {
    const slow = new ManualClock();
    slow.chance = 0.5;
    const endpoint = await endpoints.statuses([503]);
    const leaving = new AbortController();
    const publisher = new Publisher(endpoint.url, { clock: slow });
    const publishing = publisher.publish('room', HI, { id: '1', signal: leaving.signal });
    const settled = assert.rejects(publishing, { code: 'GRIP_ERR_PUBLISH_ABORTED' });
    // Until the answer is here it is the attempt's time-out that is pending.
    await eventually(() => endpoint.origin.requests[0]?.res.writableFinished === true, 'the answer');
    leaving.abort();
    await settled;
    assert.equal(slow.pending, 0);
    assert.equal(endpoint.count, 1);
  });

  it('goes to the endpoint that failed only', async () => {
    const bad = await endpoints.statuses([503]);
    const good = await endpoints.listen();
    await new Publisher([bad.url, good.url], { clock }).publish('room', HI, { id: '1' });
    assert.deepEqual([bad.count, good.count], [2, 1]);
  });
});
