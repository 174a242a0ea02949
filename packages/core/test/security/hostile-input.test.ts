import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { parseInstruct, parseItems } from '@p-8/protocol';
import { hold } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';
import { isHost } from '../../src/http/client-request.js';
import { relayedHeaders } from '../../src/http/forwarded-headers.js';
import { checkRequest } from '../../src/http/request-checks.js';
import { patchBody } from '../../src/sessions/body-patch.js';

const LONG = 200_000;

const PATCH_LIMITS = { bytes: 1_048_576, operations: 1000, depth: 100 };

/** Texts that make careless expressions look back again and again. */
const NASTY = [
  'a',
  ',',
  ';',
  '"',
  '\\',
  '\\"',
  ' ',
  '\t ',
  'a=',
  'a;',
  'a,"',
  '%',
  '%(',
  '%(a)s',
  '/..',
  '<',
  '<a>;',
  'a:',
  '[',
  '.',
  '~1',
  '/a',
].map((part) => part.repeat(Math.ceil(LONG / part.length)));

describe('threat 14: input that takes very long to read', () => {
  const readers: [name: string, read: (text: string) => unknown][] = [
    ['Host', (text) => isHost(text)],
    [
      'Transfer-Encoding',
      (text) =>
        checkRequest({ method: 'GET', rawHeaders: ['Transfer-Encoding', text] } as IncomingMessage, '/'),
    ],
    [
      'the request target',
      (text) =>
        checkRequest({ method: 'GET', rawHeaders: [] as string[] } as IncomingMessage, `http://${text}`),
    ],
    ['Connection', (text) => relayedHeaders(['Connection', text, 'A', '1'])],
    [
      'JSON pointers',
      (text) => patchBody(Buffer.from('{"a":[]}'), [{ op: 'add', path: text, value: 1 }], PATCH_LIMITS),
    ],
    [
      'bodies of patches',
      (text) => patchBody(Buffer.from(`"${text}"`), [{ op: 'add', path: '/a', value: 1 }], PATCH_LIMITS),
    ],
    [
      'bodies of line ends',
      (text) =>
        patchBody(
          Buffer.from(`{"a":1}${text.replaceAll(/./g, '\n')}`),
          [{ op: 'test', path: '/a', value: 1 }],
          PATCH_LIMITS,
        ),
    ],
    ...[
      'Grip-Channel',
      'Grip-Link',
      'Grip-Keep-Alive',
      'Grip-Set-Meta',
      'Grip-Status',
      'Grip-Timeout',
      'Grip-Expose-Headers',
      'Content-Type',
    ].map((name): [string, (text: string) => unknown] => [
      name,
      (text) =>
        parseInstruct({
          status: 200,
          reason: '',
          headers: ['Grip-Hold', 'stream', name, text],
          body: Buffer.alloc(0),
        }),
    ]),
  ];
  for (const [name, read] of readers) {
    it(`as ${name} does not`, () => {
      const start = process.cpuUsage();
      for (const text of NASTY) read(text);
      const { user } = process.cpuUsage(start);
      assert(user < 2_000_000, `${user / 1000} ms for ${NASTY.length} texts of ${LONG} characters`);
    });
  }

  it('as JSON of great depth does not, nor does it end the process', () => {
    const deep = '['.repeat(1_000_000);
    assert.throws(() => JSON.parse(deep));
    const text = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const nested = JSON.parse(text) as unknown;
    parseItems({ items: [nested] });
    parseItems(nested);
    const add = { op: 'add', path: '/a'.repeat(40_000), value: nested };
    assert.equal(typeof patchBody(Buffer.from(text), [add], PATCH_LIMITS), 'string');
  });
});

describe('threat 13: names that all objects have', () => {
  const stage = useStage();
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

  it('are channels, ids and meta like any other', async () => {
    const origin = await stage().origin((res) => {
      hold(
        res,
        'stream',
        [...names.map((name) => `${name}; prev-id=1`), ...names.map((name) => `x${name}; filter=skip-self`)],
        {
          fields: [...names.map((name) => `Grip-Set-Meta: ${name}=polluted`), 'Grip-Link: </next>; rel=next'],
          body: '[',
        },
      );
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request('GET /');
    await client.bodyWith('[');
    for (const name of names) {
      assert.equal(proxy.hub.subscriberCount(name), 1, name);
      const meta = JSON.parse(`{"${name}":"polluted"}`) as Record<string, string>;
      const receipt = await proxy.publish(name, { 'http-stream': name }, { id: name, 'prev-id': '1', meta });
      assert.equal(receipt.delivered, 1);
      assert.equal(proxy.hub.lastId(name), name);
      await client.bodyWith(name);
    }
    assert.equal(Object.keys({}).length, 0);
    assert.equal('polluted' in {}, false);
    assert.equal(String({}), '[object Object]');
  });

  it('are header names like any other', async () => {
    const origin = await stage().origin((res) => res.end('ok'));
    const client = await stage().client(await stage().proxy({ target: origin.url }));
    client.request(
      'GET /',
      names.map((name) => `${name}: 1`),
    );
    await client.reply();
    const seen = await origin.request();
    for (const name of names) assert(seen.rawHeaders.includes(name), name);
  });

  it('are formats that nobody knows', () => {
    for (const name of names) {
      const item = `{"channel":"a","formats":{"${name}":{"http-stream":{"content":"x"}}}}`;
      const items = parseItems(JSON.parse(`{"items":[${item}]}`));
      assert(items.ok);
      assert.equal(items.value[0]?.httpStream, undefined);
    }
  });
});
