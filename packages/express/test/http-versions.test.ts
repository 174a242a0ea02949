import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useStage } from '../../../test/support/apps/stage.js';

const REFUSAL = 'HTTP version not supported: 2.0. Use HTTP/1.1.\n';

describe('a request of HTTP/2 to an Express app', () => {
  const stage = useStage();

  for (const target of [undefined, 'http://127.0.0.1:9']) {
    const where = target === undefined ? 'that is its own origin' : 'with a target';

    it(`${where} is refused, mounted and wrapped`, async () => {
      const grip = stage().grip(gripProxy(target === undefined ? {} : { target }));
      for (const listener of [express().use(grip), grip.wrap(express())]) {
        const site = await stage().serve(listener);
        const bytes = await site.raw('GET / HTTP/2.0\r\nHost: a\r\n\r\n');
        assert.match(bytes, /^HTTP\/1\.1 505 /);
        assert(bytes.endsWith(REFUSAL), bytes);
      }
    });

    it(`${where} is refused where the server speaks HTTP/2, wrapped: Express itself does not`, async () => {
      const grip = stage().grip(gripProxy(target === undefined ? {} : { target }));
      for (const listener of [grip.wrap(express())]) {
        const server = http2.createServer(listener as never).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        const stream = session.request({ ':path': '/' });
        const [headers] = await once(stream, 'response');
        let body = '';
        for await (const chunk of stream) body += chunk;
        assert.equal(headers[':status'], 505);
        assert.equal(body, REFUSAL);
        session.close();
        server.close();
        await once(server, 'close');
      }
    });
  }
});
