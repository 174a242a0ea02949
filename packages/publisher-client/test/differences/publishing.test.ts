import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import * as ours from '@p-8/publisher-client';
import { differencesOf, GRIP, type Library } from '../support/differences.js';
import { formsOf, PAIRS } from '../support/keys.js';
import { isOpen } from '../support/node-request.js';

const answer = (status: number) => async (): Promise<Response> => new Response('no\n', { status });

differencesOf('Publishing', (difference) => {
  difference('errors of publishing', async () => {
    const failure = (lib: Library) =>
      new lib.Publisher(GRIP, { fetch: answer(400) })
        .publishHttpStream('a', 'x')
        .catch((error: unknown) => error);
    const theirError = await failure(theirs);
    assert.ok(theirError instanceof theirs.PublishException && !(theirError instanceof Error));
    const ourError = await failure(ours);
    assert.ok(ourError instanceof ours.PublishException && ourError instanceof Error);
    assert.equal(ourError.code, 'GRIP_ERR_PUBLISH_REFUSED');
    assert.equal(ourError.uri, 'http://127.0.0.1:1/publish/');
    assert.equal(ourError.context.statusCode, theirError.context.statusCode);
  });

  difference('a proxy that never answers', async () => {
    const never = (_url: unknown, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    assert.ok(await isOpen(new theirs.Publisher(GRIP, { fetch: never }).publishHttpStream('a', 'x')));
    await assert.rejects(new ours.Publisher(GRIP, { fetch: never, timeout: 1 }).publishHttpStream('a', 'x'), {
      code: 'GRIP_ERR_PUBLISH_TIMEOUT',
    });
  });

  difference('several proxies that fail', async () => {
    const two = [GRIP, { control_uri: 'http://127.0.0.2:1/' }];
    const failure = (lib: Library): Promise<unknown> =>
      new lib.Publisher(two, { fetch: answer(400) })
        .publishHttpStream('a', 'x')
        .catch((error: unknown) => error);
    assert.deepEqual(Object.keys((await failure(theirs)) as object), ['message', 'context']);
    const error = await failure(ours);
    assert.ok(error instanceof ours.PublishException);
    assert.deepEqual(
      error.errors.map(({ uri }) => uri),
      ['http://127.0.0.1:1/publish/', 'http://127.0.0.2:1/publish/'],
    );
  });

  difference('redirects', async () => {
    const redirectOf = async (lib: Library) => {
      let redirect: string | undefined = 'follow';
      const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
        redirect = init?.redirect ?? 'follow';
        return new Response('Published\n');
      };
      await new lib.Publisher(GRIP, { fetch }).publishHttpStream('a', 'x');
      return redirect;
    };
    assert.equal(await redirectOf(theirs), 'follow');
    assert.equal(await redirectOf(ours), 'manual');
  });

  difference('one token for many publishes', async () => {
    const pair = formsOf(PAIRS.RS256(), 'privateKey').PEM;
    const clock = { now: 1_700_000_000_000 };
    const auth = new ours.Auth.Jwt({ iss: 'a' }, ours.loadKey(pair), undefined, () => clock.now);
    const first = await auth.buildHeader();
    clock.now += 479_999;
    assert.equal(await auth.buildHeader(), first);
    clock.now += 1;
    assert.notEqual(await auth.buildHeader(), first);

    let signed = 0;
    class CountedKey extends theirs.PemKey {
      override getKeyLike(alg: string) {
        signed++;
        return super.getKeyLike(alg);
      }
    }
    const theirAuth = new theirs.Auth.Jwt({ iss: 'a' }, new CountedKey(pair as string));
    await theirAuth.buildHeader();
    await theirAuth.buildHeader();
    assert.equal(signed, 2);
  });

  difference('keys of elliptic curves', async () => {
    for (const [alg, make] of Object.entries(PAIRS)) {
      if (alg === 'RS256') continue;
      const pair = make();
      const key = formsOf(pair, 'privateKey').PEM;
      await assert.rejects(new theirs.Auth.Jwt({ iss: 'a' }, theirs.loadKey(key)).buildHeader(), TypeError);
      const header = await new ours.Auth.Jwt({ iss: 'a' }, ours.loadKey(key)).buildHeader();
      assert.match(atob(header.slice(7).split('.')[0] ?? ''), new RegExp(`"alg":"${alg}"`));
      const verifyKey = formsOf(pair, 'publicKey').PEM as string;
      assert.ok(await theirs.validateSig(header.slice(7), verifyKey, 'a'));
    }
  });

  difference('PEM keys that are neither SPKI nor PKCS#8', () => {
    const pem = '-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n';
    assert.ok(theirs.isSymmetricSecret(theirs.loadKey(pem)));
    assert.throws(() => ours.loadKey(pem), /must be SPKI .* or PKCS#8/);
  });

  difference('PEM keys with space before them or \\n in them', async () => {
    const pem = ours.PUBLIC_KEY_FASTLY_FANOUT_PEM;
    assert.ok(theirs.isSymmetricSecret(theirs.loadKey(`\n${pem}`)));
    for (const key of [`\n${pem}`, pem.replaceAll('\n', '\\n')]) {
      const loaded = ours.loadKey(key);
      assert.ok(loaded instanceof ours.PemKey);
      assert.equal((await loaded.getKeyLike('ES256')).type, 'public');
    }
  });

  difference('an empty secret', async () => {
    const token = (await new theirs.Auth.Jwt({ iss: 'a' }, new Uint8Array()).buildHeader()).slice(7);
    assert.equal(await theirs.validateSig(token, ''), true);
    assert.equal(await ours.validateSig(token, ''), false);
  });

  difference('percent-encoded users and passwords in a GRIP URI', () => {
    const uri = 'http://us%65r:p%40ss%25@localhost:5561/';
    assert.equal(theirs.parseGripUri(uri).pass, 'p%40ss%25');
    assert.deepEqual(ours.parseGripUri(uri), {
      control_uri: 'http://localhost:5561/',
      user: 'user',
      pass: 'p@ss%',
    });
    // Not percent-encoding, though it looks like it.
    assert.equal(ours.parseGripUri('http://u:100%@localhost/').pass, '100%');
  });

  difference('empty parameters of a GRIP URI', () => {
    const uri = 'http://localhost:5561/?iss=&key=&verify-iss=&verify-key=x';
    const additional = { 'verify-key': '' };
    assert.equal(theirs.parseGripUri(uri, additional).verify_key, '');
    assert.deepEqual(ours.parseGripUri(uri, additional), {
      control_uri: 'http://localhost:5561/',
      verify_key: 'x',
    });
  });

  difference('a GRIP URI that is no URL of HTTP', () => {
    assert.deepEqual(theirs.parseGripUri('localhost:5561'), { control_uri: 'localhost:5561' });
    for (const uri of ['localhost:5561', 'nonsense?key=hush', '']) {
      assert.throws(
        () => ours.parseGripUri(uri),
        (error: Error) =>
          error instanceof TypeError &&
          !JSON.stringify({ ...error, message: error.message }).includes('hush'),
      );
    }
  });

  difference('status codes that are numbers', () => {
    const lost = new theirs.HttpResponseFormat(404 as never, 'Gone', null, 'x');
    assert.deepEqual(lost.export(), {});
    const taken = new ours.HttpResponseFormat(404, 'Gone', null, 'x');
    assert.deepEqual(taken.export(), { code: 404, reason: 'Gone', body: 'x' });
  });
});
