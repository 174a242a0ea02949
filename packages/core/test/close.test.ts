import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, respond } from '../../../test/support/origin.js';
import { runScript } from '../../../test/support/run-script.js';
import { useStage } from '../../../test/support/stage.js';

describe('close', () => {
  const stage = useStage();

  it('ends response holds with their time-out response, and streams properly', async () => {
    const origin = await stage().origin((res, seen) => {
      hold(res, seen.url === '/poll' ? 'response' : 'stream', 'ch', { body: '[open]' });
    });
    const server = await stage().proxy({ target: origin.url });
    const [poll, stream] = [await stage().client(server), await stage().client(server)];
    poll.request('GET /poll');
    stream.request('GET /stream');
    await stream.bodyWith('[open]');
    await eventually(() => server.proxy.stats().sessions === 2, 'two holds');
    await server.proxy.publish('ch', { 'http-stream': 'last' });
    await server.proxy.close();
    assert.equal(String((await poll.reply()).body), '[open]');
    assert.equal(String((await stream.reply()).body), '[open]last');
    assert.equal(server.held, 0);
  });

  it('may be called again, and while it is under way', async () => {
    const { proxy } = await stage().proxy({ target: 'http://127.0.0.1:9' });
    const [first, second] = [proxy.close(), proxy.close({ drainSeconds: 1 })];
    await Promise.all([first, second]);
    await proxy.close();
  });

  it('gives up requests that origins have not answered', async () => {
    const origin = await stage().origin(() => {});
    const server = await stage().proxy({ target: origin.url });
    const client = await stage().client(server);
    client.request('GET /');
    await origin.request();
    await server.proxy.close();
    assert((await client.reply()).status >= 500);
    await origin.abandonedRequest();
    assert.equal(server.held, 0);
  });

  it('cuts responses that are under way', async () => {
    const origin = await stage().origin((res) => res.write('part'));
    const server = await stage().proxy({ target: origin.url });
    const client = await stage().client(server);
    client.request('GET /');
    await client.bodyWith('part');
    await server.proxy.close();
    await client.closed();
    assert.equal(client.replies[0]?.complete, false);
  });

  it('stops every timer, wait and retry', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/failing') res.writeHead(500).end();
      else if (seen.url === '/link') respond(res, { fields: ['Grip-Link: </failing>; rel=next'] });
      else
        hold(res, 'stream', 'ch; prev-id=1', {
          fields: ['Grip-Keep-Alive: p', 'Grip-Link: </next>; rel=next'],
        });
    });
    const server = await stage().proxy({ target: origin.url, clock });
    const [one, two] = [await stage().client(server), await stage().client(server)];
    one.request('GET /');
    two.request('GET /link');
    await origin.request(2);
    await settle(50);
    for (const id of ['2<1', '9<8', '8<7']) {
      const [own, previous] = id.split('<');
      await server.proxy.publish('ch', { 'http-stream': 'x' }, { id: own, 'prev-id': previous });
    }
    assert.notEqual(clock.pending, 0);
    await server.proxy.close();
    assert.equal(clock.pending, 0);
    const asked = origin.requests.length;
    clock.advance(1_000_000);
    await settle(50);
    assert.equal(origin.requests.length, asked);
  });

  it('answers requests that come later with 503, and holds none', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch'));
    const server = await stage().proxy({ target: origin.url });
    await server.proxy.close();
    const client = await stage().client(server);
    client.request('GET /');
    assert.equal((await client.reply()).status, 503);
    assert.equal(origin.requests.length, 0);
  });

  it('ends what listeners begin meanwhile', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch', { body: 'over' }));
    const server = await stage().proxy({ target: origin.url });
    const { proxy } = server;
    const clients = [await stage().client(server), await stage().client(server)];
    for (const client of clients) client.request('GET /');
    await eventually(() => proxy.stats().sessions === 2, 'two holds');
    proxy.on('unsubscribe', () => void proxy.publish('ch', { 'http-response': 'x' }).catch(() => {}));
    await proxy.close();
    for (const client of clients) assert.equal(String((await client.reply()).body), 'over');
  });

  it('leaves nothing that keeps the process alive', async () => {
    assert.equal(await runScript(new URL('support/open-and-close.ts', import.meta.url), []), 'closed');
  });
});
