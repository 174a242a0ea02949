import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { settle } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { type Origin, respond } from '../../../../test/support/origin.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';
import { isInternalAddress } from '../../src/upstream/internal-addresses.js';

describe('threat 8: links that lead the proxy astray', () => {
  const stage = useStage();

  /** Asks an origin whose answer has this link; gives what the client got in the end. */
  async function follow(
    link: string,
    options: GripProxyOptions = {},
  ): Promise<{ text: string; client: RawClient }> {
    const origin = await stage().origin((res) =>
      respond(res, { fields: [`Grip-Link: <${link}>; rel=next`], body: '1' }),
    );
    const client = await stage().client(await stage().proxy({ target: origin.url, debug: true, ...options }));
    client.request('GET /');
    return { text: String((await client.reply()).body), client };
  }

  async function victim(): Promise<Origin> {
    return await stage().origin((res) => res.end('secret'));
  }

  it('to another host are not followed', async () => {
    const other = await victim();
    const { text } = await follow(`${other.url}/admin`);
    assert.match(text, /^1\n\nthe link leads to 127\.0\.0\.1:\d+/);
    assert.equal(other.requests.length, 0);
  });

  const elsewhere = [
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]:9/',
    '//evil.test/x',
    'http://example.com@evil.test/',
    'http://evil.test#@example.com/',
    'http://EXAMPLE.COM.evil.test/',
    'http://example.com:82/',
    'http://2130706433/',
    'http://0x7f.1/',
    'ftp://evil.test/',
    'file:///etc/passwd',
    'data:secret',
    'javascript:alert(1)',
    'gopher://127.0.0.1:6379/_FLUSHALL',
  ];
  for (const link of elsewhere) {
    it(`to ${link} are not followed`, async () => {
      const { text } = await follow(link);
      assert.match(text, /^1\n\n(the link leads to|Grip-Link)/);
    });
  }

  it('to hosts that are allowed are followed, there and no further', async () => {
    const other = await stage().origin((res) => res.writeHead(302, { Location: `${third.url}/` }).end());
    const third = await victim();
    const allowed = await stage().origin((res) => {
      respond(res, { fields: [`Grip-Link: <${third.url}/>; rel=next`], body: '2' });
    });
    const { text } = await follow(`${allowed.url}/x?y=1`, { linkHosts: [new URL(allowed.url).host] });
    assert.match(text, /^12\n\nthe link leads to/);
    const { headers, url } = await allowed.request();
    assert.deepEqual([url, headers.host], ['/x?y=1', new URL(allowed.url).host]);
    assert.deepEqual([other.requests.length, third.requests.length], [0, 0]);
  });

  it('are allowed by name for any port, but not by a part of the name', async () => {
    const allowed = await victim();
    assert.equal((await follow(`${allowed.url}/`, { linkHosts: ['127.0.0.1'] })).text, '1secret');
    assert.match(
      (await follow(`${allowed.url}/`, { linkHosts: ['0.0.1', '127.0.0', '127.0.0.1.evil'] })).text,
      /leads to/,
    );
  });

  it('to an allowed name are not followed where that resolves to an internal address', async () => {
    const other = await victim();
    const { text } = await follow(`http://localhost:${other.port}/`, { linkHosts: ['localhost'] });
    assert.match(text, /^1\n\nlocalhost is the internal address (127\.0\.0\.1|::1)/);
    assert.equal(other.requests.length, 0);
  });

  it('and redirects behind them are not followed', async () => {
    const other = await victim();
    const clock = new ManualClock();
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/') respond(res, { fields: ['Grip-Link: </next>; rel=next'], body: '1' });
      else res.writeHead(307, { Location: other.url }).end();
    });
    const client = await stage().client(await stage().proxy({ target: origin.url, clock }));
    client.request('GET /');
    for (let i = 0; i < 6; i++) {
      await origin.request(i + 1);
      await settle(40);
      clock.advance(16_000);
    }
    assert.equal(String((await client.reply()).body), '1');
    assert.equal(other.requests.length, 0);
  });

  it('are not followed by what a client says the host is', async () => {
    const other = await victim();
    const origin = await stage().origin((res) =>
      respond(res, { fields: ['Grip-Link: </next>; rel=next'], body: '1' }),
    );
    const proxy = await stage().proxy({ target: origin.url });
    const client = await stage().client(proxy);
    client.request('GET /', [`Host: ${new URL(other.url).host}`]);
    await origin.request(1);
    assert.equal(other.requests.length, 0);
    client.destroy();
  });

  it('an untrusted target is not asked at an internal address', async () => {
    const other = await victim();
    for (const url of [
      other.url,
      `http://localhost:${other.port}`,
      `http://[::ffff:127.0.0.1]:${other.port}`,
    ]) {
      const client = await stage().client(
        await stage().proxy({ target: { url, untrusted: true }, debug: true }),
      );
      client.request('GET /');
      const reply = await client.reply();
      assert.equal(reply.status, 502);
      assert.match(String(reply.body), /internal address/);
    }
    assert.equal(other.requests.length, 0);
  });

  const addresses: [address: string, internal: boolean][] = [
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['192.168.1.1', true],
    ['169.254.169.254', true],
    ['0.0.0.0', true],
    ['::1', true],
    ['::', true],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe80::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['::ffff:10.0.0.1', true],
    ['64:ff9b::7f00:1', true],
    ['64:ff9b::10.0.0.1', true],
    ['100.64.0.1', true],
    ['255.255.255.255', true],
    ['8.8.8.8', false],
    ['172.32.0.1', false],
    ['192.167.255.255', false],
    ['2001:4860:4860::8888', false],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::8.8.8.8', false],
    ['not an address', false],
  ];
  it('know internal addresses', () => {
    for (const [address, internal] of addresses) assert.equal(isInternalAddress(address), internal, address);
  });
});
