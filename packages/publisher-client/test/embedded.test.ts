import assert from 'node:assert/strict';
import { GripProxy } from '@p-8/core';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import { hold } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import {
  EmbeddedClient,
  HttpStreamFormat,
  Item,
  PublishException,
  Publisher,
  PublisherClient,
  type PublisherOptions,
} from '../src/index.js';
import { receiptOf, useEndpoints } from './support/endpoint.js';

describe('publishing to a proxy in the same process', () => {
  const stage = useStage();
  const endpoints = useEndpoints();

  /** A stream on `room`, and a publisher for its proxy. */
  async function listening(options?: PublisherOptions) {
    const origin = await stage().origin((res) => hold(res, 'stream', 'room', { body: '[open]\n' }));
    const front = await stage().proxy({ target: origin.url });
    const client = await stage().client(front);
    client.request('GET /');
    await client.bodyWith('[open]\n');
    return { client, front, publisher: new Publisher(front.proxy, options) };
  }

  it('reaches its clients, and tells how many', async () => {
    const { client, publisher } = await listening();
    assert.deepEqual(await publisher.publish('room', { 'http-stream': 'a\n' }), receiptOf(1));
    assert.deepEqual(
      await publisher.publish('room', { 'http-stream': new Uint8Array([98, 10]) }),
      receiptOf(1),
    );
    assert.deepEqual(await publisher.publish('room', new Item(new HttpStreamFormat('c\n'))), receiptOf(1));
    assert.deepEqual(
      await publisher.publishHttpStream('room', new HttpStreamFormat(new Uint8Array([100, 10]))),
      receiptOf(1),
    );
    assert.deepEqual(await publisher.publish('other', { 'http-stream': 'no' }), receiptOf(0));
    const { body } = await client.bodyWith('d\n');
    assert.equal(body.toString(), '[open]\na\nb\nc\nd\n');
  });

  it('adds the prefix', async () => {
    const { publisher } = await listening({ prefix: 'ro' });
    assert.deepEqual(await publisher.publish('om', { 'http-stream': 'a\n' }), receiptOf(1));
  });

  it('goes together with endpoints elsewhere', async () => {
    const { front, client } = await listening();
    const endpoint = await endpoints.listen();
    const publisher = new Publisher([front.proxy, { control_uri: endpoint.url }]);
    await publisher.publish('room', { 'http-stream': new Uint8Array([97]) });
    await client.bodyWith('a');
    assert.deepEqual(endpoint.seen().items[0]?.formats, { 'http-stream': { 'content-bin': 'YQ==' } });
  });

  it('takes the middleware of an adapter, and another publisher', async () => {
    const endpoint = await endpoints.listen();
    const adapters = [expressGrip(), koaGrip()];
    const publisher = new Publisher([...adapters, new Publisher(endpoint.url)]);
    assert.equal(await publisher.publish('room', { 'ws-message': 'hi' }), undefined);
    assert.equal(publisher.clients.length, 3);
    assert.equal(endpoint.count, 1);
    for (const grip of adapters) await grip.close();
  });

  it('rejects with what is wrong with an item, and with a proxy that is closed', async () => {
    const proxy = new GripProxy();
    const publisher = new Publisher(proxy);
    await assert.rejects(publisher.publish('room', { 'ws-message': {} }), (error: PublishException) => {
      assert(error instanceof PublishException);
      assert.equal(error.code, 'GRIP_ERR_PUBLISH_INVALID_ITEM');
      assert.match(error.message, /'ws-message' does not contain 'content' or 'content-bin'/);
      return true;
    });
    await proxy.close();
    await assert.rejects(publisher.publish('room', { 'ws-message': 'hi' }), (error: PublishException) => {
      assert.equal(error.code, 'GRIP_ERR_PUBLISH_FAILED');
      assert.match(error.message, /the proxy is closed/);
      return (error.cause as { code: string }).code === 'GRIP_ERR_CLOSED';
    });
  });

  it('sends nothing when it has been aborted', async () => {
    const { publisher } = await listening();
    const options = { signal: AbortSignal.abort() };
    await assert.rejects(publisher.publish('room', { 'http-stream': 'a' }, options), {
      code: 'GRIP_ERR_PUBLISH_ABORTED',
    });
  });

  it('is an endpoint that can be published to by itself, as others are', async () => {
    const { front, client } = await listening();
    const endpoint = await endpoints.listen();
    const item = new Item(new HttpStreamFormat('a'));
    const [embedded, other] = [
      new EmbeddedClient(front.proxy),
      new PublisherClient({ control_uri: endpoint.url }),
    ];
    assert.deepEqual(await embedded.publish('room', item), receiptOf(1));
    assert.equal(await other.publish('room', item), undefined);
    await client.bodyWith('a');
    assert.deepEqual(endpoint.seen().items, [
      { channel: 'room', formats: { 'http-stream': { content: 'a' } } },
    ]);
  });
});
