import assert from 'node:assert/strict';
import {
  type HttpResponseFormat,
  type HttpStreamFormat,
  isSendableCloseCode,
  parseItem,
  type WsMessageFormat,
} from '@p-8/protocol';
import { bytes, expectFailure, expectOk } from './helpers.js';

function parse(name: string, format: unknown) {
  return parseItem({ channel: 'a', formats: { [name]: format } });
}

function response(format: unknown): HttpResponseFormat | undefined {
  return expectOk(parse('http-response', format)).httpResponse;
}

function streamed(format: unknown): HttpStreamFormat | undefined {
  return expectOk(parse('http-stream', format)).httpStream;
}

function message(format: unknown): WsMessageFormat | undefined {
  return expectOk(parse('ws-message', format)).wsMessage;
}

function refuses(name: string, table: [unknown, string][]): void {
  for (const [format, text] of table) {
    it(`is refused when it is ${JSON.stringify(format)}`, () =>
      assert.equal(expectFailure(parse(name, format)), text));
  }
}

/** Mistakes that can be made in every format. */
function commonMistakes(name: string, content: string): [unknown, string][] {
  const filters = `'${name}' contains 'content-filters' with wrong type`;
  return [
    [{ action: 1 }, `'${name}' contains 'action' with wrong type`],
    [{ action: 'foo' }, `'${name}' contains 'action' with unknown value`],
    [{ action: '' }, `'${name}' contains 'action' with unknown value`],
    [{ action: 'Send', [content]: 'x' }, `'${name}' contains 'action' with unknown value`],
    [{ [content]: 'x', 'content-filters': 'f' }, filters],
    [{ [content]: 'x', 'content-filters': {} }, filters],
    [{ [content]: 'x', 'content-filters': [1] }, 'content-filters contains element with wrong type'],
    [{ [content]: 1 }, `'${name}' contains '${content}' with wrong type`],
    [{ [content]: null }, `'${name}' contains '${content}' with wrong type`],
    [{ [content]: 'x', [`${content}-bin`]: 1 }, `'${name}' contains '${content}-bin' with wrong type`],
  ];
}

const sent = {
  action: 'send',
  code: 200,
  reason: 'OK',
  headers: [],
  body: undefined,
  bodyPatch: undefined,
  contentFilters: undefined,
};

describe('http-response', () => {
  it('has all that was written', () => {
    const headers = [['Content-Type', 'text/plain']];
    const format = { code: 200, reason: 'OK', headers, body: 'hello world', 'content-filters': ['f'] };
    assert.deepEqual(response(format), {
      ...sent,
      headers: ['Content-Type', 'text/plain'],
      body: bytes('hello world'),
      contentFilters: ['f'],
    });
  });

  it('needs no more than a body', () => {
    assert.deepEqual(response({ body: 'x' }), { ...sent, body: bytes('x') });
    assert.deepEqual(response({ action: 'send', body: '' }), { ...sent, body: bytes('') });
  });

  for (const action of ['hint', 'close', 'refresh']) {
    it(`may be just ${action}, whatever else it has`, () => {
      assert.deepEqual(response({ action, code: 'nonsense' }), { action });
    });
  }

  const statuses: [Record<string, unknown>, number, string][] = [
    [{ code: '201' }, 201, 'Created'],
    [{ code: 404 }, 404, 'Not Found'],
    [{ code: 404, reason: 'Nope' }, 404, 'Nope'],
    [{ code: 404, reason: '' }, 404, 'Not Found'],
    [{ code: 404, reason: null }, 404, 'Not Found'],
    [{ code: 599 }, 599, 'Undefined Reason'],
    [{ reason: 'é' }, 200, '\xc3\xa9'],
  ];
  for (const [format, code, reason] of statuses) {
    it(`has the status of ${JSON.stringify(format)}`, () => {
      assert.deepEqual(response({ ...format, body: '' }), { ...sent, code, reason, body: bytes('') });
    });
  }

  it('prefers base64 to text, and text to a patch', () => {
    const patch = [{ op: 'remove', path: '/a' }];
    const all = { 'body-bin': 'AAEC', body: 'x', 'body-patch': patch };
    assert.deepEqual(response(all), { ...sent, body: Uint8Array.of(0, 1, 2) });
    assert.deepEqual(response({ ...all, 'body-bin': undefined }), { ...sent, body: bytes('x') });
    assert.deepEqual(response({ 'body-patch': patch }), { ...sent, bodyPatch: patch });
  });

  it('is empty when its base64 is null', () => {
    assert.deepEqual(response({ 'body-bin': null, body: 'x' }), { ...sent, body: bytes('') });
  });

  it('takes bytes for text and for base64', () => {
    const body = Uint8Array.of(1, 255);
    assert.deepEqual(response({ body }), { ...sent, body });
    assert.deepEqual(response({ 'body-bin': body }), { ...sent, body });
  });

  it('leaves out headers of GRIP, hop-by-hop ones and Content-Length', () => {
    const headers = {
      'Grip-Hold': 'stream',
      'grip_expose-headers': 'X-A',
      Connection: 'X-Hop',
      'X-Hop': '1',
      'Content-Length': '5',
      'Content-Encoding': 'gzip',
      'X-A': '☃',
    };
    assert.deepEqual(response({ headers, body: '' }), {
      ...sent,
      headers: ['Content-Encoding', 'gzip', 'X-A', '\xe2\x98\x83'],
      body: bytes(''),
    });
  });

  const F = "'http-response'";
  refuses('http-response', [
    ...commonMistakes('http-response', 'body'),
    [{ body: '', code: null }, `${F} contains 'code' with wrong type`],
    [{ body: '', code: true }, `${F} contains 'code' with wrong type`],
    [{ body: '', code: 200.6 }, `${F} contains 'code' with wrong type`],
    [{ body: '', code: 'abc' }, `${F} contains 'code' with wrong type`],
    [{ body: '', code: 1000 }, `${F} contains 'code' with invalid value`],
    [{ body: '', code: -1 }, `${F} contains 'code' with invalid value`],
    [{ body: '', code: 101 }, `${F} contains 'code' with invalid value: must be from 200 to 599`],
    [{ body: '', code: 600 }, `${F} contains 'code' with invalid value: must be from 200 to 599`],
    [{ body: '', reason: 1 }, `${F} contains 'reason' with wrong type`],
    [{ body: '', reason: 'a\nb' }, `${F} contains 'reason' with invalid value`],
    [{ body: '', headers: 'x' }, `${F} contains 'headers' with wrong type`],
    [{ body: '', headers: ['x'] }, 'headers contains element with wrong type'],
    [{ body: '', headers: [['x', 'y', 'z']] }, 'headers contains list with wrong number of elements'],
    [{ body: '', headers: [[1, 'x']] }, 'header contains name element with wrong type'],
    [{ body: '', headers: [['x', null]] }, 'header contains value element with wrong type'],
    [{ body: '', headers: { K: 1 } }, "headers contains 'K' with wrong type"],
    [{ body: '', headers: { 'A:b': 'x' } }, 'headers contains name "A:b" with invalid characters'],
    [{ body: '', headers: { Ä: 'x' } }, 'headers contains name "Ä" with invalid characters'],
    [{ body: '', headers: { A: 'x\r\n\r\n<html>' } }, "headers contains 'A' with invalid value"],
    [{ 'body-patch': {} }, `${F} contains 'body-patch' with wrong type`],
    [{ 'body-patch': null }, `${F} contains 'body-patch' with wrong type`],
    [{}, `${F} does not contain 'body', 'body-bin', or 'body-patch'`],
    [{ code: 1000, reason: 1 }, `${F} contains 'code' with invalid value`],
  ]);
});

describe('http-stream', () => {
  it('has content and content filters', () => {
    const expected = { action: 'send', content: bytes('hello world'), contentFilters: undefined };
    assert.deepEqual(streamed({ content: 'hello world' }), expected);
    const filtered = streamed({ content: '', 'content-filters': [] });
    assert.deepEqual(filtered, { action: 'send', content: bytes(''), contentFilters: [] });
    assert.deepEqual(streamed({ content: 'hello world', 'content-filters': null }), expected);
  });

  it('prefers base64, and takes bytes', () => {
    const content = Uint8Array.of(0, 1, 2);
    const expected = { action: 'send', content, contentFilters: undefined };
    for (const format of [{ 'content-bin': 'AAEC', content: 'x' }, { 'content-bin': content }, { content }]) {
      assert.deepEqual(streamed(format), expected);
    }
  });

  for (const action of ['hint', 'close', 'refresh']) {
    it(`may be just ${action}`, () => assert.deepEqual(streamed({ action }), { action }));
  }

  refuses('http-stream', [
    ...commonMistakes('http-stream', 'content'),
    [{}, "'http-stream' does not contain 'content' or 'content-bin'"],
    [{ body: 'x' }, "'http-stream' does not contain 'content' or 'content-bin'"],
  ]);
});

describe('ws-message', () => {
  const send = (type: string, content: Uint8Array) => ({
    action: 'send',
    type,
    content,
    contentFilters: undefined,
  });

  const table: [Record<string, unknown>, string, Uint8Array][] = [
    [{ content: 'hello world' }, 'text', bytes('hello world')],
    [{ type: 'binary', content: 'hello world' }, 'binary', bytes('hello world')],
    [{ 'content-bin': 'AAH/', content: 'x' }, 'binary', Uint8Array.of(0, 1, 255)],
    [{ type: 'text', 'content-bin': 'aGk=' }, 'text', bytes('hi')],
    [{ type: 'ping' }, 'ping', bytes('')],
    [{ type: 'pong', content: 'x' }, 'pong', bytes('x')],
    [{ type: 'ping', 'content-bin': 'aGk=' }, 'ping', bytes('hi')],
    [{ type: null, content: '' }, 'text', bytes('')],
  ];
  for (const [format, type, content] of table) {
    it(`reads ${JSON.stringify(format)}`, () => assert.deepEqual(message(format), send(type, content)));
  }

  it('takes bytes: as text in content, as binary in content-bin', () => {
    assert.deepEqual(message({ content: bytes('é') }), send('text', bytes('é')));
    const content = Uint8Array.of(255);
    assert.deepEqual(message({ 'content-bin': content }), send('binary', content));
    assert.deepEqual(message({ type: 'binary', content }), send('binary', content));
  });

  it('may close, with a code and a reason', () => {
    assert.deepEqual(message({ action: 'close' }), { action: 'close', code: undefined, reason: undefined });
    const close = { action: 'close', code: 1001, reason: 'bye' };
    assert.deepEqual(message(close), close);
    assert.deepEqual(message({ action: 'close', code: '4000', reason: '' }), {
      action: 'close',
      code: 4000,
      reason: undefined,
    });
  });

  for (const action of ['hint', 'refresh']) {
    it(`may be just ${action}`, () => assert.deepEqual(message({ action, code: 'x' }), { action }));
  }

  const F = "'ws-message'";
  const unsendable = `${F} contains 'code' with invalid value: not a close code that may be sent`;
  refuses('ws-message', [
    ...commonMistakes('ws-message', 'content'),
    [{}, `${F} does not contain 'content' or 'content-bin'`],
    [{ type: 'text' }, `${F} does not contain 'content' or 'content-bin'`],
    [{ type: 'binary' }, `${F} does not contain 'content' or 'content-bin'`],
    [{ type: 'foo', content: 'x' }, `${F} contains 'type' with unknown value`],
    [{ type: 'close' }, `${F} contains 'type' with unknown value`],
    [{ type: 1, content: 'x' }, `${F} contains 'type' with wrong type`],
    [
      { type: 'text', 'content-bin': '/w==' },
      `${F} contains 'content-bin' with invalid value: text must be UTF-8`,
    ],
    [
      { type: 'ping', content: 'x'.repeat(126) },
      `${F} contains 'content' with invalid value: a ping holds at most 125 bytes`,
    ],
    [{ action: 'close', code: true }, `${F} contains 'code' with wrong type`],
    [{ action: 'close', code: null }, `${F} contains 'code' with wrong type`],
    [{ action: 'close', code: -1 }, `${F} contains 'code' with invalid value`],
    [{ action: 'close', code: 0 }, unsendable],
    [{ action: 'close', code: 1006 }, unsendable],
    [{ action: 'close', code: 70000 }, unsendable],
    [{ action: 'close', reason: 1 }, `${F} contains 'reason' with wrong type`],
    [
      { action: 'close', reason: 'é'.repeat(62) },
      `${F} contains 'reason' with invalid value: more than 123 bytes`,
    ],
  ]);

  it('is refused when its bytes are no text', () => {
    const text = `${F} contains 'content' with invalid value: text must be UTF-8`;
    assert.equal(expectFailure(parse('ws-message', { content: Uint8Array.of(255) })), text);
  });

  it('may close with the codes that RFC 6455 lets endpoints send', () => {
    for (const code of [1000, 1003, 1007, 1011, 1012, 1014, 3000, 4999]) {
      assert.equal(isSendableCloseCode(code), true, String(code));
    }
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) {
      assert.equal(isSendableCloseCode(code), false, String(code));
    }
  });
});
