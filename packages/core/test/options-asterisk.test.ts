import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy } from '@p-8/core';
import { eventually } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';

const HOSTS = ['a', 'a:80', '[::1]:80'];

describe('OPTIONS of the server itself', () => {
  const stage = useStage();

  for (const host of HOSTS) {
    for (const target of ['*', `http://${host}`]) {
      it(`is answered for its targets: ${target} at ${host}`, async () => {
        const origin = await stage().origin((res) => res.end('origin'));
        const client = await stage().client(await stage().proxy({ target: origin.url }));
        client.request(`OPTIONS ${target}`, [`Host: ${host}`]);
        assert.equal((await client.reply()).status, 204);
        client.request('OPTIONS /', [`Host: ${host}`]);
        assert.equal((await client.reply(1)).body.toString(), 'origin');
        assert.equal(origin.requests.length, 1);
      });
    }
  }

  it('is answered where no route takes it', async () => {
    const origin = await stage().origin((res) => res.end('origin'));
    const routes = [{ pathPrefix: '/a', target: origin.url }];
    const client = await stage().client(await stage().proxy({ routes }));
    client.request('OPTIONS *');
    assert.equal((await client.reply()).status, 204);
  });

  it('is left to the app behind a proxy whose routes do not take it', async () => {
    const proxy = new GripProxy({ routes: [{ pathPrefix: '/a', target: 'http://127.0.0.1:9' }] });
    const server = http.createServer(proxy.wrap((req, res) => res.end(`${req.method} ${req.url}`)));
    const client = await stage().client(await listen(server, proxy));
    client.request('OPTIONS *');
    assert.equal((await client.reply()).body.toString(), 'OPTIONS *');
  });

  it('is answered by an app that is its own origin', async () => {
    const proxy = new GripProxy();
    const server = http.createServer(proxy.wrap((req, res) => res.end(`${req.method} ${req.url}`)));
    const client = await stage().client(await listen(server, proxy));
    client.request('OPTIONS *', ['Host: a:80']);
    assert.equal((await client.reply()).body.toString(), 'OPTIONS *');
  });

  for (const host of HOSTS) {
    it(`may be held by an app, whose links go to its host: ${host}`, async () => {
      const errors: unknown[] = [];
      const logger = { error: (fields: object) => errors.push(fields), warn() {}, info() {}, debug() {} };
      const proxy = new GripProxy({ logger });
      const server = http.createServer(
        proxy.wrap((req, res) => {
          if (req.url === '/next') {
            res.end(`next at ${req.headers.host}`);
            return;
          }
          const fields = {
            'Grip-Hold': 'stream',
            'Grip-Channel': 'ch',
            'Grip-Link': '</next>; rel=next; timeout=0',
          };
          res.writeHead(200, fields).end('[');
        }),
      );
      const client = await stage().client(await listen(server, proxy));
      client.request('OPTIONS *', [`Host: ${host}`]);
      await client.bodyWith('[');
      await eventually(() => proxy.stats().sessions === 1, 'the stream is held');
      assert.equal(proxy.holds()[0]?.uri, `http://${host}`);
      client.destroy();
      await eventually(() => proxy.stats().sessions === 0, 'it is not held any more');
      assert.deepEqual(errors, []);
    });
  }

  async function listen(server: http.Server, proxy: GripProxy): Promise<AddressInfo> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stage().onClose(async () => {
      await proxy.close();
      server.close();
      server.closeAllConnections();
    });
    return server.address() as AddressInfo;
  }
});
