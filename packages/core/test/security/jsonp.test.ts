import assert from 'node:assert/strict';
import { eventually } from '../../../../test/support/eventually.js';
import { field, type HttpReply } from '../../../../test/support/http-reply.js';
import { hold, type Origin } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';

const encode = encodeURIComponent;

describe('threat 17: JSON-P', () => {
  const stage = useStage();
  let origin: Origin;

  async function ask(
    path: string,
    fields: string[] = [],
    autoCrossOrigin = true,
    body = '',
  ): Promise<HttpReply> {
    origin = await stage().origin((res) => res.writeHead(200, { 'X-A': '1' }).end('{"hello": "world"}'));
    const client = await stage().client(await stage().proxy({ target: origin.url, autoCrossOrigin }));
    client.request(`GET ${path}`, fields, body);
    return await client.reply();
  }

  it('is off by default', async () => {
    const reply = await ask('/?callback=cb', [], false);
    assert.equal(String(reply.body), '{"hello": "world"}');
    assert.equal(origin.requests[0]?.url, '/?callback=cb');
  });

  it('wraps a response, and lets nobody take it for something else than a script', async () => {
    const reply = await ask('/x?a=1&callback=a.b_$9&c=2');
    assert.match(
      String(reply.body),
      /^\/\*\*\/a\.b_\$9\(\{"code": 200, .*"body": "\{\\"hello\\": \\"world\\"\}"\}\);\n$/,
    );
    assert.equal(field(reply, 'content-type'), 'application/javascript');
    assert.equal(field(reply, 'x-content-type-options'), 'nosniff');
    assert.equal(origin.requests[0]?.url, '/x?a=1&c=2');
  });

  const callbacks = [
    '',
    'alert(1)//',
    'a b',
    'a;b',
    'a[0]',
    'a"b',
    "a'b",
    '<script>',
    'a\n',
    'a/**/',
    'ä',
    'a`b`',
    'x'.repeat(201),
  ];
  for (const callback of callbacks) {
    it(`refuses the callback ${JSON.stringify(callback.slice(0, 20))}`, async () => {
      const reply = await ask(`/?callback=${encode(callback)}`);
      assert.equal(`${reply.status} ${reply.body}`, '400 Invalid callback parameter.\n');
      assert.equal(field(reply, 'content-type'), 'text/plain');
      assert.equal(origin.requests.length, 0);
    });
  }

  const invalid: [name: string, query: string][] = [
    ['a broken escape', 'callback=%zz'],
    ['a method that is none', 'callback=cb&_method=GET%20/x'],
    ['a method with a line end', 'callback=cb&_method=GET%0d%0aX:1'],
    ['an empty method', 'callback=cb&_method='],
    ['TRACE', 'callback=cb&_method=TRACE'],
    ['CONNECT', 'callback=cb&_method=CONNECT'],
    ['fields that are no JSON', 'callback=cb&_headers=x'],
    ['fields that are a list', 'callback=cb&_headers=[]'],
    ['a field with a line end', `callback=cb&_headers=${encode('{"X":"a\\r\\nY: b"}')}`],
    ['a field whose name is none', `callback=cb&_headers=${encode('{"X Y":"a"}')}`],
    ['a field that is a number', `callback=cb&_headers=${encode('{"X":1}')}`],
  ];
  for (const [name, query] of invalid) {
    it(`refuses ${name}`, async () => {
      assert.equal((await ask(`/?${query}`)).status, 400);
      assert.equal(origin.requests.length, 0);
    });
  }

  it('lets a page set no field that frames, routes or belongs to GRIP', async () => {
    const headers = {
      Host: 'evil.test',
      'Content-Length': '5',
      'Transfer-Encoding': 'chunked',
      Connection: 'X-Own',
      'Grip-Sig': 'forged',
      grip_last: 'forged',
      __proto__: 'x',
      'X-Fine': '1',
    };
    for (const method of ['GET', 'POST']) {
      const reply = await ask(`/?callback=cb&_method=${method}&_headers=${encode(JSON.stringify(headers))}`, [
        'X-Own: 1',
      ]);
      assert.match(String(reply.body), /"code": 200/, String(reply.body));
      const seen = await origin.request();
      assert.equal(seen.headers.host, 'example.com');
      assert.equal(seen.headers['x-fine'], '1');
      assert.doesNotMatch(seen.rawHeaders.join(), /forged/);
      assert.equal(seen.headers['transfer-encoding'], undefined);
      assert.notEqual(seen.headers['content-length'], '5');
    }
  });

  it('takes the body from the query, and no other', async () => {
    await ask(`/?callback=cb&_method=POST&_body=${encode('from query')}`, [], true, 'own body');
    assert.equal(String((await origin.completeRequest()).body), 'from query');
    await ask('/?callback=cb', [], true, 'own body');
    assert.equal(String((await origin.completeRequest()).body), '');
  });

  it('lets no response break out of its script', async () => {
    const evil = '</script><script>alert(1)</script>"});alert(2);//\u2028\u2029\0';
    const target = await stage().origin((res) => {
      res.writeHead(200, 'R"});//', { 'X-A': '"});alert(3)//' }).end(evil);
    });
    const client = await stage().client(await stage().proxy({ target: target.url, autoCrossOrigin: true }));
    client.request('GET /?callback=cb');
    const script = String((await client.reply()).body);
    const json = /^\/\*\*\/cb\((.*)\);\n$/s.exec(script)?.[1] ?? assert.fail(script);
    const value = JSON.parse(json) as { body: string; reason: string; headers: Record<string, string> };
    assert.deepEqual([value.body, value.reason, value.headers['X-A']], [evil, 'R"});//', '"});alert(3)//']);
    assert.doesNotMatch(script, /[\u2028\u2029]/);
  });

  it('wraps what answers a hold, too', async () => {
    const target = await stage().origin((res) => hold(res, 'response', 'ch'));
    const { proxy, port } = await stage().proxy({ target: target.url, autoCrossOrigin: true });
    const client = await stage().client({ port });
    client.request('GET /?callback=cb');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { code: 404, body: '"pushed"' } });
    const reply = await client.reply();
    assert.equal(reply.status, 200);
    assert.match(String(reply.body), /^\/\*\*\/cb\(\{"code": 404, .*"body": "\\"pushed\\""\}\);\n$/);
  });
});
