import assert from 'node:assert/strict';
import { decodeUtf8, encodeUtf8, formatGripUri, type GripEndpoint, parseGripUri } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectFailure, expectOk } from './helpers.js';

const nothing: GripEndpoint = {
  controlUri: 'http://localhost:5561',
  controlIss: undefined,
  key: undefined,
  verifyIss: undefined,
  verifyKey: undefined,
  user: undefined,
  pass: undefined,
};

describe('a GRIP URI', () => {
  const table: [string, Partial<GripEndpoint>][] = [
    ['http://localhost:5561', {}],
    ['http://localhost:5561/', {}],
    ['http://localhost:5561/?iss=realm&key=changeme', { controlIss: 'realm', key: bytes('changeme') }],
    [
      'https://api.example.com/service/?key=base64:AWGA/g%3D%3D&verify-iss=up&verify-key=base64:AAEC',
      {
        controlUri: 'https://api.example.com/service',
        key: Uint8Array.of(0x01, 0x61, 0x80, 0xfe),
        verifyIss: 'up',
        verifyKey: Uint8Array.of(0, 1, 2),
      },
    ],
    ['http://a/b//', { controlUri: 'http://a/b/' }],
    ['http://a/b/?x=1&key=k&y=2', { controlUri: 'http://a/b?x=1&y=2', key: bytes('k') }],
    ['http://us%40er:p%3Ass@a/', { controlUri: 'http://a', user: 'us@er', pass: 'p:ss' }],
    ['http://user@a', { controlUri: 'http://a', user: 'user' }],
    ['http://%zz:x@a', { controlUri: 'http://a', user: '%zz', pass: 'x' }],
    ['http://[::1]:5561/', { controlUri: 'http://[::1]:5561' }],
    ['http://a/?key=&iss=', { controlUri: 'http://a' }],
    ['http://a/?key=base64:%2B/8=', { controlUri: 'http://a', key: Uint8Array.of(0xfb, 0xff) }],
    ['http://a/?key=base64:+/8=', { controlUri: 'http://a', key: Uint8Array.of(0xfb, 0xff) }],
    ['http://a/?x&y=%20+&key=k&z=1', { controlUri: 'http://a?x&y=%20+&z=1', key: bytes('k') }],
    ['http://a/?key=two+words', { controlUri: 'http://a', key: bytes('two words') }],
  ];
  for (const [uri, expected] of table) {
    it(`reads ${uri}`, () => assert.deepEqual(expectOk(parseGripUri(uri)), { ...nothing, ...expected }));
  }

  const errors: [string, RegExp][] = [
    ['', /no absolute URL/],
    ['localhost', /no absolute URL/],
    ['/grip?key=s3cret', /no absolute URL/],
    ['tcp://localhost:5560?key=s3cret', /scheme 'tcp': it must be http or https/],
    ['localhost:5561?key=s3cret', /scheme 'localhost'/],
  ];
  for (const [uri, message] of errors) {
    it(`refuses '${uri}' without telling secrets`, () => {
      const text = expectFailure(parseGripUri(uri));
      assert.match(text, message);
      assert.doesNotMatch(text, /s3cret/);
    });
  }

  it('can be copied from an endpoint', () => {
    assert.equal(formatGripUri({ controlUri: 'http://localhost:3000/grip' }), 'http://localhost:3000/grip');
    const uri = formatGripUri({
      controlUri: 'http://localhost:5561',
      controlIss: 'realm',
      key: bytes('changeme'),
      user: 'us@er',
      pass: 'p:ss',
    });
    assert.equal(uri, 'http://us%40er:p%3Ass@localhost:5561/?iss=realm&key=changeme');
  });

  it('comes back from the endpoint that it describes', () => {
    const word = fc.option(
      fc.string({ unit: 'binary', minLength: 1 }).map((value) => decodeUtf8(encodeUtf8(value))),
      { nil: undefined },
    );
    const key = fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined });
    const endpoint = fc.record({
      controlUri: fc.constantFrom(
        'http://a',
        'http://a:5561/b',
        'https://a/b/',
        'http://a/b?x=1&y=%20',
        'http://a?x',
      ),
      controlIss: word,
      key,
      verifyIss: word,
      verifyKey: key,
      user: word,
      pass: word,
    });
    fc.assert(
      fc.property(endpoint, (expected) => {
        const first = expectOk(parseGripUri(formatGripUri(expected)));
        assert.deepEqual(first.key && [...first.key], expected.key && [...expected.key]);
        assert.deepEqual(
          [first.controlIss, first.verifyIss, first.user, first.pass],
          [expected.controlIss, expected.verifyIss, expected.user, expected.pass],
        );
        assert.equal(first.controlUri, expected.controlUri);
      }),
    );
  });
});
