import assert from 'node:assert/strict';
import { AMBIGUOUS, ODD } from '../../../../test/support/framing-cases.js';
import { useStage } from '../../../../test/support/stage.js';

describe('threat 1: requests whose framing can be read in two ways', () => {
  const stage = useStage();

  for (const [name, bytes] of AMBIGUOUS) {
    it(`by ${name} are refused, and no request follows`, async () => {
      const origin = await stage().origin((res) => res.end('answered'));
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.write(bytes, ['POST']);
      await client.closed();
      assert.deepEqual(
        client.replies.filter(({ status }) => status < 400),
        [],
        client.text,
      );
      assert.equal(
        origin.requests.some(({ url, complete }) => url === '/next' || complete),
        false,
      );
    });
  }

  for (const [name, bytes, body] of ODD) {
    it(`by ${name} are two, for the origin too`, async () => {
      const origin = await stage().origin((res) => res.end('answered'));
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.write(bytes, ['POST', 'GET']);
      assert.equal((await client.reply(1)).status, 200);
      assert.deepEqual(
        origin.requests.map((seen) => `${seen.method} ${seen.url} ${seen.body}`),
        [`POST / ${body}`, 'GET /next '],
      );
    });
  }
});
