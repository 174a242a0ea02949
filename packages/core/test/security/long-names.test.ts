import assert from 'node:assert/strict';
import http from 'node:http';
import { type GripError, GripProxy, silentLogger } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';
import { KINDS, WebSocketParty } from '../support/web-socket-party.js';

const LONGEST = 'x'.repeat(1024);
const TOO_LONG = `${LONGEST}x`;
const CONTENT = { 'http-stream': 'x' };

describe('threat 11: long names and ids', () => {
  const stage = useStage();

  it('are refused by the control API', async () => {
    const server = http.createServer();
    const behind = await stage().proxy({}, server);
    server.removeAllListeners('request');
    server.on('request', behind.proxy.controlApi());
    for (const key of ['channel', 'id', 'prev-id']) {
      for (const [name, status] of [
        [LONGEST, 200],
        [TOO_LONG, 400],
      ] as const) {
        const client = await stage().client(behind);
        const item = { channel: 'a', formats: { 'http-stream': { content: 'x' } }, [key]: name };
        client.request('POST /publish', [], JSON.stringify({ items: [item] }));
        const reply = await client.reply();
        assert.equal(reply.status, status);
        if (status === 400)
          assert.match(String(reply.body), new RegExp(`'${key}' of 1025 bytes; at most 1024 are`));
      }
    }
  });

  it('are refused by publish()', async () => {
    const proxy = new GripProxy();
    const isInvalid = ({ code, message }: GripError): boolean =>
      code === 'GRIP_ERR_INVALID_ITEM' && message.includes('of 1025 bytes; at most 1024 are allowed');
    await assert.rejects(proxy.publish(TOO_LONG, CONTENT), isInvalid);
    await assert.rejects(proxy.publish('a', CONTENT, { id: TOO_LONG }), isInvalid);
    await assert.rejects(proxy.publish('a', CONTENT, { 'prev-id': TOO_LONG }), isInvalid);
    await proxy.publish(LONGEST, CONTENT, { id: LONGEST, 'prev-id': LONGEST });
    await proxy.close();
  });

  for (const prefix of ['', 'p-']) {
    it(`of an instruct are answered 502, prefix '${prefix}'`, async () => {
      const origin = await stage().origin((res, { url }) => hold(res, 'stream', url.slice(1), { body: '[' }));
      const { proxy, port } = await stage().proxy({ target: origin.url, prefix, debug: true });
      const longest = LONGEST.slice(prefix.length);
      const refused = await stage().client({ port });
      refused.request(`GET /${longest}x`);
      const reply = await refused.reply();
      assert.equal(reply.status, 502);
      assert.match(String(reply.body), /Grip-Channel contains 'name' of 1025 bytes/);
      const client = await stage().client({ port });
      client.request(`GET /${longest}`);
      await client.bodyWith('[');
      await proxy.publish(prefix + longest, { 'http-stream': 'hello' });
      await client.bodyWith('hello');
    });
  }

  it('of a target are refused when the proxy is made', () => {
    const target = { url: 'http://127.0.0.1:1', subscribe: [TOO_LONG] };
    assert.throws(() => new GripProxy({ target }), { code: 'GRIP_ERR_OPTION' });
  });

  for (const kind of KINDS) {
    it(`in control messages of an origin ${kind} are ignored like other wrong ones, and logged`, async () => {
      const logged: string[] = [];
      const logger = { ...silentLogger, info: (_fields: object, message: string) => logged.push(message) };
      const party = await WebSocketParty.start(stage(), kind, 'grip', { proxy: { logger } });
      await party.control({ type: 'subscribe', channel: TOO_LONG });
      await party.control({ type: 'subscribe', channel: 'a', 'last-id': TOO_LONG });
      await party.control({ type: 'subscribe', channel: LONGEST });
      assert.equal(party.proxy.stats().channels, 1);
      await party.control({ type: 'unsubscribe', channel: TOO_LONG });
      const ignored = logged.filter((message) => message.startsWith('control message ignored'));
      assert.equal(ignored.length, 3);
      assert.match(ignored[0] ?? '', /'channel' of 1025 bytes; at most 1024 are allowed$/);
      await party.proxy.publish(LONGEST, { 'ws-message': 'hello' });
      assert.deepEqual(await party.arrived(), ['text hello']);
    });
  }

  it('of a client that comes back are ids that nobody knows: it is told of a gap', async () => {
    const fields = ['Content-Type: text/event-stream'];
    const origin = await stage().origin((res) => hold(res, 'stream', 'room', { fields, body: ':\n\n' }));
    const server = await stage().proxy({ target: origin.url, history: { channels: ['room'] } });
    const client = await stage().client(server);
    client.request('GET /', [`Last-Event-ID: ${TOO_LONG}`]);
    await client.bodyWith('event: gap\n');
  });

  it('of SockJS sessions lead nowhere', async () => {
    const origin = await stage().origin((res) => res.writeHead(404).end('no'));
    const server = await stage().proxy({ target: { url: origin.url, overHttp: true }, sockjs: '/chat' });
    const client = await stage().client(server);
    client.request(`POST /chat/000/${TOO_LONG}/xhr`);
    assert.equal((await client.reply()).status, 404);
    assert.equal(origin.requests.length, 0);
    await eventually(() => server.proxy.stats().sessions === 0, 'no session');
  });
});
