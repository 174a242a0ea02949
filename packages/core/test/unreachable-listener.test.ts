import assert from 'node:assert/strict';
import http, { type RequestListener } from 'node:http';
import { GripProxy, memorySockets } from '@p-8/core';

/** Asks a proxy that has `listener` for its target, through memory. */
async function ask(listener: RequestListener): Promise<[status: number | undefined, body: string]> {
  const proxy = new GripProxy({ target: { listener }, debug: true });
  const server = http.createServer((req, res) => proxy.handle(req, res));
  const [client, end] = memorySockets();
  server.emit('connection', end);
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get('http://app.test/', { createConnection: () => client }, resolve).once('error', reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  await proxy.close();
  return [response.statusCode, Buffer.concat(chunks).toString()];
}

describe('a listener in this process that breaks its connection', () => {
  it('is not reached where it says that it could not connect itself', async () => {
    const refused = Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' });
    const [status, body] = await ask((req) => req.socket.destroy(refused));
    assert.equal(status, 502);
    assert.match(body, /^Unable to connect to any targets/);
  });

  it('has failed where it says nothing, or something else', async () => {
    for (const error of [undefined, new Error('broken')]) {
      const [status, body] = await ask((req) => req.socket.destroy(error));
      assert.equal(status, 502);
      assert.match(body, /the app gave no response/);
    }
  });
});
