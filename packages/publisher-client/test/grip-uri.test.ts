import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import * as theirFanout from '@fanoutio/grip/fastly-fanout';
import * as ours from '@p-8/publisher-client';
import * as ourFanout from '@p-8/publisher-client/fastly-fanout';
import fc from 'fast-check';

describe('GRIP URIs, as @fanoutio/grip reads them', () => {
  const table: readonly string[] = [
    'http://localhost:5561',
    'http://localhost:5561/',
    'https://host/a/b/',
    'https://host/a//',
    'https://user:pass@host/a?iss=realm&key=base64:AWGA/g==',
    'https://user@host/',
    'https://host/?key=a+b%2Bc&verify-key=%7B%22kty%22%3A%22oct%22%7D&verify-iss=x',
    'https://host/?other=a%20b&iss=x&more=%26#part',
    'https://host/?iss=a&iss=b',
    'HTTPS://Host:443/A/?x',
  ];
  for (const uri of table) {
    it(`are the same: ${uri}`, () => assert.deepEqual(ours.parseGripUri(uri), theirs.parseGripUri(uri)));
  }

  it('are the same with more parameters', () => {
    const value = fc.string({ minLength: 1 });
    const parameters = fc.record(
      { iss: value, key: value, 'verify-iss': value, 'verify-key': value, other: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(parameters, parameters, fc.constantFrom('', '/', '/a', '/a/'), (own, more, path) => {
        const uri = `http://localhost${path}?${new URLSearchParams(own)}`;
        const additional = { ...more, 'verify-iss': undefined } as Record<string, string | undefined>;
        assert.deepEqual(ours.parseGripUri(uri, additional), theirs.parseGripUri(uri, additional));
      }),
    );
  });
});

describe('Fastly Fanout, as @fanoutio/grip knows it', () => {
  const table: readonly ourFanout.BuildFanoutGripConfigParams[] = [
    { serviceId: 'abc', apiToken: 'to+ken' },
    {
      serviceId: 'abc',
      apiToken: 'x',
      baseUrl: 'https://example.com/a/',
      verifyIss: 'iss',
      verifyKey: 'text',
    },
    {
      serviceId: 'abc',
      apiToken: 'x',
      baseUrl: new URL('https://example.com/?a=b'),
      verifyKey: { kty: 'oct', k: 'AA' },
    },
  ];
  for (const params of table) {
    it(`is the same: ${JSON.stringify(params)}`, () => {
      assert.equal(ourFanout.buildFanoutGripUrl(params), theirFanout.buildFanoutGripUrl(params));
      assert.deepEqual(ourFanout.buildFanoutGripConfig(params), theirFanout.buildFanoutGripConfig(params));
    });
  }
});
