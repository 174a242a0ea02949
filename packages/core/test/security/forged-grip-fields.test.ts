import assert from 'node:assert/strict';
import { eventually } from '../../../../test/support/eventually.js';
import { hold, type SeenRequest } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';

const FORGED = [
  'Grip-Sig: forged',
  'GRIP-SIG: forged',
  'grip_sig: forged',
  'Grip_Feature: forged',
  'Grip-Feature: forged',
  'Grip-Last: ch; last-id=forged',
  'Grip-Anything: forged',
];

/** Fields of a request that belong to GRIP, as lines. */
function gripFields({ rawHeaders }: SeenRequest): string[] {
  return rawHeaders.flatMap((name, at, all) =>
    at % 2 === 0 && /^grip/i.test(name) ? [`${name}: ${all[at + 1]}`] : [],
  );
}

describe('threat 3: clients that send Grip- fields', () => {
  const stage = useStage();

  it('do not get them through, in no letter case, with no underscore, in no trailer', async () => {
    const origin = await stage().origin((res, seen) => {
      eventually(() => seen.complete, 'the whole body').then(() => res.end());
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('POST /', [...FORGED, 'Transfer-Encoding: chunked', 'Trailer: Grip-Sig']);
    client.write('1\r\nx\r\n0\r\nGrip-Sig: forged\r\n\r\n');
    await client.reply();
    const fields = gripFields(await origin.request());
    assert.deepEqual(fields.map((line) => line.split(':')[0]).sort(), ['Grip-Feature', 'Grip-Sig']);
    assert.doesNotMatch(fields.join(), /forged/);
  });

  it('do not get them through when the request is sent again, either', async () => {
    const origin = await stage().origin((res, _seen, count) => {
      if (count === 0) hold(res, 'response', 'ch; prev-id=1');
      else res.end();
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /', FORGED);
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
    await client.reply();
    const fields = gripFields(await origin.request(1));
    assert.deepEqual(
      fields.filter((line) => /last/i.test(line)),
      ['Grip-Last: ch; last-id=1'],
    );
    assert.doesNotMatch(fields.join(), /forged/);
  });

  it('do not get them through on routes without GRIP, or without a key', async () => {
    const origin = await stage().origin((res) => res.end());
    for (const route of [{ grip: false }, { sigKey: '' }]) {
      const client = await stage().client(
        await stage().proxy({ routes: [{ target: origin.url, ...route }] }),
      );
      client.request('GET /', FORGED);
      await client.reply();
    }
    for (const seen of origin.requests) assert.doesNotMatch(gripFields(seen).join(), /forged|sig/i);
  });

  it('do not get them through by naming ours in Connection', async () => {
    const origin = await stage().origin((res) => res.end());
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /', ['Connection: Grip-Sig, Grip-Feature', 'Grip-Sig: forged']);
    await client.reply();
    assert.equal(gripFields(await origin.request()).length, 2);
  });

  it('do not see those of the origin', async () => {
    const origin = await stage().origin((res) => {
      res.writeHead(200, [
        'GRIP-Foo',
        'secret',
        'Grip_Bar',
        'secret',
        'Grip-Channel',
        'secret',
        'X-Fine',
        '1',
      ]);
      res.end('body');
    });
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /');
    await client.reply();
    assert.doesNotMatch(client.text, /grip|secret/i);
  });
});
