import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { eventually } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const LARGE = Buffer.alloc(110_001, 'x');

describe('an instruct with a large body', () => {
  const stage = useStage();

  async function ask(
    handler: OriginHandler,
    debug = false,
  ): Promise<{
    client: RawClient;
    server: ProxyServer;
    origin: Awaited<ReturnType<ReturnType<typeof stage>['origin']>>;
  }> {
    const origin = await stage().origin(handler);
    const server = await stage().proxy({ target: origin.url, debug });
    const client = await stage().client(server);
    client.request('GET /');
    return { client, server, origin };
  }

  it('R7 streams through, and is held then', async () => {
    const { client, server } = await ask((res) => {
      hold(res, 'stream', 'ch', {
        body: LARGE,
        fields: ['Grip-Status: 206 Some', 'X-A: 1', `Content-Length: ${LARGE.length}`],
      });
    });
    await client.bytes(LARGE.length);
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    await server.proxy.publish('ch', { 'http-stream': 'pushed' });
    const reply = await client.bodyWith('pushed');
    assert.equal(reply.body.length, LARGE.length + 'pushed'.length);
    assert.equal(`${reply.status} ${reply.reason}`, '206 Some');
    assert.equal(field(reply, 'x-a'), '1');
    assert.equal(field(reply, 'content-length'), undefined);
    assert.doesNotMatch(client.text.slice(0, 1000), /grip/i);
  });

  it('R8 streams through where only a next link follows', async () => {
    const { client, origin } = await ask((res, seen) => {
      if (seen.url === '/next') res.end('next');
      else respond(res, { fields: ['Grip-Link: </next>; rel=next'], body: LARGE });
    });
    assert.equal((await client.reply()).body.length, LARGE.length + 4);
    assert.equal(origin.requests.length, 2);
  });

  it('reaches the client while the origin is still sending it', async () => {
    const { client, server, origin } = await ask((res) => {
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      res.write(LARGE);
    });
    await client.bytes(LARGE.length);
    assert.equal(server.proxy.hub.subscriberCount('ch'), 0);
    origin.requests[0]?.res.end('end');
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a hold');
  });

  it('that is compressed reaches the client plain', async () => {
    let content = '';
    for (let i = 0; content.length < 1_000_000; i++) content += `${(i * 7919) % 10_007} `;
    const { client, server } = await ask((res) => {
      hold(res, 'stream', 'ch', { body: zlib.gzipSync(content), fields: ['Content-Encoding: gzip'] });
    });
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    await server.proxy.publish('ch', { 'http-stream': { action: 'close' } });
    const reply = await client.reply();
    assert.equal(String(reply.body), content);
    assert.equal(field(reply, 'content-encoding'), undefined);
  });

  it('waits for a slow client, and is not gathered here', async () => {
    let sent = 0;
    const block = Buffer.alloc(65_536, 'x');
    const { client, origin } = await ask((res) => {
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      const pump = (): void => {
        while (sent < 100_000_000) {
          sent += block.length;
          if (!res.write(block)) return;
        }
      };
      res.on('drain', pump);
      pump();
    });
    client.socket.pause();
    let last = -1;
    let still = 0;
    await eventually(() => {
      still = sent === last ? still + 1 : 0;
      last = sent;
      return still > 500;
    }, 'an origin that waits');
    assert(sent < 30_000_000, `${sent} bytes`);
    client.destroy();
    await origin.abandonedRequest();
  });

  const notEligible: [name: string, handler: OriginHandler][] = [
    ['of a response hold', (res) => hold(res, 'response', 'ch', { body: LARGE })],
    ['without a hold', (res) => respond(res, { fields: ['Grip-Foo: bar'], body: LARGE })],
    ['with the filter build-id', (res) => hold(res, 'stream', 'ch; filter=build-id', { body: LARGE })],
    [
      'in JSON',
      (res) =>
        res.writeHead(200, { 'Content-Type': 'application/grip-instruct', 'Grip-Hold': 'stream' }).end(LARGE),
    ],
  ];
  for (const [name, handler] of notEligible) {
    it(`${name} is answered 502`, async () => {
      const { client, server } = await ask(handler);
      const reply = await client.reply();
      assert.equal(`${reply.status} ${reply.body}`, '502 Error while proxying to origin.\n');
      assert.equal(server.proxy.stats().sessions, 0);
    });
  }

  it('that is refused is read no further', async () => {
    const { client, origin, server } = await ask((res) => {
      res.writeHead(200, { 'Grip-Hold': 'response', 'Grip-Channel': 'ch' });
      res.write(LARGE);
    });
    assert.equal((await client.reply()).status, 502);
    await origin.abandonedRequest();
    assert.equal(server.held, 0);
  });

  it('that breaks off is cut for the client', async () => {
    const { client, origin, server } = await ask((res) => {
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch', 'Content-Length': 200_000 });
      res.write(LARGE);
    }, true);
    await client.bytes(LARGE.length);
    origin.requests[0]?.res.destroy();
    await client.closed();
    assert.equal(client.replies[0]?.complete, false);
    assert.equal(server.held, 0);
  });

  it('stops the origin when the client leaves', async () => {
    const { client, origin } = await ask((res) => {
      res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      res.write(LARGE);
    });
    await client.bytes(LARGE.length);
    client.reset();
    await origin.abandonedRequest();
  });

  it('of exactly 100,000 bytes is read as any other', async () => {
    const { client, server } = await ask((res) =>
      hold(res, 'response', 'ch', { body: LARGE.subarray(0, 100_000) }),
    );
    await eventually(() => server.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    await server.proxy.publish('ch', { 'http-response': 'x' });
    assert.equal(String((await client.reply()).body), 'x');
  });
});
