import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripError, GripProxy } from '@p-8/core';
import { gripProxy as expressProxy } from '@p-8/express';
import { gripProxy as koaProxy } from '@p-8/koa';
import { PublishException, Publisher } from '@p-8/publisher-client';
import { createGripTest } from '@p-8/testing';
import express from 'express';
import Koa from 'koa';
import { NotedWarnings } from './support/noted-warnings.js';
import { IN_PROCESS, listen, REMOTE } from './support/ways.js';

describe('a mistake that is refused', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function keep(server: Server): Server {
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return server;
  }

  for (const [name, mount] of Object.entries({ ...IN_PROCESS, ...REMOTE })) {
    it(`is an app in place of a server, ${name}`, () => {
      const { grip, listener } = mount({}, (_req, res) => void res.end());
      closing.push(() => grip.close());
      const server = keep(http.createServer(listener));
      for (const wrong of [listener, express(), new Koa(), undefined, null, {}]) {
        assert.throws(
          () => grip.attach(wrong as unknown as Server),
          (error: GripError) =>
            error.code === 'GRIP_ERR_OPTION' && /attach\(app\.listen\(/.test(error.message),
        );
      }
      grip.attach(server);
      assert.equal(server.listenerCount('upgrade'), 1);
    });

    it(`is a format that there is not, ${name}`, async () => {
      const { grip } = mount({}, (_req, res) => void res.end());
      closing.push(() => grip.close());
      for (const [formats, says] of WRONG_FORMATS) {
        const items = [
          () => grip.publish('ch', formats),
          () => grip.publish({ channel: 'ch', formats }),
          () =>
            grip.publish([
              { channel: 'ch', formats: { 'ws-message': 'hello' } },
              { channel: 'ch', formats },
            ]),
        ];
        for (const publish of items) {
          await assert.rejects(
            publish,
            (error: GripError) => error.code === 'GRIP_ERR_INVALID_ITEM' && says.test(error.message),
          );
        }
      }
    });
  }

  it('is a format that there is not, by a test of @p-8/testing', async () => {
    const t = await createGripTest((_req, res) => void res.end());
    closing.push(() => t.close());
    for (const [formats, says] of WRONG_FORMATS) await assert.rejects(t.publish('ch', formats), says);
  });

  it('is a format that there is not, by a publisher; nothing is sent', async () => {
    let sent = 0;
    const fetch = async (): Promise<Response> => {
      sent++;
      return new Response('Published');
    };
    const publisher = new Publisher('http://localhost:5561/', { fetch });
    for (const [formats, says] of WRONG_FORMATS) {
      await assert.rejects(
        publisher.publish('ch', formats),
        (error) => error instanceof PublishException && says.test(error.message),
      );
    }
    assert.equal(sent, 0);
    // A format of one's own, for a proxy that knows it.
    await publisher.publish('ch', { own: { a: 1 } } as object);
    assert.equal(sent, 1);
  });

  it('is a format that there is not, by the control API: it is ignored, and told of', async () => {
    const warnings = new NotedWarnings();
    closing.push(() => warnings.stop());
    const proxy = new GripProxy();
    closing.push(() => proxy.close());
    const server = keep(await listen(proxy.controlApi()));
    const { port } = server.address() as AddressInfo;
    const publish = async (formats: object): Promise<number> => {
      const body = JSON.stringify({ items: [{ channel: 'ch', formats }] });
      return (await fetch(`http://127.0.0.1:${port}/publish`, { method: 'POST', body })).status;
    };
    assert.equal(await publish({ 'http-stream': { content: 'a' } }), 200);
    assert.deepEqual(await warnings.all(), []);
    assert.equal(await publish({ 'http-steam': { content: 'a' } }), 200);
    assert.equal(await publish({ 'http-steam': { content: 'a' } }), 200);
    assert.equal((await warnings.all()).length, 1);
    assert.match((await warnings.all())[0] ?? '', /^P8_UNKNOWN_FORMAT .*'http-steam'.*http-stream/);
  });

  it('is no byte order mark, nor a line break in a string, of what is published', async () => {
    const proxy = new GripProxy();
    closing.push(() => proxy.close());
    const contents: string[] = [];
    proxy.on('publish', ({ httpStream }) => {
      if (httpStream?.action === 'send') contents.push(Buffer.from(httpStream.content).toString());
    });
    const server = keep(await listen(proxy.controlApi()));
    const { port } = server.address() as AddressInfo;
    const body = '\uFEFF{"items":[{"channel":"ch","formats":{"http-stream":{"content":"a\nb\r\n\tc"}}}]}';
    const reply = await fetch(`http://127.0.0.1:${port}/publish`, { method: 'POST', body });
    assert.deepEqual([reply.status, contents], [200, ['a\nb\r\n\tc']]);
  });

  it('is gripProxy that has not been called, in Express', async () => {
    const errors: unknown[] = [];
    const app = express().use(expressProxy as unknown as express.RequestHandler);
    app.use(((error, _req, res, _next) => {
      errors.push(error);
      res.status(500).end();
    }) as express.ErrorRequestHandler);
    const { port } = keep(await listen(app)).address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/`);
    assertNotCalled(errors[0]);
  });

  it('is gripProxy that has not been called, in Koa', async () => {
    const app = new Koa().use(koaProxy as unknown as Koa.Middleware);
    app.silent = true;
    const told = once(app, 'error');
    const { port } = keep(await listen(app.callback())).address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/`);
    assertNotCalled((await told)[0]);
  });
});

const WRONG_FORMATS: readonly (readonly [formats: object, says: RegExp])[] = [
  [{ 'http-steam': 'hello' }, /no format 'http-steam': formats are http-response, ?http-stream, ?ws-message/],
  [{ 'http-stream': 'hello', message: 'hello' }, /no format 'message'/],
  [{ 'http-stream': undefined }, /'http-stream' is undefined/],
  [{ 'http-stream': 'hello', 'ws-message': undefined }, /'ws-message' is undefined/],
  [{ 'ws-message': null }, /'ws-message' is null/],
];

function assertNotCalled(error: unknown): void {
  assert.ok(error instanceof GripError);
  assert.equal(error.code, 'GRIP_ERR_OPTION');
  assert.match(error.message, /app\.use\(gripProxy\(\)\)/);
}
