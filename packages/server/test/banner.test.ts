import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { parseGripUri } from '@p-8/protocol';
import { type BannerFacts, formatBanner } from '../src/banner.js';

const facts: BannerFacts = {
  version: '1.2.3',
  options: {},
  urls: ['http://localhost:7999'],
  controlUrl: 'http://127.0.0.1:5561',
  configPath: undefined,
  routes: ['* localhost:80'],
  showSecrets: true,
};

/** The line of the banner that is meant to be copied. */
function gripUrl(changes: Partial<BannerFacts>): string {
  return /GRIP_URL=(.*)/.exec(formatBanner({ ...facts, ...changes }))?.[1] ?? '';
}

describe('the banner', () => {
  it('lists where to connect', () => {
    assert.equal(
      formatBanner({ ...facts, configPath: '/etc/p-8.conf', options: { demo: true } }),
      `P-8 1.2.3

  clients      http://localhost:7999
  control API  http://127.0.0.1:5561
  route        * localhost:80
  config       /etc/p-8.conf
  demo         open http://localhost:7999/ in a browser

  GRIP_URL='http://127.0.0.1:5561/?key=changeme&verify-key=changeme'

`,
    );
  });

  it('has no GRIP_URL without a control API', () => {
    const banner = formatBanner({ ...facts, controlUrl: undefined });
    assert.match(banner, /control API {2}off\n/);
    assert.doesNotMatch(banner, /GRIP_URL/);
  });

  it('quotes a GRIP_URL that a shell would take apart', () => {
    const options = { control: { key: 'a b' }, proxy: { sigKey: 'base64:AWGA/g==' } };
    const url = gripUrl({ options });
    assert.match(url, /^'http:\/\/127\.0\.0\.1:5561\/\?key=a%20b&verify-key=base64%3AAWGA%2Fg%3D%3D'$/);
    const parsed = parseGripUri(url.slice(1, -1));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value.verifyKey, Uint8Array.from([0x01, 0x61, 0x80, 0xfe]));
  });

  it('shows no secrets where it may end in a log', () => {
    const options = { control: { key: 'secret1', iss: 'me' }, proxy: { sigKey: 'secret2' } };
    assert.equal(
      gripUrl({ options, showSecrets: false }),
      "'http://127.0.0.1:5561/?iss=me&key=HIDDEN&verify-key=HIDDEN'",
    );
  });

  it('gives the public half of an asymmetric key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const sigKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const parsed = parseGripUri(gripUrl({ options: { proxy: { sigKey } } }).replaceAll("'", ''));
    assert.ok(parsed.ok);
    assert.match(Buffer.from(parsed.value.verifyKey ?? []).toString(), /^-----BEGIN PUBLIC KEY-----/);
  });

  it('has both keys for libraries that read no verify-key, and for those that want a key beside it', () => {
    assert.match(gripUrl({ options: { proxy: { sigKey: 'a' } } }), /\?key=a&verify-key=a'$/);
    assert.match(
      gripUrl({ options: { proxy: { sigKey: 'a' } }, showSecrets: false }),
      /\?key=HIDDEN&verify-key=HIDDEN'$/,
    );
    assert.match(
      gripUrl({ options: { control: { key: 'b' }, proxy: { sigKey: 'a' } } }),
      /\?key=b&verify-key=a'$/,
    );
  });

  it('has no key to verify where requests are not signed', () => {
    assert.equal(gripUrl({ options: { proxy: { sigKey: '' } } }), 'http://127.0.0.1:5561/');
  });
});
