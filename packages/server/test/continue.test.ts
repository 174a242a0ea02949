import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { P8Server, type P8ServerOptions } from 'p-8';
import { RawClient } from '../../../test/support/raw-client.js';

describe('a client of the p-8 command that asks before it sends a body', () => {
  const EXPECT = ['Expect: 100-continue', 'Content-Length: 5'];
  const closing: (() => unknown)[] = [];
  let asked: IncomingMessage[];

  /** What is asked: `front`, whose origin sends bodies back, or the control API. */
  async function connect(to: 'front' | 'control', options: P8ServerOptions = {}): Promise<RawClient> {
    asked = [];
    const listener = (req: IncomingMessage, res: ServerResponse): void => {
      asked.push(req);
      req.pipe(res);
    };
    const server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0 }],
      control: { port: 0, key: 'secret', maxBodySize: 100 },
      routes: [
        { host: 'example.com', target: { listener } },
        { host: 'dead', target: 'http://127.0.0.1:9' },
      ],
      ...options,
    });
    await server.start();
    const url = new URL((to === 'front' ? server.urls[0] : server.controlUrl) ?? '');
    const client = await RawClient.connect(Number(url.port));
    closing.unshift(
      () => client.destroy(),
      () => server.close(),
    );
    return client;
  }

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  it('is told to go on, and then answered; the connection stays open', async () => {
    const client = await connect('front');
    for (const i of [0, 1]) {
      client.request('POST /', EXPECT);
      await client.tail('HTTP/1.1 100 Continue\r\n\r\n');
      client.write('hello');
      const reply = await client.reply(i);
      assert.equal(`${reply.status} ${reply.body}`, '200 hello');
    }
    assert.equal(asked[0]?.headers.expect, undefined);
  });

  it('may send it without waiting', async () => {
    const client = await connect('front');
    client.request('POST /', EXPECT, 'hello');
    assert.equal(String((await client.reply()).body), 'hello');
  });

  it('publishes', async () => {
    const client = await connect('control');
    client.request('POST /publish', [
      'Authorization: Bearer secret',
      'Expect: 100-continue',
      'Content-Length: 12',
    ]);
    await client.tail('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('{"items":[]}');
    assert.equal((await client.reply()).status, 200);
  });

  const refusals: [to: 'front' | 'control', line: string, fields: string[], status: number][] = [
    ['front', 'POST /', ['Host: elsewhere'], 502],
    ['front', 'POST /', ['Host: dead'], 502],
    ['front', 'POST /', ['Host: a', 'Host: b'], 400],
    ['control', 'POST /publish', [], 401],
    ['control', 'POST /nothing', ['Authorization: Bearer secret'], 404],
  ];
  for (const [to, line, fields, status] of refusals) {
    it(`is refused without having been told to go on: ${to}, ${line} ${fields}`, async () => {
      const client = await connect(to);
      client.request(line, [...fields, ...EXPECT]);
      assert.equal((await client.reply()).status, status);
      assert.doesNotMatch(client.text, /100 Continue/);
      assert.equal(await client.closed(), 'ended');
      if (!client.socket.destroyed) await once(client.socket, 'close');
    });
  }
});
