import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { hold, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { LinkBench } from './support/link-bench.js';

const next = (path: string, more = ''): string => `Grip-Link: <${path}>; rel=next${more}`;

describe('a next link', () => {
  const stage = useStage();

  it('A3 is followed at once where there is no hold; without another one the response ends', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('/next')], body: 'hello world\n' }),
      '/next': (res) => res.end("this is what's next\n"),
    });
    assert.equal(String((await bench.client.reply()).body), "hello world\nthis is what's next\n");
    assert.deepEqual(bench.asked, ['/', '/next']);
  });

  it('is asked without the fields of the client, as one who is trusted', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('/next?a=1')] }),
      '/next': (res) => res.end(),
    });
    await bench.client.reply();
    const { method, url, headers } = await bench.origin.request(1);
    assert.deepEqual([method, url, headers.host], ['GET', '/next?a=1', 'example.com:81']);
    assert.deepEqual(
      [headers.cookie, headers.authorization, headers['x-own']],
      [undefined, undefined, undefined],
    );
    assert(headers['grip-sig'] !== undefined && headers['grip-feature'] !== undefined);
  });

  it('is relative to the request, then to the link before', async () => {
    const bench = await LinkBench.start(
      stage(),
      '/a/b?x=1',
      {
        '/a/b': (res) => respond(res, { fields: [next('c/d')], body: '1' }),
        '/a/c/d': (res) => respond(res, { fields: [next('e?f=1')], body: '2' }),
        '/a/c/e': (res) => respond(res, { fields: [next('?g=2')], body: '3' }),
      },
      (target) => ({ target }),
    );
    await eventually(() => bench.asked.length >= 4, 'four requests');
    assert.deepEqual(bench.asked.slice(0, 4), ['/a/b?x=1', '/a/c/d', '/a/c/e?f=1', '/a/c/e?g=2']);
    bench.client.destroy();
  });

  it('may be absolute: of the own host as the client knows it, or as the target is called', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('http://example.com:81/two')], body: '1' }),
      '/two': (res) =>
        respond(res, { fields: [next(`http://127.0.0.1:${bench.origin.port}/three`)], body: '2' }),
      '/three': (res) => res.end('3'),
    });
    assert.equal(String((await bench.client.reply()).body), '123');
  });

  it('leads to a hold, whose channels, fields and next link are the new ones', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'old', { fields: [next('/next')], body: '1' }),
      '/next': (res) => hold(res, 'stream', ['ch', 'other'], { status: 201, fields: ['X-A: 1'], body: '2' }),
    });
    await bench.client.bodyWith('1');
    await bench.proxy.publish('old', { 'http-stream': { action: 'hint' } });
    await bench.client.bodyWith('12');
    const { hub } = bench.proxy;
    await eventually(() => hub.subscriberCount('ch') === 1, 'a new hold');
    assert.deepEqual([hub.subscriberCount('old'), hub.subscriberCount('other')], [0, 1]);
    await bench.publish('3');
    await bench.client.bodyWith('123');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    assert.equal(await bench.body(), '123');
    assert.equal((await bench.client.head()).status, 200);
    assert.equal(bench.asked.length, 2);
  });

  it('ends the stream where it has no hold and no link of its own', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch', { fields: [next('/next')], body: '1' }),
      '/next': (res) => res.end('last'),
    });
    await bench.client.bodyWith('1');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    assert.equal(String((await bench.client.reply()).body), '1last');
    assert.equal(bench.server.held, 0);
  });

  it('is asked after its time-out, unless all channels have had items', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', ['ch', 'b'], { fields: [next('/next', '; timeout=10')], body: '1' }),
      '/next': (res) => hold(res, 'stream', ['ch', 'b'], { fields: [next('/next', '; timeout=10')] }),
    });
    await bench.client.bodyWith('1');
    await bench.publish('x');
    await bench.proxy.publish('b', { 'http-stream': 'y' });
    await bench.pass(10_000);
    await bench.pass(1000);
    assert.equal(bench.asked.length, 1);
    await bench.publish('z');
    await bench.pass(9000);
    await bench.pass(99);
    assert.equal(bench.asked.length, 1);
    await bench.pass(1);
    await bench.origin.request(1);
    await bench.pass(10_000);
    await bench.pass(100);
    assert.deepEqual(bench.asked, ['/', '/next', '/next']);
  });

  it('is asked after 120 seconds where it does not say', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch', { fields: [next('/next')], body: '1' }),
      '/next': (res) => hold(res, 'stream', 'ch', { fields: [next('/next')] }),
    });
    await bench.client.bodyWith('1');
    await bench.pass(119_999);
    await bench.pass(100);
    assert.equal(bench.asked.length, 1);
    await bench.pass(100);
    assert.equal(bench.asked.length, 2);
  });

  it('is asked at once on a hint, which does not count as received', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', ['ch; prev-id=1', 'b'], { fields: [next('/next')], body: '1' }),
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=2', { fields: [next('/next')], body: '2' }),
    });
    await bench.client.bodyWith('1');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } }, { id: '9', 'prev-id': '1' });
    await bench.client.bodyWith('12');
    assert.deepEqual(bench.lastIds(1), ['ch; last-id=1']);
  });

  it('streams its content, however large it is, as it comes', async () => {
    const large = Buffer.alloc(1_000_000, 'x');
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('/next')], body: '1' }),
      '/next': (res) => {
        res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
        res.write('first');
      },
    });
    await bench.client.bodyWith('1first');
    bench.origin.requests[1]?.res.end(large);
    await bench.client.bytes(large.length);
    await eventually(() => bench.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    await bench.publish('last');
    assert.equal(
      (await bench.client.bodyWith('last')).body.length,
      '1first'.length + large.length + 'last'.length,
    );
  });

  it('keeps the stream alive meanwhile: keep-alives go on until content comes', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => {
        hold(res, 'stream', 'ch', { fields: [next('/next'), 'Grip-Keep-Alive: p; timeout=10'], body: '1' });
      },
      '/next': () => {},
    });
    await bench.client.bodyWith('1');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    const { res } = await bench.origin.request(1);
    await bench.pass(10_000);
    assert.equal(await bench.body(), '1p');
    res.write('2');
    await bench.client.bodyWith('1p2');
    await bench.pass(30_000);
    assert.equal(await bench.body(), '1p2');
    res.end();
    await bench.client.reply();
  });
});
