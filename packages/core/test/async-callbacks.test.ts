import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { GripProxy, GripProxyOptions, Logger } from '@p-8/core';
import { silentLogger } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

const listenerOf = (listener: () => unknown): RequestListener => listener as RequestListener;

/** A rejection that nobody handles would end the process. */
describe('what an application gives a proxy to call', () => {
  const stage = useStage();
  let server: ProxyServer;
  let proxy: GripProxy;
  let errors: unknown[];
  let unhandled: unknown[];
  const onUnhandled = (reason: unknown): unknown => unhandled.push(reason);

  beforeEach(() => {
    unhandled = [];
    process.on('unhandledRejection', onUnhandled);
  });
  afterEach(async () => {
    await settle();
    process.off('unhandledRejection', onUnhandled);
    assert.deepEqual(unhandled, []);
  });

  async function start(options: GripProxyOptions = {}): Promise<void> {
    errors = [];
    const error: Logger['error'] = (fields) => errors.push(Object.values(fields)[0]);
    const origin = await stage().origin((res) => res.end('plain'));
    server = await stage().proxy({ target: origin.url, logger: { ...silentLogger, error }, ...options });
    ({ proxy } = server);
  }

  const publish = (): Promise<unknown> => proxy.publish('ch', { 'http-stream': 'hello' });

  it('may be a listener that is async and rejects: it is in the log', async () => {
    await start();
    const fault = new Error('async');
    proxy.on('publish', async () => {
      throw fault;
    });
    await publish();
    await eventually(() => errors.length === 1, 'an entry in the log');
    assert.deepEqual(errors, [fault]);
  });

  it('may be a listener that throws: the others are told all the same', async () => {
    await start();
    const told: string[] = [];
    proxy.on('publish', () => {
      throw new Error('first');
    });
    proxy.once('publish', () => {
      throw new Error('once');
    });
    proxy.on('publish', ({ channel }) => told.push(channel));
    await publish();
    await publish();
    assert.deepEqual(told, ['ch', 'ch']);
    assert.deepEqual(errors.map(String), ['Error: first', 'Error: once', 'Error: first']);
  });

  it('may be a listener that is removed again, whichever way it was added', async () => {
    await start();
    const told: string[] = [];
    const listener = (): unknown => told.push('told');
    proxy.on('publish', listener).off('publish', listener);
    proxy.once('publish', listener).removeListener('publish', listener);
    proxy.addListener('publish', listener).off('publish', listener);
    await publish();
    assert.deepEqual(told, []);
    assert.equal(proxy.listenerCount('publish'), 0);
    proxy.once('publish', listener);
    await publish();
    await publish();
    assert.deepEqual(told, ['told']);
  });

  it('may be a logger that is async and rejects', async () => {
    const rejecting = async (): Promise<void> => {
      throw new Error('the log is full');
    };
    const logger = { error: rejecting, warn: rejecting, info: rejecting, debug: rejecting };
    await start({ logger });
    proxy.on('publish', () => {
      throw new Error('to be logged');
    });
    await publish();
    const client = await stage().client(server);
    client.request('TRACE /');
    assert.equal((await client.reply()).status, 405);
  });

  for (const [what, target] of [
    ['throws', listenerOf(() => assert.fail('thrown'))],
    ['is async and rejects', listenerOf(async () => assert.fail('rejected'))],
  ] as const) {
    it(`may be a listener in place of an origin that ${what}: its request is answered 502`, async () => {
      await start({ target: { listener: target } });
      const client = await stage().client(server);
      client.request('GET /');
      assert.equal((await client.reply()).status, 502);
      assert.match(String(errors[0]), /thrown|rejected/);
    });
  }

  it('may be a filter of WebSockets that is async: the WebSocket is refused, and the log says why', async () => {
    await start();
    const filter = (async () => {
      throw new Error('async');
    }) as unknown as () => boolean;
    proxy.attach(server.server, { filter });
    const client = await WsClient.ask(stage(), server);
    await client.closed();
    await eventually(() => errors.length === 2, 'entries in the log');
    assert.match(String(errors[0]), /cannot be async/);
    assert.equal(String(errors[1]), 'Error: async');
  });
});
