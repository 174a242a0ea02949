import assert from 'node:assert/strict';
import { hold, type Origin, type SeenRequest } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

describe('a gone link', () => {
  const stage = useStage();
  let origin: Origin;
  let server: ProxyServer;

  async function held(mode: 'response' | 'stream', link = '</bye?a=b>; rel=gone'): Promise<RawClient> {
    origin = await stage().origin((res, seen) => {
      if (seen.method === 'POST') res.end();
      else hold(res, mode, 'ch', { body: '[open]', fields: [`Grip-Link: ${link}`] });
    });
    server = await stage().proxy({ target: origin.url });
    const client = await stage().client(server);
    client.request('GET /events?x=1');
    while (server.proxy.holds().length === 0) await new Promise((resolve) => setImmediate(resolve));
    return client;
  }

  async function gone(): Promise<SeenRequest> {
    return await origin.completeRequest(1);
  }

  it('is asked when the client of a stream leaves: an empty POST, signed, without its fields', async () => {
    const client = await held('stream');
    client.destroy();
    const { method, url, body, headers } = await gone();
    assert.deepEqual([method, url, body.length], ['POST', '/bye?a=b', 0]);
    assert.equal(typeof headers['grip-sig'], 'string');
    assert.equal(headers['content-length'], '0');
  });

  it('is asked when an item ends the hold', async () => {
    const client = await held('response');
    await server.proxy.publish('ch', { 'http-response': 'answer' });
    assert.equal(String((await client.reply()).body), 'answer');
    assert.equal((await gone()).method, 'POST');
  });

  it('is asked when the proxy closes, which waits for it a little', async () => {
    const client = await held('stream');
    await server.proxy.close();
    assert.equal((await client.reply()).complete, true);
    assert.equal(origin.requests[1]?.complete, true);
  });

  it('may be relative to the request', async () => {
    const client = await held('stream', '<bye>; rel=gone');
    client.destroy();
    assert.equal((await gone()).url, '/bye');
  });

  it('of another host is not asked', async () => {
    const client = await held('stream', '<http://other.test/bye>; rel=gone');
    client.destroy();
    while (server.held > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(origin.requests.length, 1);
  });

  it('that fails disturbs nobody, and is not tried again', async () => {
    origin = await stage().origin((res, seen) => {
      if (seen.method === 'POST') res.writeHead(500).end('no');
      else hold(res, 'stream', 'ch', { body: '[open]', fields: ['Grip-Link: </bye>; rel=gone'] });
    });
    server = await stage().proxy({ target: origin.url });
    const clients = [await stage().client(server), await stage().client(server)];
    for (const client of clients) {
      client.request('GET /');
      await client.bodyWith('[open]');
    }
    clients[0]?.destroy();
    await origin.completeRequest(2);
    await server.proxy.publish('ch', { 'http-stream': 'still here' });
    await clients[1]?.bodyWith('still here');
    assert.equal(origin.requests.length, 3);
  });
});
