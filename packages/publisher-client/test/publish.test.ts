import assert from 'node:assert/strict';
import * as fanout from '@fanoutio/grip';
import { GripProxy } from '@p-8/core';
import { settle } from '../../../test/support/eventually.js';
import { HttpStreamFormat, Item, Publisher, WebSocketMessageFormat } from '../src/index.js';
import { receiptOf, useEndpoints } from './support/endpoint.js';

describe('publishing to an endpoint', () => {
  const endpoints = useEndpoints();

  it('posts the item as JSON below the control URI', async () => {
    const endpoint = await endpoints.listen();
    const publisher = new Publisher(`${endpoint.url}/some/path?tenant=7&key=secret`);
    await publisher.publish('room', { 'http-stream': 'hé\n', 'ws-message': 'hi' });
    const { method, url, headers, items } = endpoint.seen();
    assert.equal(`${method} ${url}`, 'POST /some/path/publish/?tenant=7');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(endpoint.origin.requests[0]?.body.length));
    assert.equal(headers.authorization, 'Bearer secret');
    assert.deepEqual(items, [
      { channel: 'room', formats: { 'http-stream': { content: 'hé\n' }, 'ws-message': { content: 'hi' } } },
    ]);
  });

  it('writes bytes as base64', async () => {
    const endpoint = await endpoints.listen();
    const bytes = new Uint8Array([0, 255]);
    await new Publisher(endpoint.url).publish('room', {
      'http-response': { body: bytes, code: 201 },
      'http-stream': bytes,
      'ws-message': Buffer.from(bytes),
    });
    assert.deepEqual(endpoint.seen().items[0]?.formats, {
      'http-response': { code: 201, 'body-bin': 'AP8=' },
      'http-stream': { 'content-bin': 'AP8=' },
      'ws-message': { 'content-bin': 'AP8=' },
    });
  });

  it('says what else there is to say about the item, and keeps how it is published to itself', async () => {
    const endpoint = await endpoints.listen();
    await new Publisher(endpoint.url).publish(
      'room',
      { 'http-stream': { action: 'hint' } },
      {
        id: '2',
        'prev-id': '1',
        meta: { sender: 'ann' },
        'no-seq': true,
        size: 9,
        timeout: 5000,
        signal: new AbortController().signal,
      },
    );
    assert.deepEqual(endpoint.seen().items, [
      {
        channel: 'room',
        formats: { 'http-stream': { action: 'hint' } },
        id: '2',
        'prev-id': '1',
        meta: { sender: 'ann' },
        'no-seq': true,
        size: 9,
      },
    ]);
  });

  it('publishes many items in one request, with the prefix of the publisher', async () => {
    const endpoint = await endpoints.listen();
    const publisher = new Publisher(endpoint.url, { prefix: 'app-' });
    await publisher.publish([
      { channel: 'a', formats: { 'ws-message': '1' }, id: '1' },
      { channel: 'b', formats: { 'ws-message': '2' } },
    ]);
    await publisher.publish({ channel: 'c', formats: { 'ws-message': '3' } });
    assert.equal(endpoint.count, 2);
    assert.deepEqual(
      endpoint.seen().items.map(({ channel, id }) => [channel, id]),
      [
        ['app-a', '1'],
        ['app-b', undefined],
      ],
    );
    assert.equal(endpoint.seen(1).items[0]?.channel, 'app-c');
  });

  for (const [name, library] of [
    ['its own', { HttpStreamFormat, Item }],
    ['@fanoutio/grip’s', fanout],
  ] as const) {
    it(`publishes items of ${name} classes`, async () => {
      const endpoint = await endpoints.listen();
      const item = new library.Item(new library.HttpStreamFormat('hi\n'), '2', '1');
      await new Publisher(endpoint.url, { prefix: 'p-' }).publish('room', item);
      assert.deepEqual(endpoint.seen().items, [
        { channel: 'p-room', formats: { 'http-stream': { content: 'hi\n' } }, id: '2', 'prev-id': '1' },
      ]);
    });
  }

  it('has the shorter ways of js-grip', async () => {
    const endpoint = await endpoints.listen();
    const publisher = new Publisher(endpoint.url);
    await publisher.publishHttpStream('room', 'a', '1', '0');
    await publisher.publishHttpResponse('room', 'b');
    await publisher.publishHttpStream('room', new fanout.HttpStreamFormat('c'));
    await publisher.publishFormats(
      'room',
      [new HttpStreamFormat(null, true), new WebSocketMessageFormat('d')],
      '2',
    );
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => endpoint.seen(index).items[0]),
      [
        { channel: 'room', formats: { 'http-stream': { content: 'a' } }, id: '1', 'prev-id': '0' },
        { channel: 'room', formats: { 'http-response': { body: 'b' } } },
        { channel: 'room', formats: { 'http-stream': { content: 'c' } } },
        {
          channel: 'room',
          formats: { 'http-stream': { action: 'close', content: '' }, 'ws-message': { content: 'd' } },
          id: '2',
        },
      ],
    );
  });

  it('uses the same connection again, after errors too', async () => {
    const endpoint = await endpoints.statuses([200, 400, 200]);
    const publisher = new Publisher(endpoint.url);
    await publisher.publish('room', { 'ws-message': '1' });
    // Node's fetch frees a connection a moment after it has given the answer.
    await settle();
    await assert.rejects(publisher.publish('room', { 'ws-message': '2' }));
    await settle();
    await publisher.publish('room', { 'ws-message': '3' });
    assert.equal(endpoint.count, 3);
    assert.equal(endpoint.origin.connections, 1);
  });

  it('looks for fetch when it publishes, or uses its own', async () => {
    const seen: string[] = [];
    const fake = (name: string) => async (url: string | URL | Request) => {
      seen.push(`${name} ${url}`);
      return new Response('Published\n');
    };
    const own = new Publisher('http://own.invalid', { fetch: fake('own') });
    const others = new Publisher('http://global.invalid');
    const { fetch } = globalThis;
    globalThis.fetch = fake('global');
    try {
      await own.publish('room', { 'ws-message': 'hi' });
      await others.publish('room', { 'ws-message': 'hi' });
    } finally {
      globalThis.fetch = fetch;
    }
    assert.deepEqual(seen, ['own http://own.invalid/publish/', 'global http://global.invalid/publish/']);
  });

  it('sends no user and no password in the URL, but as Basic', async () => {
    const endpoint = await endpoints.listen();
    const withUser = endpoint.url.replace('//', '//ann:p%40ss@');
    for (const config of [
      withUser,
      { control_uri: withUser },
      { control_uri: endpoint.url, user: 'ann', pass: 'p@ss' },
    ]) {
      await new Publisher(config).publish('room', { 'ws-message': 'hi' });
    }
    const expected = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    assert.deepEqual(
      [0, 1, 2].map((index) => endpoint.seen(index).headers.authorization),
      [expected, expected, expected],
    );
  });

  it('lets nobody know the URI that is none', () => {
    assert.throws(
      () => new Publisher({ control_uri: '//ann:secret@host' }),
      (error: TypeError) => {
        assert.equal(error.message, 'control_uri is no URL: it must look like http://localhost:5561');
        return !('input' in error) && error.cause === undefined;
      },
    );
  });
});

describe('what publishing resolves to', () => {
  const endpoints = useEndpoints();
  const json = (value: unknown) =>
    endpoints.listen(
      (res) => void res.setHeader('Content-Type', 'application/json').end(JSON.stringify(value)),
    );

  it('is the receipt, where the endpoint tells', async () => {
    const endpoint = await json({ message: 'Published', ...receiptOf(3) });
    const receipt = await new Publisher(endpoint.url).publish('room', { 'ws-message': 'hi' });
    assert.deepEqual(receipt, receiptOf(3));
  });

  it('is the sum of the receipts of several endpoints', async () => {
    const three = await json({ message: 'Published', ...receiptOf(3) });
    const four = await json({ message: 'Published', ...receiptOf(4) });
    const grip = new GripProxy();
    const publisher = new Publisher([three.url, { control_uri: four.url }, grip]);
    assert.deepEqual(await publisher.publish('room', { 'ws-message': 'hi' }), receiptOf(7));
    await grip.close();
  });

  it('is not known where one endpoint does not tell', async () => {
    const three = await json({ message: 'Published', ...receiptOf(3) });
    const pushpin = await endpoints.listen();
    const publisher = new Publisher([three.url, pushpin.url]);
    assert.equal(await publisher.publish('room', { 'ws-message': 'hi' }), undefined);
  });

  for (const answer of [
    '',
    '{"message":"Published"}',
    '[]',
    'null',
    '{"matched":1}',
    '{"matched"',
    '\0\u{feff}',
  ]) {
    it(`is not known for an answer like ${JSON.stringify(answer)}`, async () => {
      const endpoint = await endpoints.listen((res) => void res.end(answer));
      assert.equal(await new Publisher(endpoint.url).publish('room', { 'ws-message': 'hi' }), undefined);
    });
  }

  it('is a receipt of zeros without endpoints', async () => {
    assert.deepEqual(await new Publisher(undefined).publish('room', { 'ws-message': 'hi' }), receiptOf(0));
  });
});
