import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

describe('a trusted proxy in front', () => {
  const stage = useStage();
  const GOOD =
    'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.ES5KI6pKMgPffggRplKz8TY3v-yb95S_9I5OGDHHOVY';

  it('gets instructs as they are, and its own Grip- fields reach the origin', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: 'open' }));
    const proxy = await stage().proxy({
      target: { url: origin.url, overHttp: true },
      upstreamKey: 'changeme',
      xForwardedFor: { truncate: 0 },
      xForwardedForTrusted: { append: true },
    });
    const client = await stage().client(proxy);
    const fields = [`Grip-Sig: ${GOOD}`, 'Grip-Last: a; last-id=1', 'X-Forwarded-For: 1.1.1.1'];
    client.request('POST /', [...fields, 'Content-Type: application/websocket-events'], 'OPEN\r\n');
    const reply = await client.reply();
    assert.equal(String(reply.body), 'open');
    assert.match(client.text, /\r\ngrip-channel: ch\r\n/i);
    const { headers } = await origin.completeRequest();
    assert.equal(headers['grip-sig'], GOOD);
    assert.equal(headers['grip-last'], 'a; last-id=1');
    assert.equal(headers['grip-feature'], undefined);
    assert.equal(headers['x-forwarded-for'], '1.1.1.1, 127.0.0.1');
    assert.equal(String(origin.requests[0]?.body), 'OPEN\r\n');
  });

  it('is one only with a good signature: others are clients like all', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch'));
    const proxy = await stage().proxy({ target: origin.url, upstreamKey: 'another key' });
    for (const [index, sig] of [GOOD, 'nonsense', `${GOOD}, ${GOOD}`].entries()) {
      const client = await stage().client(proxy);
      client.request('POST /', [`Grip-Sig: ${sig}`, 'Grip-Last: a; last-id=1'], 'body');
      await eventually(() => proxy.proxy.stats().sessions === index + 1, 'a hold');
      const { headers } = await origin.completeRequest(index);
      assert.notEqual(headers['grip-sig'], sig);
      assert.equal(headers['grip-last'], undefined);
    }
  });

  it('may leave while its signature is looked at', async () => {
    const origin = await stage().origin((res) => res.end());
    const proxy = await stage().proxy({ target: origin.url, upstreamKey: 'changeme' });
    const client = await stage().client(proxy);
    const asked = new Promise((resolve) =>
      proxy.server.once('request', (req) => req.socket.destroy(resolve(true) as never)),
    );
    client.request('POST /', [`Grip-Sig: ${GOOD}`, 'Content-Length: 5'], 'x');
    await asked;
    await client.closed();
  });
});
