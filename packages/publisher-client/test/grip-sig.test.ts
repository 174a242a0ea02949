import assert from 'node:assert/strict';
import * as fanout from '@fanoutio/grip';
import { GripProxy } from '@p-8/core';
import { SignJWT } from 'jose';
import { type IGripConfig, Publisher, PublisherClient } from '../src/index.js';

const URI = 'http://localhost:5561';
const NOT_PROXIED = { isProxied: false, needsSigned: false, isSigned: false };
const UNSIGNED = { isProxied: true, needsSigned: false, isSigned: false };
const SIGNED = { isProxied: true, needsSigned: true, isSigned: true };
const REFUSED = { isProxied: false, needsSigned: true, isSigned: false };

const sign = (key: string, iss = 'pushpin'): Promise<string> =>
  new SignJWT({ iss }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.from(key));

describe('validateGripSig', () => {
  const cases: [
    what: string,
    configs: IGripConfig[],
    sig: () => Promise<string> | string | null,
    expected: object,
  ][] = [
    ['no signature', [{ control_uri: URI }], () => null, NOT_PROXIED],
    ['no endpoints', [], () => sign('one'), NOT_PROXIED],
    ['an endpoint without a key', [{ control_uri: URI }], () => 'anything', UNSIGNED],
    ['the right key', [{ control_uri: URI, verify_key: 'one' }], () => sign('one'), SIGNED],
    ['another key', [{ control_uri: URI, verify_key: 'one' }], () => sign('two'), REFUSED],
    ['no token at all', [{ control_uri: URI, verify_key: 'one' }], () => 'x.y', REFUSED],
    [
      'the right issuer',
      [{ control_uri: URI, verify_key: 'one', verify_iss: 'pushpin' }],
      () => sign('one'),
      SIGNED,
    ],
    [
      'another issuer',
      [{ control_uri: URI, verify_key: 'one', verify_iss: 'me' }],
      () => sign('one'),
      REFUSED,
    ],
    [
      'a secret for both ways',
      [{ control_uri: URI, control_iss: 'me', key: 'one' }],
      () => sign('one'),
      SIGNED,
    ],
    [
      'the second of two keys',
      [
        { control_uri: URI, verify_key: 'one' },
        { control_uri: URI, verify_key: 'two' },
      ],
      () => sign('two'),
      SIGNED,
    ],
    [
      'one endpoint of two without a key',
      [{ control_uri: URI, verify_key: 'one' }, { control_uri: URI }],
      () => 'x',
      UNSIGNED,
    ],
  ];
  for (const [what, configs, sig, expected] of cases) {
    it(`says what @fanoutio/grip says: ${what}`, async () => {
      const value = await sig();
      assert.deepEqual(await new Publisher(configs).validateGripSig(value), expected);
      assert.deepEqual(
        await new fanout.Publisher(configs as fanout.IGripConfig[]).validateGripSig(value),
        expected,
      );
    });
  }

  it('trusts a proxy in the same process, which lets no signature of clients through', async () => {
    const proxy = new GripProxy();
    const publisher = new Publisher([proxy, { control_uri: URI, verify_key: 'one' }]);
    assert.deepEqual(await publisher.validateGripSig('anything'), UNSIGNED);
    assert.deepEqual(await publisher.validateGripSig(null), NOT_PROXIED);
    assert.deepEqual(await publisher.validateGripSig(undefined), NOT_PROXIED);
    await proxy.close();
  });
});

describe('a PublisherClient', () => {
  const configs: IGripConfig[] = [
    { control_uri: URI },
    { control_uri: `${URI}/` },
    { control_uri: `${URI}/a/b?x=1#y` },
    { control_uri: `${URI}/a//`, user: 'ann', pass: 'secret' },
    { control_uri: URI, user: 'ann', pass: '' },
    { control_uri: URI, user: 'ann' },
    { control_uri: URI, pass: 'secret' },
    { control_uri: URI, key: 'secret' },
    { control_uri: URI, key: new Uint8Array([1]) },
    { control_uri: URI, key: 'secret', user: 'ann', pass: 'secret' },
    { control_uri: URI, control_iss: 'me', key: 'base64:AQI=' },
    { control_uri: URI, control_iss: 'me', key: 'secret', verify_key: 'other', verify_iss: 'pushpin' },
    { control_uri: URI, key: 'secret', verify_key: 'other' },
    { control_uri: URI, verify_iss: 'pushpin' },
  ];
  for (const config of configs) {
    it(`is what @fanoutio/grip makes of ${JSON.stringify(config)}`, async () => {
      const ours = new PublisherClient(config);
      const theirs = new fanout.PublisherClient(config as fanout.IGripConfig);
      assert.equal(ours.publishUri, theirs.publishUri);
      assert.equal(ours.getAuth()?.constructor.name, theirs.getAuth()?.constructor.name);
      assert.equal(ours.getVerifyIss(), theirs.getVerifyIss());
      assert.deepEqual(ours.getVerifyKey(), theirs.getVerifyKey());
    });
  }
});

describe('a Publisher', () => {
  it('takes endpoints later, with its own options or others', () => {
    const fetch = async () => new Response();
    const publisher = new Publisher(undefined, { prefix: 'a-', fetch, retries: 0 });
    publisher.applyConfigs([URI, { control_uri: URI }]);
    publisher.applyConfig(URI, { timeout: 5 });
    assert.equal(publisher.prefix, 'a-');
    const [first, second, third] = publisher.clients as PublisherClient[];
    assert.equal(first?.publishUri, second?.publishUri);
    assert.equal(first?.options.fetch, fetch);
    assert.equal(third?.options.timeout, 5);
    assert.equal(third?.options.retries, 0);
  });
});
