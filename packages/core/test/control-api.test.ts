import assert from 'node:assert/strict';
import http from 'node:http';
import type { ControlApiOptions } from '@p-8/core';
import { eventually } from '../../../test/support/eventually.js';
import { field, type HttpReply } from '../../../test/support/http-reply.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const item = (channel: string, id?: string): object => ({
  channel,
  ...(id === undefined ? {} : { id }),
  formats: { 'http-response': { body: 'x' } },
});

describe('the control API', () => {
  const stage = useStage();
  let server: ProxyServer;
  let clock: ManualClock;

  async function connect(options: ControlApiOptions = {}): Promise<RawClient> {
    clock = new ManualClock();
    const origin = await stage().origin((res, _seen, count) => {
      if (count === 0) hold(res, 'response', 'held');
      else res.end('again');
    });
    server = await stage().proxy({ target: origin.url, clock }, http.createServer());
    const handle = server.proxy.controlApi(options);
    server.server.removeAllListeners('request');
    server.server.on('request', (req, res) => {
      if (req.url === '/poll') server.proxy.handle(req, res);
      else handle(req, res);
    });
    return await stage().client(server);
  }

  async function ask(
    line: string,
    fields: string[] = [],
    body: string | object = '',
    options?: ControlApiOptions,
  ): Promise<HttpReply> {
    const client = await connect(options);
    client.request(line, fields, typeof body === 'string' ? body : JSON.stringify(body));
    return await client.reply();
  }

  function text({ status, body }: HttpReply): string {
    return `${status} ${body}`;
  }

  const table: [name: string, line: string, fields: string[], body: string | object, answer: string][] = [
    ['the root', 'GET /', [], '', '200 Pushpin API\n'],
    ['the root, by any method', 'DELETE /', [], '', '200 Pushpin API\n'],
    ['items', 'POST /publish', [], { items: [item('a'), item('b')] }, '200 Published\n'],
    ['items, with a slash at the end', 'POST /publish/', [], { items: [item('a')] }, '200 Published\n'],
    ['no items at all', 'POST /publish/', [], { items: [] }, '200 Published\n'],
    [
      'an Accept that takes all last',
      'POST /publish',
      ['Accept: application/json, */*'],
      { items: [] },
      '200 Published\n',
    ],
    [
      'text/html only',
      'POST /publish',
      ['Accept: text/html'],
      { items: [] },
      '406 Not Acceptable. Supported formats are text/plain and application/json.\n',
    ],
    ['a query', 'POST /publish?x=1', [], { items: [] }, '404 Not Found\n'],
    ['another path', 'POST /publishing', [], { items: [] }, '404 Not Found\n'],
    ['two slashes at the end', 'POST /publish//', [], { items: [] }, '404 Not Found\n'],
    ['another method', 'GET /publish/', [], '', '405 Method not allowed: GET.\n'],
    ['another method to recover', 'PUT /recover', [], 'x', '405 Method not allowed: PUT.\n'],
    ['recover', 'POST /recover', ['Content-Length: 0'], '', '200 Updated\n'],
    ['no length', 'POST /publish', [], '', '411 Request requires Content-Length.\n'],
    ['no JSON', 'POST /publish', [], '{"items":', '400 Body is not valid JSON.\n'],
    ['a scalar', 'POST /publish', [], '"text"', '400 Body is not valid JSON.\n'],
    ['null', 'POST /publish', [], 'null', '400 Body is not valid JSON.\n'],
    ['a list', 'POST /publish', [], [], '400 Invalid format.\n'],
    [
      'an object without items',
      'POST /publish',
      [],
      {},
      "400 Invalid format: object does not contain 'items'\n",
    ],
    [
      'items that are no list',
      'POST /publish',
      [],
      { items: {} },
      "400 Invalid format: object contains 'items' with wrong type\n",
    ],
    [
      'a broken item',
      'POST /publish',
      [],
      { items: [item('a'), { channel: 5 }] },
      "400 Invalid format: publish item object contains 'channel' with wrong type\n",
    ],
  ];
  for (const [name, line, fields, body, answer] of table) {
    it(`answers ${JSON.stringify(answer)} to ${name}`, async () => {
      const reply = await ask(line, fields, body);
      assert.equal(text(reply), answer);
      assert.equal(field(reply, 'content-type'), 'text/plain');
      assert.equal(field(reply, 'allow'), reply.status === 405 ? 'POST' : undefined);
    });
  }

  it('answers in JSON who asks for it, with what became of the items', async () => {
    const reply = await ask('POST /publish', ['Accept: application/json'], { items: [item('a')] });
    assert.equal(field(reply, 'content-type'), 'application/json');
    const receipt = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };
    assert.deepEqual(JSON.parse(String(reply.body)), { message: 'Published', ...receipt });
    const recovered = await ask('POST /recover', ['Accept: application/json', 'Content-Length: 0']);
    assert.equal(String(recovered.body), '{"message":"Updated"}\n');
  });

  it('publishes to those who are held; one bad item stops all', async () => {
    const client = await connect();
    const poll = await stage().client(server);
    poll.request('GET /poll');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    client.request('POST /publish', [], JSON.stringify({ items: [item('held'), { channel: 'x' }] }));
    assert.equal((await client.reply()).status, 400);
    assert.equal(poll.receivedBytes, 0);
    client.request(
      'POST /publish',
      ['Accept: application/json'],
      JSON.stringify({ items: [item('held', '1'), item('held', '1')] }),
    );
    assert.match(String((await client.reply(1)).body), /"matched":1,"delivered":1/);
    assert.equal(String((await poll.reply()).body), 'x');
  });

  it('has those who are held asked for again on recover', async () => {
    const client = await connect();
    const poll = await stage().client(server);
    poll.request('GET /poll');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    client.request('POST /recover', ['Content-Length: 0']);
    await client.reply();
    clock.advance(100);
    assert.equal(String((await poll.reply()).body), 'again');
  });

  it('takes a body of 1,000,000 bytes, and no larger one', async () => {
    const filler = (size: number): string => {
      const head = '{"items":[]';
      return `${head}${' '.repeat(size - head.length - 1)}}`;
    };
    assert.equal((await ask('POST /publish', [], filler(1_000_000))).status, 200);
    assert.equal((await ask('POST /publish', [], filler(1_000_001))).status, 413);
  });

  it('forgets a client that leaves in the middle of its body', async () => {
    const client = await connect();
    client.request('POST /publish', ['Content-Length: 100'], '{"items"');
    client.reset();
    const other = await stage().client(server);
    other.request('GET /');
    assert.equal((await other.reply()).status, 200);
  });

  it('leaves to others what is not below its path', async () => {
    const { proxy } = await stage().proxy({});
    const handle = proxy.controlApi({ path: '/grip/' });
    const front = await stage().proxy({ routes: [] });
    front.server.removeAllListeners('request');
    front.server.on('request', (req, res) => handle(req, res, () => res.end('next')));
    const client = await stage().client(front);
    const answers: [path: string, answer: string][] = [
      ['/grip', 'Pushpin API\n'],
      ['/grip/', 'Pushpin API\n'],
      ['/grip/other', 'Not Found\n'],
      ['/gripes', 'next'],
      ['/', 'next'],
    ];
    for (const [index, [path, answer]] of answers.entries()) {
      client.request(`GET ${path}`);
      assert.equal(String((await client.reply(index)).body), answer, path);
    }
  });
});
