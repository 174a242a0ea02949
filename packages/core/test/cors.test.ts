import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { eventually } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { hold } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { crossOriginHeaders } from '../src/http/cors.js';

function added(request: Record<string, string>, present: string[]): Record<string, string> {
  const list = crossOriginHeaders({ headers: request } as unknown as IncomingMessage, present);
  const pairs: [string, string][] = [];
  for (let i = 0; i < list.length; i += 2) pairs.push([list[i] ?? '', list[i + 1] ?? '']);
  return Object.fromEntries(pairs);
}

describe('auto cross origin', () => {
  const stage = useStage();

  it('echoes what a page asks for, and keeps what the origin says', () => {
    const request = {
      origin: 'https://o',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'X-A, X-B,',
    };
    const present = ['Content-Type', 'x', 'X-Foo', '1', 'Grip-Bar', '1', 'Access-Control-Allow-Origin', 'z'];
    assert.deepEqual(added(request, present), {
      'Access-Control-Allow-Methods': 'PUT',
      'Access-Control-Allow-Headers': 'X-A, X-B',
      'Access-Control-Expose-Headers': 'X-Foo',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Max-Age': '3600',
    });
  });

  it('allows every page where none says who it is', () => {
    assert.deepEqual(added({}, []), {
      'Access-Control-Allow-Methods': 'OPTIONS, HEAD, GET, POST, PUT, DELETE',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Max-Age': '3600',
    });
  });

  it('is off by default', async () => {
    const origin = await stage().origin((res) => res.end('x'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request('GET /', ['Origin: https://o']);
    assert.equal(field(await client.reply(), 'access-control-allow-origin'), undefined);
  });

  it('is for responses that pass, for errors, and for what is held', async () => {
    const origin = await stage().origin((res, seen) => {
      if (seen.url === '/plain') res.end('x');
      else if (seen.url === '/broken') res.writeHead(200, { 'Grip-Hold': 'maybe' }).end();
      else hold(res, seen.url === '/poll' ? 'response' : 'stream', 'ch', { body: '[', fields: ['X-A: 1'] });
    });
    const { proxy, port } = await stage().proxy({ target: origin.url, autoCrossOrigin: true });
    for (const path of ['/plain', '/broken', '/poll', '/stream']) {
      const client = await stage().client({ port });
      client.request(`GET ${path}`, ['Origin: https://o']);
      if (path === '/poll') {
        await eventually(() => proxy.stats().sessions === 1, 'a hold');
        await proxy.publish('ch', { 'http-response': { body: 'x', headers: { 'X-B': '1' } } });
      }
      const head = await client.head();
      assert.equal(field(head, 'access-control-allow-origin'), 'https://o', path);
      if (path === '/poll') assert.match(field(head, 'access-control-expose-headers') ?? '', /^X-A, .*X-B$/);
    }
  });
});
