import assert from 'node:assert/strict';
import { type Instruct, isInstruct, parseChannels, parseInstruct, parseLinkInstruct } from '@p-8/protocol';
import { bytes, expectFailure, expectOk, fields, jsonOrigin, origin, text } from './helpers.js';

function read(...lines: string[]): Instruct {
  return expectOk(parseInstruct(origin(...lines)));
}

function channel(name: string, prevId?: string, ...filters: string[]) {
  return { name, prevId, filters };
}

describe('what counts as an instruct', () => {
  const yes = [
    'Grip-Hold: stream',
    'grip-foo: bar',
    'Grip_Hold: stream',
    'Content-Type: application/grip-instruct',
    'content-type: application/grip-instruct; charset=utf-8',
    'Content-Type: Application/Grip-Instruct ; x',
  ];
  for (const line of yes) it(`takes ${line}`, () => assert.equal(isInstruct(fields(line)), true));

  for (const line of ['Content-Type: application/json', 'X-Grip-Hold: stream', 'Content-Type:']) {
    it(`does not take ${line}`, () => assert.equal(isInstruct(fields(line)), false));
  }

  it('does not take values for names', () => assert.equal(isInstruct(['X', 'Grip-Hold']), false));
});

describe('an instruct in headers', () => {
  it('without a hold is the response itself, without Grip- fields', () => {
    const instruct = read('Grip-Channel: test');
    assert.equal(instruct.hold, 'none');
    assert.deepEqual(instruct.response, {
      code: 200,
      reason: 'OK',
      headers: ['Content-Type', 'text/plain'],
      body: bytes('hello world'),
    });
  });

  it('holds a response', () => {
    const instruct = read(
      'Grip-Hold: response',
      'Grip-Channel: apple',
      'Grip-Channel: banana, cherry',
      'Grip-Timeout: 120',
      'Grip-Set-Meta: foo=bar, bar=baz',
    );
    assert.equal(instruct.hold, 'response');
    assert.deepEqual(instruct.channels, [channel('apple'), channel('banana'), channel('cherry')]);
    assert.equal(instruct.timeoutSeconds, 120);
    assert.deepEqual([...instruct.meta], Object.entries({ foo: 'bar', bar: 'baz' }));
    assert.equal(text(instruct.response.body), 'hello world');
  });

  it('holds a stream, with keep-alives and links', () => {
    const instruct = read(
      'Grip-Hold: stream',
      'Grip-Channel: apple',
      'Grip-Channel: banana, cherry',
      'Grip-Keep-Alive: x; timeout=20',
      'Grip-Link: </next>; rel=next, </gone>; rel=gone',
    );
    assert.equal(instruct.hold, 'stream');
    assert.equal(instruct.channels.length, 3);
    assert.equal(instruct.keepAlive?.timeoutSeconds, 20);
    assert.deepEqual(instruct.nextLink, { uri: '/next', timeoutSeconds: 120 });
    assert.equal(instruct.goneLink, '/gone');
  });

  it('sends no keep-alives unless told to', () => {
    assert.equal(read('Grip-Hold: stream', 'Grip-Channel: a').keepAlive, undefined);
  });

  const timeouts: [string, number][] = [
    ['X: y', 55],
    ['Grip-Timeout: 0', 5],
    ['Grip-Timeout: 3', 5],
    ['Grip-Timeout: 5', 5],
    ['Grip-Timeout: 120', 120],
  ];
  for (const [line, seconds] of timeouts) {
    it(`times out after ${seconds} seconds with ${line}`, () => {
      assert.equal(read(line).timeoutSeconds, seconds);
    });
  }

  const errors: [string, string][] = [
    ['Grip-Hold: none', "Grip-Hold must be set to either 'response' or 'stream'"],
    ['Grip-Hold: Response', "Grip-Hold must be set to either 'response' or 'stream'"],
    ['Grip-Hold:', "Grip-Hold must be set to either 'response' or 'stream'"],
    ['Grip-Hold: stream; x=1', "Grip-Hold must be set to either 'response' or 'stream'"],
    ['Grip-Timeout: -1', 'Grip-Timeout has invalid value'],
    ['Grip-Timeout: abc', 'failed to parse Grip-Timeout'],
    ['Grip-Timeout:', 'failed to parse Grip-Timeout'],
    ['Grip-Set-Meta: a=1,,b=2', 'Grip-Set-Meta cannot be empty'],
    ['Grip-Status: 1000', 'Grip-Status contains invalid status code'],
    ['Grip-Status: abc', 'Grip-Status contains invalid status code'],
    ['Grip-Status: -1', 'Grip-Status contains invalid status code'],
    ['Grip-Status: 101', 'Grip-Status contains invalid status code: must be from 200 to 599'],
    ['Grip-Status: 600', 'Grip-Status contains invalid status code: must be from 200 to 599'],
    ['Grip-Status: 200 a\r\nX: y', 'Grip-Status contains invalid reason'],
    ['Grip-Keep-Alive: ;', 'Grip-Keep-Alive cannot be empty'],
    ['Grip-Link: x; rel=next', 'failed to parse Grip-Link value'],
    [
      'Grip-Channel: a; filter=1; filter=2; filter=3; filter=4; filter=5; filter=6',
      "too many filters for channel 'a'",
    ],
  ];
  for (const [line, message] of errors) {
    it(`is refused with ${JSON.stringify(line)}, even without a hold`, () => {
      assert.equal(expectFailure(parseInstruct(origin(line))), message);
    });
  }
});

describe('Grip-Channel', () => {
  it('has last ids and filters', () => {
    const instruct = read(
      'Grip-Hold: response',
      'Grip-Channel: apple; prev-id=item1; filter=f1',
      'Grip-Channel: banana; filter=f2, cherry; filter=f1; filter=f2',
    );
    const expected = [channel('apple', 'item1', 'f1'), channel('banana', undefined, 'f2')];
    assert.deepEqual(instruct.channels, [...expected, channel('cherry', undefined, 'f1', 'f2')]);
  });

  const table: [string, ReturnType<typeof channel>[]][] = [
    ['a; prev-id', [channel('a')]],
    ['a; prev-id=', [channel('a', '')]],
    ['a; Prev-Id="x;y"', [channel('a', 'x;y')]],
    ['a; FILTER=f', [channel('a')]],
    ['a; filter', [channel('a', undefined, '')]],
    ['a; unknown=1', [channel('a')]],
    ['a,,b', [channel('a'), channel(''), channel('b')]],
    ['"a, b"', [channel('"a, b"')]],
    ['a; prev-id="x, b', []],
    ['caf\xc3\xa9', [channel('café')]],
    ['a b', [channel('a b')]],
  ];
  for (const [value, expected] of table) {
    it(`reads ${value}`, () => assert.deepEqual(expectOk(parseChannels(['Grip-Channel', value])), expected));
  }

  it('takes five filters', () => {
    const filters = ['1', '2', '3', '4', '5'];
    const value = `a; ${filters.map((name) => `filter=${name}`).join(';')}`;
    assert.deepEqual(expectOk(parseChannels(['Grip-Channel', value])), [channel('a', undefined, ...filters)]);
  });
});

describe('Grip-Set-Meta', () => {
  const table: [string, Record<string, string>][] = [
    ['a="x, y", b', { a: 'x, y', b: '' }],
    ['a=1; b=2', { a: '1' }],
    ['a=1, a=2', { a: '2' }],
    ['a="1', {}],
    ['A=1, a=2', { A: '1', a: '2' }],
  ];
  for (const [value, expected] of table) {
    it(`reads ${value}`, () => {
      assert.deepEqual([...read(`Grip-Set-Meta: ${value}`).meta], Object.entries(expected));
    });
  }

  it('takes __proto__ as a name like any other', () => {
    const { meta } = read('Grip-Set-Meta: __proto__=x, constructor=y');
    assert.equal(meta.get('__proto__'), 'x');
    assert.equal(meta.get('constructor'), 'y');
    assert.equal(meta.get('toString'), undefined);
  });
});

describe('Grip-Status', () => {
  const table: [string, number, string][] = [
    ['404', 404, 'Not Found'],
    ['404 Nothing To See Here', 404, 'Nothing To See Here'],
    ['299', 299, 'Undefined Reason'],
    ['', 200, 'OK'],
  ];
  for (const [value, code, reason] of table) {
    it(`reads '${value}'`, () => {
      const { response } = read(`Grip-Status: ${value}`);
      assert.deepEqual([response.code, response.reason], [code, reason]);
    });
  }

  it('leaves the status of the origin where it is not given', () => {
    const { response } = expectOk(
      parseInstruct({ ...origin('Grip-Hold: response'), status: 404, reason: 'Gone Fishing' }),
    );
    assert.deepEqual([response.code, response.reason], [404, 'Gone Fishing']);
  });
});

describe('the headers that a client sees', () => {
  it('are only the exposed ones', () => {
    const { response } = read('Grip-Expose-Headers: x-a, Set-Cookie', 'X-A: 1', 'X-B: 2', 'Set-Cookie: c');
    assert.deepEqual(response.headers, fields('X-A: 1', 'Set-Cookie: c'));
  });

  it('have nothing of GRIP and nothing hop-by-hop, exposed or not', () => {
    const lines = ['Grip-Foo: 1', 'Grip_Bar: 2', 'Connection: x-a', 'X-A: 3', 'Content-Length: 4', 'X-B: 5'];
    assert.deepEqual(read(...lines).response.headers, fields('Content-Type: text/plain', 'X-B: 5'));
    const exposed = read('Grip-Expose-Headers: grip-foo, content-length, x-b', ...lines);
    assert.deepEqual(exposed.response.headers, fields('X-B: 5'));
  });
});

describe('the instruct of a next link', () => {
  it('is read from headers, and the body is content', () => {
    const instruct = expectOk(parseLinkInstruct(origin('Grip-Hold: stream', 'Grip-Channel: a; prev-id=2')));
    assert.deepEqual(instruct.channels, [channel('a', '2')]);
    assert.equal(text(instruct.response.body), 'hello world');
  });

  it('may be missing', () => {
    const instruct = expectOk(parseLinkInstruct(origin()));
    assert.equal(instruct.hold, 'none');
    assert.equal(instruct.nextLink, undefined);
  });

  it('must not be in JSON', () => {
    const message = 'failed to parse application/grip-instruct content as JSON';
    assert.equal(expectFailure(parseLinkInstruct(jsonOrigin({ hold: { channels: [] } }))), message);
  });

  it('is refused with bad headers', () => {
    assert.equal(expectFailure(parseLinkInstruct(origin('Grip-Timeout: x'))), 'failed to parse Grip-Timeout');
  });
});
