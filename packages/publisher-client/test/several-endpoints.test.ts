import assert from 'node:assert/strict';
import * as fanout from '@fanoutio/grip';
import { freePorts } from '../../../test/conformance/systems/free-ports.js';
import { type PublishErrorCode, Publisher } from '../src/index.js';
import { useEndpoints } from './support/endpoint.js';
import { failure } from './support/failure.js';

const HI = { 'ws-message': 'hi' };

describe('several endpoints, of which some fail', () => {
  const endpoints = useEndpoints();

  it('all get the items; the one that failed is named', async () => {
    const good = await endpoints.listen();
    const bad = await endpoints.statuses([403]);
    const late = await endpoints.listen();
    const error = await failure(new Publisher([good.url, bad.url, late.url]).publish('room', HI));
    assert.equal(error.uri, `${bad.url}/publish/`);
    assert.equal(error.context.statusCode, 403);
    assert.deepEqual([good.count, late.count], [1, 1]);
  });

  it('are all named when several failed', async () => {
    const [port] = await freePorts(1);
    const bad = await endpoints.statuses([403]);
    const good = await endpoints.listen();
    const error = await failure(
      new Publisher([`http://127.0.0.1:${port}`, good.url, bad.url]).publish('room', HI),
    );
    assert.equal(error.code, 'GRIP_ERR_PUBLISH_SEVERAL');
    assert.equal(error.uri, undefined);
    assert.deepEqual(
      error.errors.map(({ code, uri }) => [code, uri]),
      [
        ['GRIP_ERR_PUBLISH_UNREACHABLE', `http://127.0.0.1:${port}/publish/`],
        ['GRIP_ERR_PUBLISH_REFUSED', `${bad.url}/publish/`],
      ] satisfies [PublishErrorCode, string][],
    );
    assert.match(error.message, /^2 endpoints failed: .*ECONNREFUSED.*; .*answered 403: no 0$/);
  });

  it('may be clients of somebody else, which reject with what is no Error', async () => {
    const bad = await endpoints.statuses([403]);
    const publisher = new Publisher();
    publisher.addClient(new fanout.PublisherClient({ control_uri: bad.url }));
    publisher.addClient({ publish: () => Promise.reject('out of order') });
    const error = await failure(publisher.publish('room', HI));
    assert.deepEqual(
      error.errors.map(({ code, context, message }) => [code, context.statusCode, message]),
      [
        ['GRIP_ERR_PUBLISH_FAILED', 403, '"no 0\\n"'],
        ['GRIP_ERR_PUBLISH_FAILED', -1, 'out of order'],
      ],
    );
  });

  it('may be clients of @fanoutio/grip, which get what they can send', async () => {
    const endpoint = await endpoints.listen();
    const publisher = new Publisher();
    publisher.addClient(new fanout.PublisherClient({ control_uri: endpoint.url }));
    const formats = { 'ws-message': new Uint8Array([255]) };
    const receipt = await publisher.publish([
      { channel: 'a', formats, id: '1' },
      { channel: 'b', formats },
    ]);
    assert.equal(receipt, undefined);
    assert.deepEqual(endpoint.seen(0).items, [
      { channel: 'a', formats: { 'ws-message': { 'content-bin': '/w==' } }, id: '1' },
    ]);
    assert.deepEqual(endpoint.seen(1).items, [
      { channel: 'b', formats: { 'ws-message': { 'content-bin': '/w==' } } },
    ]);
  });
});
