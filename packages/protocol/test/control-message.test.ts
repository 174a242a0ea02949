import assert from 'node:assert/strict';
import { type ControlMessage, encodeBase64, parseControlMessage, type WsContent } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectFailure, expectOk } from './helpers.js';

function message(type: WsContent['type'], content: string | Uint8Array): WsContent {
  return { type, content: typeof content === 'string' ? bytes(content) : content };
}

function keepAlive(
  content: WsContent | undefined,
  timeoutSeconds = 55,
  mode: 'idle' | 'interval' = 'idle',
): ControlMessage {
  return { type: 'keep-alive', message: content, timeoutSeconds, mode };
}

function delayed(content: WsContent, timeoutSeconds = 1): ControlMessage {
  return { type: 'send-delayed', message: content, timeoutSeconds };
}

describe('a control message', () => {
  const table: [object, ControlMessage][] = [
    [
      { type: 'subscribe', channel: 'a' },
      { type: 'subscribe', channel: 'a', filters: [], lastId: undefined },
    ],
    [
      { type: 'subscribe', channel: 'a', 'last-id': '5' },
      { type: 'subscribe', channel: 'a', filters: [], lastId: '5' },
    ],
    [
      { type: 'subscribe', channel: 'a', 'last-id': '' },
      { type: 'subscribe', channel: 'a', filters: [], lastId: undefined },
    ],
    [
      { type: 'subscribe', channel: 'é', filters: ['nope', 'skip-self'], extra: 1 },
      { type: 'subscribe', channel: 'é', filters: ['nope', 'skip-self'], lastId: undefined },
    ],
    [
      { type: 'unsubscribe', channel: 'zzz' },
      { type: 'unsubscribe', channel: 'zzz' },
    ],
    [{ type: 'detach' }, { type: 'detach' }],
    [{ type: 'flush-delayed', content: 5 }, { type: 'flush-delayed' }],
    [{ type: 'ack' }, { type: 'ack' }],
    [
      { type: 'session', id: 'x' },
      { type: 'session', id: 'x' },
    ],
    [
      { type: 'session', id: '' },
      { type: 'session', id: undefined },
    ],
    [{ type: 'session' }, { type: 'session', id: undefined }],
    [
      { type: 'set-meta', name: 'user', value: 'alice' },
      { type: 'set-meta', name: 'user', value: 'alice' },
    ],
    [
      { type: 'set-meta', name: 'user', value: '' },
      { type: 'set-meta', name: 'user', value: '' },
    ],
    [
      { type: 'set-meta', name: 'user' },
      { type: 'set-meta', name: 'user', value: undefined },
    ],
    [{ type: 'keep-alive', content: '{}', timeout: 30 }, keepAlive(message('text', '{}'), 30)],
    [{ type: 'keep-alive', 'message-type': 'ping', content: '' }, keepAlive(message('ping', ''))],
    [{ type: 'keep-alive', 'content-bin': 'AQI=' }, keepAlive(message('text', Uint8Array.of(1, 2)))],
    [
      { type: 'keep-alive', 'content-bin': '/w==', content: 'x', 'message-type': 'binary' },
      keepAlive(message('binary', Uint8Array.of(255))),
    ],
    [{ type: 'keep-alive' }, keepAlive(undefined)],
    [{ type: 'keep-alive', timeout: -1, 'message-type': 'pong' }, keepAlive(undefined)],
    [{ type: 'keep-alive', content: 'x', timeout: 0 }, keepAlive(message('text', 'x'))],
    [{ type: 'keep-alive', content: 'x', timeout: '20' }, keepAlive(message('text', 'x'), 20)],
    [{ type: 'keep-alive', content: 'x', timeout: 2.5 }, keepAlive(message('text', 'x'), 3)],
    [{ type: 'keep-alive', content: 'x', timeout: true }, keepAlive(message('text', 'x'), 1)],
    [{ type: 'keep-alive', content: 'x', timeout: false }, keepAlive(message('text', 'x'))],
    [{ type: 'keep-alive', content: 'x', timeout: 'soon' }, keepAlive(message('text', 'x'))],
    [
      { type: 'keep-alive', content: 'x', mode: 'interval', timeout: 10 },
      keepAlive(message('text', 'x'), 10, 'interval'),
    ],
    [{ type: 'keep-alive', content: 'x', mode: 'other' }, keepAlive(message('text', 'x'))],
    [{ type: 'send-delayed', content: 'a' }, delayed(message('text', 'a'))],
    [{ type: 'send-delayed', content: 'a', timeout: 5 }, delayed(message('text', 'a'), 5)],
    [{ type: 'send-delayed', content: 'a', timeout: 0 }, delayed(message('text', 'a'))],
    [{ type: 'send-delayed', timeout: 5 }, delayed(message('text', ''))],
    [{ type: 'send-delayed', 'message-type': 'pong', 'content-bin': 'aGk=' }, delayed(message('pong', 'hi'))],
  ];
  for (const [json, expected] of table) {
    it(`may be ${JSON.stringify(json)}`, () =>
      assert.deepEqual(expectOk(parseControlMessage(bytes(JSON.stringify(json)))), expected));
  }

  const M = 'control message';
  const errors: [unknown, string][] = [
    [[], `${M} is not an object`],
    ['x', `${M} is not an object`],
    [null, `${M} is not an object`],
    [{}, `${M} does not contain 'type'`],
    [{ type: 5 }, `${M} contains 'type' with wrong type`],
    [{ type: 'close' }, `${M} contains 'type' with unknown value`],
    [{ type: 'Subscribe', channel: 'a' }, `${M} contains 'type' with unknown value`],
    [{ type: 'subscribe' }, `${M} does not contain 'channel'`],
    [{ type: 'subscribe', channel: '' }, `${M} contains 'channel' with invalid value`],
    [{ type: 'subscribe', channel: 5 }, `${M} contains 'channel' with wrong type`],
    [{ type: 'subscribe', channel: null }, `${M} contains 'channel' with wrong type`],
    [{ type: 'subscribe', channel: 'a', filters: 'skip-self' }, `${M} contains 'filters' with wrong type`],
    [{ type: 'subscribe', channel: 'a', filters: null }, `${M} contains 'filters' with wrong type`],
    [{ type: 'subscribe', channel: 'a', filters: [1] }, 'filters contains element with wrong type'],
    [{ type: 'subscribe', channel: 'a', 'last-id': 5 }, `${M} contains 'last-id' with wrong type`],
    [{ type: 'subscribe', channel: 'a', 'last-id': null }, `${M} contains 'last-id' with wrong type`],
    [{ type: 'unsubscribe' }, `${M} does not contain 'channel'`],
    [{ type: 'unsubscribe', channel: '' }, `${M} contains 'channel' with invalid value`],
    [{ type: 'session', id: 5 }, `${M} contains 'id' with wrong type`],
    [{ type: 'session', id: null }, `${M} contains 'id' with wrong type`],
    [{ type: 'set-meta', value: 'x' }, `${M} does not contain 'name'`],
    [{ type: 'set-meta', name: '' }, `${M} contains 'name' with invalid value`],
    [{ type: 'set-meta', name: 'a', value: 1 }, `${M} contains 'value' with wrong type`],
    [{ type: 'set-meta', name: 'a', value: null }, `${M} contains 'value' with wrong type`],
    [{ type: 'keep-alive', content: 5 }, `${M} contains 'content' with wrong type`],
    [{ type: 'keep-alive', content: null }, `${M} contains 'content' with wrong type`],
    [{ type: 'keep-alive', 'content-bin': 5 }, `${M} contains 'content-bin' with wrong type`],
    [{ type: 'keep-alive', content: 'x', mode: 5 }, `${M} contains 'mode' with wrong type`],
    [{ type: 'keep-alive', content: 'x', timeout: -1 }, `${M} contains 'timeout' with invalid value`],
    [{ type: 'keep-alive', content: 'x', timeout: 1e12 }, `${M} contains 'timeout' with invalid value`],
    [{ type: 'keep-alive', content: 'x', timeout: [] }, `${M} contains 'timeout' with wrong type`],
    [{ type: 'keep-alive', content: 'x', timeout: null }, `${M} contains 'timeout' with wrong type`],
    [{ type: 'keep-alive', 'message-type': 'close' }, `${M} contains 'message-type' with unknown value`],
    [{ type: 'keep-alive', 'message-type': 1 }, `${M} contains 'message-type' with wrong type`],
    [{ type: 'send-delayed', content: 'a', timeout: -1 }, `${M} contains 'timeout' with invalid value`],
    [
      { type: 'send-delayed', 'content-bin': '/w==' },
      `${M} contains 'content-bin' with invalid value: text must be UTF-8`,
    ],
    [
      { type: 'keep-alive', 'message-type': 'ping', content: 'x'.repeat(126) },
      `${M} contains 'content' with invalid value: a ping holds at most 125 bytes`,
    ],
  ];
  for (const [json, text] of errors) {
    it(`is never ${JSON.stringify(json)}`, () =>
      assert.equal(expectFailure(parseControlMessage(bytes(JSON.stringify(json)))), text));
  }

  it('is never what is no JSON', () => {
    for (const content of [bytes(''), bytes('nonsense'), bytes('{"type":"detach"} x'), Uint8Array.of(255)]) {
      assert.equal(expectFailure(parseControlMessage(content)), `${M} is not JSON`);
    }
  });

  it('has only members of its own', () => {
    assert.equal(
      expectFailure(parseControlMessage(bytes('{"__proto__": {"type": "detach"}}'))),
      `${M} does not contain 'type'`,
    );
  });

  it('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 0x7fffffff }), (content, timeout) => {
        const json = {
          type: 'keep-alive',
          'message-type': 'binary',
          'content-bin': encodeBase64(content),
          timeout,
        };
        const parsed = expectOk(parseControlMessage(bytes(JSON.stringify(json))));
        assert.ok(parsed.type === 'keep-alive');
        assert.deepEqual(parsed.message?.content.slice(), content);
        assert.equal(parsed.timeoutSeconds, timeout);
      }),
    );
  });
});
