import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';

describe('an instruct for a large request', () => {
  const stage = useStage();

  for (const [size, status] of [
    [100_000, 200],
    [100_001, 400],
  ] as const) {
    it(`of ${size} bytes is answered ${status}`, async () => {
      const origin = await stage().origin((res, seen) => {
        eventually(() => seen.complete, 'the whole body').then(() => {
          respond(res, { fields: ['Grip-Foo: bar'], body: 'fine' });
        });
      });
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('POST /', [], Buffer.alloc(size));
      const reply = await client.reply();
      const text = status === 200 ? 'fine' : 'Request too large to accept GRIP instruct.\n';
      assert.equal(`${reply.status} ${reply.body}`, `${status} ${text}`);
      client.request('GET /');
      assert.equal((await client.reply(1)).status, 200);
    });
  }

  it('that is no instruct after all passes, however large', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end('fine'));
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', [], Buffer.alloc(1_000_000));
    assert.equal(String((await client.reply()).body), 'fine');
  });
});
