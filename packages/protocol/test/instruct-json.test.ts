import assert from 'node:assert/strict';
import { type Instruct, parseInstruct } from '@p-8/protocol';
import { bytes, expectFailure, expectOk, jsonOrigin, text } from './helpers.js';

function read(body: unknown, ...lines: string[]): Instruct {
  return expectOk(parseInstruct(jsonOrigin(body, ...lines)));
}

function channel(name: string, prevId?: string, ...filters: string[]) {
  return { name, prevId, filters };
}

const plain = { code: 200, headers: { 'Content-Type': 'text/plain' }, body: 'hello world' };

describe('an instruct in JSON', () => {
  it('without a hold is a response', () => {
    const instruct = read({ response: plain });
    assert.equal(instruct.hold, 'none');
    assert.deepEqual(instruct.response, {
      code: 200,
      reason: 'OK',
      headers: ['Content-Type', 'text/plain'],
      body: bytes('hello world'),
    });
  });

  it('holds a response', () => {
    const meta = { foo: 'bar', bar: 'baz' };
    const hold = { mode: 'response', channels: [{ name: 'test' }], timeout: 120, meta };
    const instruct = read({ hold, response: plain });
    assert.equal(instruct.hold, 'response');
    assert.deepEqual(instruct.channels, [channel('test')]);
    assert.equal(instruct.timeoutSeconds, 120);
    assert.deepEqual([...instruct.meta], Object.entries(meta));
    assert.equal(text(instruct.response.body), 'hello world');
  });

  it('has last ids and filters', () => {
    const channels = [
      { name: 'apple', 'prev-id': 'item1', filters: ['f1'] },
      { name: 'banana', filters: ['f2'] },
      { name: 'cherry', filters: ['f1', 'f2'] },
    ];
    assert.deepEqual(read({ hold: { mode: 'response', channels } }).channels, [
      channel('apple', 'item1', 'f1'),
      channel('banana', undefined, 'f2'),
      channel('cherry', undefined, 'f1', 'f2'),
    ]);
  });

  it('holds a stream', () => {
    assert.equal(read({ hold: { mode: 'stream', channels: [{ name: 'test' }] } }).hold, 'stream');
  });

  it('holds a response on nothing for 55 seconds when it says no more', () => {
    const instruct = read({ hold: { channels: [] } });
    assert.equal(instruct.hold, 'response');
    assert.deepEqual(instruct.channels, []);
    assert.equal(instruct.timeoutSeconds, 55);
    assert.deepEqual(instruct.response, { code: 200, reason: 'OK', headers: [], body: bytes('') });
  });

  it('that is empty is an empty response', () => {
    for (const body of [{}, { response: {} }, { response: { code: 200 } }]) {
      const { response } = read(body);
      assert.deepEqual(response, { code: 200, reason: 'OK', headers: [], body: bytes('') });
    }
  });

  it('takes null for what is absent', () => {
    const keys = { mode: null, meta: null, 'keep-alive': null };
    const channels = [{ name: 'a', 'prev-id': null, filters: null }];
    const response = { reason: null, headers: null, body: null, 'body-bin': null };
    const instruct = read({ hold: { ...keys, channels }, response });
    assert.equal(instruct.hold, 'response');
    assert.deepEqual(instruct.channels, [channel('a')]);
    assert.equal(instruct.response.reason, 'OK');
  });

  it('ignores what it does not know', () => {
    assert.equal(read({ x: 1, hold: { channels: [], y: 2 }, response: { z: 3 } }).hold, 'response');
  });

  it('raises short timeouts, and takes numbers in strings', () => {
    assert.equal(read({ hold: { channels: [], timeout: 1 } }).timeoutSeconds, 5);
    assert.equal(read({ hold: { channels: [], timeout: '90' } }).timeoutSeconds, 90);
  });

  it('takes __proto__ as a name like any other', () => {
    const instruct = read(
      '{"hold":{"channels":[],"meta":{"__proto__":"x"}},"response":{"headers":{"__proto__":"y"}}}',
    );
    assert.deepEqual([...instruct.meta], [['__proto__', 'x']]);
    assert.deepEqual(instruct.response.headers, ['__proto__', 'y']);
  });

  it('has no use for inherited members', () => {
    const message = "hold does not contain 'channels'";
    const body = '{"hold":{"__proto__":{"channels":[]}}}';
    assert.equal(expectFailure(parseInstruct(jsonOrigin(body))), message);
  });
});

describe('the response in JSON', () => {
  const table: [string, Record<string, unknown>, number, string][] = [
    ['a code', { code: 404 }, 404, 'Not Found'],
    ['a code and a reason', { code: 404, reason: 'Nope' }, 404, 'Nope'],
    ['a code and an empty reason', { code: 404, reason: '' }, 404, 'Not Found'],
    ['a reason', { reason: 'Fine' }, 200, 'Fine'],
    ['a code without a phrase', { code: 299 }, 299, 'Undefined Reason'],
    ['a code as a string', { code: '201' }, 201, 'Created'],
    ['a reason outside ASCII, as UTF-8', { reason: 'é' }, 200, '\xc3\xa9'],
  ];
  for (const [name, response, code, reason] of table) {
    it(`takes ${name}`, () => {
      const instruct = read({ response });
      assert.deepEqual([instruct.response.code, instruct.response.reason], [code, reason]);
    });
  }

  it('prefers base64 to text', () => {
    const { response } = read({ response: { 'body-bin': 'AAEC', body: 'zzz' } });
    assert.deepEqual(response.body, Uint8Array.of(0, 1, 2));
  });

  it('keeps order and duplicates of headers in a list', () => {
    const headers = [
      ['X-B', '1'],
      ['X-A', '2'],
      ['X-B', '3'],
    ];
    assert.deepEqual(read({ response: { headers } }).response.headers, headers.flat());
  });

  it('orders headers in an object by name', () => {
    const headers = { 'X-B': '1', 'X-A': '2' };
    assert.deepEqual(read({ response: { headers } }).response.headers, ['X-A', '2', 'X-B', '1']);
  });

  it('leaves out what is hop-by-hop and Content-Length', () => {
    const headers = {
      Connection: 'X-Hop',
      'X-Hop': '1',
      'content-length': '9',
      'Transfer-Encoding': 'chunked',
    };
    assert.deepEqual(read({ response: { headers: { ...headers, 'X-A': '1' } } }).response.headers, [
      'X-A',
      '1',
    ]);
  });

  it('has none of the headers of the origin', () => {
    assert.deepEqual(read({}, 'X-A: 1', 'Grip-Expose-Headers: X-A').response.headers, []);
  });
});

describe('an instruct in JSON with Grip- headers', () => {
  it('has the channels of both, and the link', () => {
    const instruct = read(
      { hold: { mode: 'stream', channels: [{ name: 'test' }] } },
      'Grip-Link: </n>; rel=next',
      'Grip-Channel: extra',
    );
    assert.equal(instruct.hold, 'stream');
    assert.deepEqual(instruct.channels, [channel('extra'), channel('test')]);
    assert.deepEqual(instruct.nextLink, { uri: '/n', timeoutSeconds: 120 });
  });

  it('prefers JSON where both say something', () => {
    const instruct = read(
      { hold: { channels: [], timeout: 60, meta: { a: 'json' } } },
      'Grip-Hold: stream',
      'Grip-Timeout: 120',
      'Grip-Set-Meta: a=header, b=header',
    );
    assert.equal(instruct.hold, 'response');
    assert.equal(instruct.timeoutSeconds, 60);
    assert.deepEqual([...instruct.meta], Object.entries({ a: 'json', b: 'header' }));
  });

  it('keeps what only the headers say', () => {
    const instruct = read(
      { response: {} },
      'Grip-Hold: stream',
      'Grip-Timeout: 120',
      'Grip-Status: 404 Nope',
    );
    assert.equal(instruct.hold, 'stream');
    assert.equal(instruct.timeoutSeconds, 120);
    assert.deepEqual([instruct.response.code, instruct.response.reason], [404, 'Nope']);
  });

  it('forgets the reason of Grip-Status when JSON has a code', () => {
    const { response } = read({ response: { code: 201 } }, 'Grip-Status: 404 Nope');
    assert.deepEqual([response.code, response.reason], [201, 'Created']);
  });

  it('takes the first media type only up to its parameters', () => {
    const response = jsonOrigin({ hold: { channels: [] } });
    const headers = ['Content-Type', 'Application/Grip-Instruct; charset=utf-8'];
    assert.equal(expectOk(parseInstruct({ ...response, headers })).hold, 'response');
  });
});

describe('keep-alives in JSON', () => {
  const hold = (keepAlive: unknown) => ({ hold: { mode: 'stream', channels: [], 'keep-alive': keepAlive } });

  it('come at intervals, every 55 seconds', () => {
    const expected = { data: bytes('x'), timeoutSeconds: 55, mode: 'interval' };
    assert.deepEqual(read(hold({ content: 'x' })).keepAlive, expected);
  });

  it('may be base64, and come at least a second apart', () => {
    const keepAlive = read(hold({ 'content-bin': 'AAEC', content: 'x', timeout: 0 })).keepAlive;
    assert.deepEqual(keepAlive, { data: Uint8Array.of(0, 1, 2), timeoutSeconds: 1, mode: 'interval' });
  });

  it('are off without content', () => {
    assert.equal(read(hold({ timeout: 5 })).keepAlive, undefined);
    assert.equal(read(hold({ content: '' })).keepAlive, undefined);
  });

  it('take from the header what they do not say', () => {
    const { keepAlive } = read(hold({ timeout: 5 }), 'Grip-Keep-Alive: x; timeout=9');
    assert.deepEqual(keepAlive, { data: bytes('x'), timeoutSeconds: 5, mode: 'idle' });
  });
});

describe('an instruct in JSON is refused', () => {
  const hold = (members: Record<string, unknown>) => ({ hold: { channels: [], ...members } });
  const channels = (...list: unknown[]) => ({ hold: { channels: list } });
  const response = (members: Record<string, unknown>) => ({ response: members });
  const notJson = 'failed to parse application/grip-instruct content as JSON';

  const table: [unknown, string][] = [
    ['', notJson],
    ['"x"', notJson],
    ['{', notJson],
    ['null', notJson],
    ['[]', 'instruct must be an object'],
    [{ hold: null }, "instruct contains 'hold' with wrong type"],
    [{ hold: [] }, "instruct contains 'hold' with wrong type"],
    [{ response: null }, "instruct contains 'response' with wrong type"],
    [{ response: 'x' }, "instruct contains 'response' with wrong type"],
    [hold({ mode: 1 }), "hold contains 'mode' with wrong type"],
    [hold({ mode: 'none' }), "hold 'mode' must be set to either 'response' or 'stream'"],
    [hold({ mode: '' }), "hold 'mode' must be set to either 'response' or 'stream'"],
    [{ hold: { mode: 'response' } }, "hold does not contain 'channels'"],
    [hold({ channels: {} }), "hold contains 'channels' with wrong type"],
    [hold({ channels: null }), "hold contains 'channels' with wrong type"],
    [channels('a'), 'channel is not an object'],
    [channels({}), "channel does not contain 'name'"],
    [channels({ name: null }), "channel contains 'name' with wrong type"],
    [channels({ name: 'a', 'prev-id': 1 }), "channel contains 'prev-id' with wrong type"],
    [channels({ name: 'a', filters: 'f' }), "channel contains 'filters' with wrong type"],
    [channels({ name: 'a', filters: [1] }), 'filters contains value with wrong type'],
    [channels({ name: 'a', filters: [...'123456'] }), "too many filters for channel 'a'"],
    [hold({ timeout: null }), "hold contains 'timeout' with wrong type"],
    [hold({ timeout: true }), "hold contains 'timeout' with wrong type"],
    [hold({ timeout: 5.5 }), "hold contains 'timeout' with wrong type"],
    [hold({ timeout: 'abc' }), "hold contains 'timeout' with wrong type"],
    [hold({ timeout: -1 }), "hold contains 'timeout' with invalid value"],
    [hold({ timeout: 1e12 }), "hold contains 'timeout' with invalid value"],
    [hold({ 'keep-alive': 'x' }), "hold contains 'keep-alive' with wrong type"],
    [hold({ 'keep-alive': { content: 1 } }), "keep-alive contains 'content' with wrong type"],
    [hold({ 'keep-alive': { 'content-bin': 1 } }), "keep-alive contains 'content-bin' with wrong type"],
    [hold({ 'keep-alive': { timeout: [] } }), "keep-alive contains 'timeout' with wrong type"],
    [hold({ 'keep-alive': { timeout: -1 } }), "keep-alive contains 'timeout' with invalid value"],
    [hold({ meta: [] }), "hold contains 'meta' with wrong type"],
    [hold({ meta: { K: 1 } }), "'meta' contains 'K' with wrong type"],
    [response({ code: null }), "response contains 'code' with wrong type"],
    [response({ code: 'abc' }), "response contains 'code' with wrong type"],
    [response({ code: 1000 }), "response contains 'code' with invalid value"],
    [response({ code: -1 }), "response contains 'code' with invalid value"],
    [response({ code: 100 }), "response contains 'code' with invalid value: must be from 200 to 599"],
    [response({ code: 999 }), "response contains 'code' with invalid value: must be from 200 to 599"],
    [response({ reason: 1 }), "response contains 'reason' with wrong type"],
    [response({ reason: 'a\r\nX: y' }), "response contains 'reason' with invalid value"],
    [response({ headers: 'x' }), "response contains 'headers' with wrong type"],
    [response({ headers: ['x'] }), 'headers contains element with wrong type'],
    [response({ headers: [['x']] }), 'headers contains list with wrong number of elements'],
    [response({ headers: [[1, 'x']] }), 'header contains name element with wrong type'],
    [response({ headers: [['x', 1]] }), 'header contains value element with wrong type'],
    [response({ headers: { K: 1 } }), "headers contains 'K' with wrong type"],
    [response({ headers: { 'a b': 'x' } }), 'headers contains name "a b" with invalid characters'],
    [response({ headers: { '': 'x' } }), 'headers contains name "" with invalid characters'],
    [response({ headers: [['A', 'x\r\nSet-Cookie: y']] }), "headers contains 'A' with invalid value"],
    [response({ headers: { A: 'x\0' } }), "headers contains 'A' with invalid value"],
    [response({ body: 1 }), "response contains 'body' with wrong type"],
    [response({ 'body-bin': 1 }), "response contains 'body-bin' with wrong type"],
  ];
  for (const [body, message] of table) {
    const shown = typeof body === 'string' ? `'${body}'` : JSON.stringify(body);
    it(`when it is ${shown}`, () => assert.equal(expectFailure(parseInstruct(jsonOrigin(body))), message));
  }

  it('when it is not UTF-8', () => {
    const body = Uint8Array.of(0x22, 0xff, 0x22);
    assert.equal(expectFailure(parseInstruct({ ...jsonOrigin({}), body })), notJson);
  });

  it('when the status is not 200', () => {
    const message = 'response code for application/grip-instruct content must be 200';
    assert.equal(expectFailure(parseInstruct({ ...jsonOrigin({}), status: 201 })), message);
  });

  it('when its headers are bad', () => {
    assert.equal(
      expectFailure(parseInstruct(jsonOrigin({}, 'Grip-Timeout: x'))),
      'failed to parse Grip-Timeout',
    );
  });
});
