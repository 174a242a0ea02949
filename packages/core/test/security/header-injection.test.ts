import assert from 'node:assert/strict';
import type { FormatsInput, GripProxy } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { field } from '../../../../test/support/http-reply.js';
import { hold, onRequestHead } from '../../../../test/support/origin.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';

describe('threat 2: header injection', () => {
  const stage = useStage();

  async function held(): Promise<{ proxy: GripProxy; client: RawClient }> {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch'));
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    return { proxy, client };
  }

  const wrong: [name: string, response: object][] = [
    ['a line end in a value', { headers: { 'X-A': 'a\r\nSet-Cookie: evil=1' } }],
    ['a bare LF in a value', { headers: { 'X-A': 'a\nb' } }],
    ['a zero byte in a value', { headers: { 'X-A': 'a\0' } }],
    ['a line end in a name', { headers: { 'X-A\r\nX-B': '1' } }],
    ['a space in a name', { headers: { 'X A': '1' } }],
    ['a colon in a name', { headers: { 'X:A': '1' } }],
    ['an empty name', { headers: { '': '1' } }],
    ['a list of three', { headers: [['X', 'a', 'b']] }],
    ['a line end in the reason', { reason: 'OK\r\nX-Evil: 1' }],
    ['status 0', { code: 0 }],
    ['status 100', { code: 100 }],
    ['status 101', { code: 101 }],
    ['status 600', { code: 600 }],
    ['status 1000', { code: 1000 }],
    ['a status that is text', { code: '200 OK\r\nX: 1' }],
  ];
  for (const [name, response] of wrong) {
    it(`by a publisher with ${name}: nothing is published`, async () => {
      const { proxy, client } = await held();
      const formats = { 'http-response': { body: 'x', ...response } } as FormatsInput;
      await assert.rejects(proxy.publish('ch', formats), { code: 'GRIP_ERR_INVALID_ITEM' });
      assert.equal(client.receivedBytes, 0);
      assert.equal(proxy.stats().sessions, 1);
    });
  }

  it('by a publisher with fields that frame or route: they are dropped', async () => {
    const { proxy, client } = await held();
    const headers = {
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      Connection: 'close, X-Named',
      'X-Named': '1',
      'Keep-Alive': 'timeout=1',
      Upgrade: 'h2c',
      Trailer: 'X',
      TE: 'trailers',
      'Proxy-Connection': 'x',
      'Grip-Hold': 'stream',
      grip_sig: 'x',
      'X-Fine': '1',
    };
    await proxy.publish('ch', { 'http-response': { body: 'hello', headers } });
    const reply = await client.reply();
    assert.equal(String(reply.body), 'hello');
    const names = reply.fields.map(([name]) => name.toLowerCase()).sort();
    assert.deepEqual(names, ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-fine']);
    assert.equal(field(reply, 'content-length'), '5');
    assert.equal(field(reply, 'connection'), 'keep-alive');
  });

  it('by a publisher with text that is not ASCII: it goes out as UTF-8', async () => {
    const { proxy, client } = await held();
    await proxy.publish('ch', { 'http-response': { body: 'x', reason: 'Größe', headers: { 'X-A': 'ü€' } } });
    const reply = await client.reply();
    assert.equal(Buffer.from(reply.reason, 'latin1').toString(), 'Größe');
    assert.equal(Buffer.from(field(reply, 'x-a') ?? '', 'latin1').toString(), 'ü€');
  });

  const instructs: [name: string, head: string, body: string][] = [
    ['Grip-Status with a zero byte', 'Grip-Status: 200 a\tb\0', ''],
    ['Grip-Status 100', 'Grip-Status: 100 Continue', ''],
    ['Grip-Status 999', 'Grip-Status: 999', ''],
    [
      'JSON with a line end in a field',
      'Content-Type: application/grip-instruct',
      '{"response":{"headers":{"X":"a\\r\\nY: b"}}}',
    ],
    [
      'JSON with a line end in the reason',
      'Content-Type: application/grip-instruct',
      '{"response":{"reason":"a\\r\\nY: b"}}',
    ],
    [
      'JSON with a name that is none',
      'Content-Type: application/grip-instruct',
      '{"response":{"headers":{"X Y":"a"}}}',
    ],
    ['JSON with status 101', 'Content-Type: application/grip-instruct', '{"response":{"code":101}}'],
  ];
  for (const [name, head, body] of instructs) {
    it(`by an origin with ${name}: 502`, async () => {
      const origin = await stage().rawOrigin((socket) => {
        onRequestHead(socket, () => {
          socket.write(
            `HTTP/1.1 200 OK\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
            'latin1',
          );
        });
      });
      const client = await stage().client(await stage().proxy({ target: origin.url }));
      client.request('GET /');
      assert.equal((await client.reply()).status, 502);
      assert.doesNotMatch(client.text, /\r\nY: b/);
    });
  }

  it('by a channel name in Grip-Last: such a field is not sent', async () => {
    const origin = await stage().origin((res, _seen, count) => {
      if (count > 0) {
        res.end('again');
        return;
      }
      res.writeHead(200, { 'Content-Type': 'application/grip-instruct' });
      const channels = [
        { name: 'a\r\nX-Evil: 1', 'prev-id': '1' },
        { name: 'b', 'prev-id': '1\r\nX-Evil: 1' },
        { name: 'c', 'prev-id': 'ü' },
      ];
      res.end(JSON.stringify({ hold: { channels } }));
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('c', { 'http-response': { action: 'hint' } }, { 'prev-id': 'ü' });
    await client.reply();
    const { headers } = await origin.request(1);
    assert.equal(headers['x-evil'], undefined);
    assert.equal(Buffer.from(String(headers['grip-last']), 'latin1').toString(), 'c; last-id=ü');
  });
});
