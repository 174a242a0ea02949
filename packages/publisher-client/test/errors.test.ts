import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { freePorts } from '../../../test/conformance/systems/free-ports.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { onRequestHead, respond } from '../../../test/support/origin.js';
import { Publisher, type PublisherOptions } from '../src/index.js';
import { useEndpoints } from './support/endpoint.js';
import { failure } from './support/failure.js';

const HI = { 'ws-message': 'hi' };

describe('an endpoint that does not publish', () => {
  const endpoints = useEndpoints();
  const publish = (url: string, options?: PublisherOptions) =>
    failure(new Publisher(`${url}/?key=geheim&x=1`, options).publish('room', HI));

  for (const status of [301, 400, 401, 403, 404, 413, 429, 500, 502, 503]) {
    it(`is quoted when it answers with ${status}`, async () => {
      const endpoint = await endpoints.listen((res) =>
        respond(res, { status, fields: ['X-Why: because', 'Location: /elsewhere'], body: 'Not so.\n' }),
      );
      const error = await publish(endpoint.url);
      assert.equal(error.name, 'PublishException');
      assert.equal(error.code, 'GRIP_ERR_PUBLISH_REFUSED');
      assert.equal(error.message, `${endpoint.url}/publish/ answered ${status}: Not so.`);
      assert.equal(error.uri, `${endpoint.url}/publish/`);
      assert.equal(error.context.statusCode, status);
      assert.equal(error.context.headers?.get('X-Why'), 'because');
      assert.equal(error.context.httpBody, 'Not so.\n');
      assert.deepEqual(error.errors, []);
      // Without an id it could be delivered twice.
      assert.equal(endpoint.count, 1);
    });
  }

  it('is quoted in part when it has much to say, and by its status when it has nothing', async () => {
    const long = await endpoints.listen((res) => respond(res, { status: 500, body: 'x'.repeat(10_000) }));
    assert.equal((await publish(long.url)).message, `${long.url}/publish/ answered 500: ${'x'.repeat(200)}`);
    const short = await endpoints.listen((res) => respond(res, { status: 404 }));
    assert.equal((await publish(short.url)).message, `${short.url}/publish/ answered 404: Not Found`);
  });

  it('is named when nobody listens there', async () => {
    const [port] = await freePorts(1);
    const error = await publish(`http://127.0.0.1:${port}`);
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_UNREACHABLE');
    assert.deepEqual(error.context, { statusCode: -1 });
    assert.match(
      error.message,
      /^http:\/\/127\.0\.0\.1:\d+\/publish\/ cannot be reached: connect ECONNREFUSED/,
    );
    assert(error.cause instanceof TypeError);
  });

  it('is named when it resets the connection', async () => {
    const endpoint = await endpoints.raw((socket) =>
      onRequestHead(socket, () => void socket.resetAndDestroy()),
    );
    const error = await publish(endpoint.url);
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_UNREACHABLE');
    assert.deepEqual(error.context, { statusCode: -1 });
  });

  it('is named when its answer is no HTTP', async () => {
    const endpoint = await endpoints.raw((socket) =>
      onRequestHead(socket, () => void socket.end('220 mail ready\r\n\r\n')),
    );
    const error = await publish(endpoint.url);
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_UNREACHABLE');
    assert.deepEqual(error.context, { statusCode: -1 });
  });

  it('has its status told when its answer is cut', async () => {
    const endpoint = await endpoints.raw((socket) =>
      onRequestHead(socket, () => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPub')),
    );
    const error = await publish(endpoint.url);
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_UNREACHABLE');
    assert.equal(error.context.statusCode, 200);
    assert.match(error.message, /\/publish\/ answered 200, and was cut: /);
  });

  it('is not waited for longer than the time-out, with no answer or half of one', async () => {
    const clock = new ManualClock();
    const silent = await endpoints.raw(() => {});
    const slow = await endpoints.raw((socket) =>
      onRequestHead(socket, () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPub')),
    );
    for (const endpoint of [silent, slow]) {
      const failing = publish(endpoint.url, { clock });
      const socket = await endpoint.connection();
      await once(socket, 'data');
      clock.advance(9999);
      assert.equal(clock.pending, 1);
      clock.advance(1);
      const error = await failing;
      assert.equal(error.code, 'GRIP_ERR_PUBLISH_TIMEOUT');
      assert.equal(error.message, `${endpoint.url}/publish/ has not answered within 10000 ms`);
      assert.equal(error.context.statusCode, -1);
      // The request is given up, and with it the connection.
      await eventually(() => socket.destroyed, 'the end of the connection');
    }
  });

  it('is waited for as long as the publish says, for ever if that is 0', async () => {
    const clock = new ManualClock();
    const endpoint = await endpoints.raw(() => {});
    const publisher = new Publisher(endpoint.url, { clock, timeout: 500 });
    const short = failure(publisher.publish('room', HI, { timeout: 20 }));
    await endpoint.connection();
    clock.advance(20);
    assert.match((await short).message, /within 20 ms$/);
    const leaving = new AbortController();
    const endless = failure(publisher.publish('room', HI, { timeout: 0, signal: leaving.signal }));
    await endpoint.connection(1);
    assert.equal(clock.pending, 0);
    leaving.abort();
    await endless;
  });

  it('is given up when the time-out strikes, even if fetch does not notice', async () => {
    const clock = new ManualClock();
    const failing = publish('http://nowhere.invalid', { clock, fetch: () => new Promise(() => {}) });
    while (clock.pending === 0) await Promise.resolve();
    clock.advance(10_000);
    assert.equal((await failing).code, 'GRIP_ERR_PUBLISH_TIMEOUT');
  });
});

describe('a publish that is aborted', () => {
  const endpoints = useEndpoints();

  it('sends nothing when that was before', async () => {
    const endpoint = await endpoints.listen();
    const signal = AbortSignal.abort(new Error('no more'));
    const error = await failure(new Publisher(endpoint.url).publish('room', HI, { signal }));
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_ABORTED');
    assert.equal((error.cause as Error).message, 'no more');
    assert.equal(endpoint.count, 0);
  });

  it('gives its request up', async () => {
    const endpoint = await endpoints.listen(() => {});
    const leaving = new AbortController();
    const failing = failure(
      new Publisher(endpoint.url).publish([{ channel: 'room', formats: HI, id: '1' }], {
        signal: leaving.signal,
      }),
    );
    await endpoint.origin.completeRequest();
    leaving.abort('gone');
    const error = await failing;
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_ABORTED');
    assert.equal(error.message, `Publishing to ${endpoint.url}/publish/ was aborted`);
    assert.equal(error.cause, 'gone');
    await endpoint.origin.abandonedRequest();
    assert.equal(endpoint.count, 1);
  });

  it('has one code for all endpoints', async () => {
    const list = [await endpoints.listen(() => {}), await endpoints.listen(() => {})];
    const leaving = new AbortController();
    const failing = failure(
      new Publisher(list.map(({ url }) => url)).publish('room', HI, { signal: leaving.signal }),
    );
    for (const { origin } of list) await origin.completeRequest();
    leaving.abort();
    const error = await failing;
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_ABORTED');
    assert.equal(error.errors.length, 2);
  });
});

describe('an error of publishing', () => {
  const endpoints = useEndpoints();
  const SECRET = 's3cret-of-mine';

  it('holds no key and no password, even if the endpoint repeats them', async () => {
    const echo = await endpoints.listen((res, { headers }) =>
      respond(res, { status: 401, body: `${headers.authorization} is not ${SECRET}` }),
    );
    const host = echo.url.slice('http://'.length);
    const uris = [
      `http://${host}/?key=${SECRET}`,
      `http://${host}/?iss=me&key=${SECRET}`,
      `http://ann:${SECRET}@${host}/`,
      `http://${host}/?token=${SECRET}&key=${SECRET}`,
    ];
    for (const uri of uris) {
      const { message, uri: named } = await failure(new Publisher(uri).publish('room', HI));
      assert.equal(named, `${echo.url}/publish/`);
      assert.match(message, /answered 401: (Bearer|Basic) \*\*\* is not \*\*\*$/);
    }
  });

  it('holds none where fetch names the whole URL', async () => {
    const fetch = (url: unknown) => Promise.reject(new TypeError(`error sending request for url (${url})`));
    const { message } = await failure(
      new Publisher({ control_uri: `http://host.invalid/?token=${SECRET}` }, { fetch }).publish('room', HI),
    );
    assert.equal(
      message,
      'http://host.invalid/publish/ cannot be reached: error sending request for url (http://host.invalid/publish/)',
    );
  });

  it('says that there is no key to sign with', async () => {
    const endpoint = await endpoints.listen();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = publicKey.export({ format: 'jwk' });
    const publisher = new Publisher({ control_uri: endpoint.url, control_iss: 'me', key });
    const error = await failure(publisher.publish('room', HI, { id: '1' }));
    assert.match(error.message, /\/publish\/ cannot be authorized for: /);
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_AUTH');
    assert.equal(endpoint.count, 0);
  });
});
