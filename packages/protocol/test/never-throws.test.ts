import assert from 'node:assert/strict';
import {
  areGripSigClaimsValid,
  decodeBase64,
  isFieldValue,
  isFinalStatus,
  isGripHeader,
  isHopByHop,
  isInstruct,
  isToken,
  parseAllParameters,
  parseChannels,
  parseControlMessage,
  parseGripExtension,
  parseGripUri,
  parseInstruct,
  parseItem,
  parseItems,
  parseKeepAlive,
  parseKey,
  parseLinkInstruct,
  parseLinks,
  parseParameters,
  parseWebSocketContext,
  parseWsClose,
  parseWsEvents,
  renderTemplate,
  splitList,
  substituteVariables,
} from '@p-8/protocol';
import fc from 'fast-check';

const GRIP_NAMES = [
  'Grip-Hold',
  'Grip-Channel',
  'Grip-Timeout',
  'Grip-Keep-Alive',
  'Grip-Set-Meta',
  'Grip-Status',
  'Grip-Link',
  'Grip-Expose-Headers',
  'Sec-WebSocket-Extensions',
  'Connection-Id',
  'Meta-User',
  'Content-Type',
  'Connection',
];
const PIECES = [
  ...[
    'stream',
    'response',
    'application/grip-instruct',
    '<',
    '>',
    '"',
    '\\',
    ',',
    ';',
    '=',
    ' ',
    '-1',
    '7',
    '404 ',
  ],
  ...[
    'rel=next',
    'prev-id',
    'filter=',
    'timeout=',
    'grip',
    'message-prefix=',
    'format=cstring',
    'mode=',
    '\\x4',
    '%',
    '\r\n',
    '\0',
    'é',
    '\xe9',
  ],
];

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...PIECES)).map((pieces) => pieces.join('')),
);
const headers = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...GRIP_NAMES), fc.string()), value))
  .map((pairs) => pairs.flat());

const KEYS = [
  ...[
    'hold',
    'response',
    'mode',
    'channels',
    'name',
    'filters',
    'timeout',
    'keep-alive',
    'meta',
    'code',
    'reason',
  ],
  ...[
    'headers',
    'body',
    'body-bin',
    'body-patch',
    'content',
    'content-bin',
    'items',
    'channel',
    'formats',
    'size',
  ],
  ...['message-type', 'channel', 'value', 'id'],
  ...['http-response', 'http-stream', 'ws-message', 'action', 'type', 'no-seq', 'id', 'prev-id', '__proto__'],
];
// JSON whose members often mean something, at any depth.
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'medium', maxDepth: 6 },
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('send', 'close', 'stream', 'text', 'keep-alive', 'subscribe', 200, 1000),
    ),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('node'), { maxKeys: 6 }),
  ),
})).node;
const anything = fc.oneof(
  json,
  fc.anything({ withTypedArray: true, withMap: true, withNullPrototype: true }),
);

describe('input from the wire', () => {
  it('never makes a header parser throw', () => {
    fc.assert(
      fc.property(headers, (list) => {
        isInstruct(list);
        parseChannels(list);
        parseKeepAlive(list);
        parseLinks(list);
        parseGripExtension(list);
        parseWebSocketContext(list, new Uint8Array());
      }),
      { numRuns: 500 },
    );
  });

  it('never makes a text parser throw', () => {
    fc.assert(
      fc.property(value, (text) => {
        splitList(text);
        parseParameters(text);
        parseAllParameters(text);
        parseGripUri(text);
        parseGripUri(`http://${text}`);
        parseKey(text);
        decodeBase64(text);
        renderTemplate(text, () => undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('never makes a parser of bytes throw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        substituteVariables(body, new Map());
        parseWsEvents(body);
        parseWsClose(body);
        parseControlMessage(body);
        parseWebSocketContext(['Connection-Id', 'a'], body);
        const list = ['Content-Type', 'application/grip-instruct'];
        parseInstruct({ status: 200, reason: 'OK', headers: list, body });
      }),
    );
  });

  it('never makes an item throw', () => {
    fc.assert(
      fc.property(anything, (input) => {
        parseItem(input);
        parseItems(input);
        parseItems({ items: [{ channel: 'a', formats: input }] });
        areGripSigClaimsValid(input, 0);
      }),
      { numRuns: 500 },
    );
  });

  it('never makes a control message throw, and its times keep their bounds', () => {
    const type = fc.constantFrom('subscribe', 'session', 'set-meta', 'keep-alive', 'send-delayed');
    fc.assert(
      fc.property(type, fc.dictionary(fc.constantFrom(...KEYS), json, { maxKeys: 6 }), (name, members) => {
        const text = JSON.stringify({ ...members, type: name });
        const control = parseControlMessage(new TextEncoder().encode(text));
        if (control.ok && 'timeoutSeconds' in control.value) assert.ok(control.value.timeoutSeconds >= 1);
      }),
      { numRuns: 150 },
    );
  });

  it('never makes an instruct throw, and its channels and times keep their bounds', () => {
    fc.assert(
      fc.property(headers, json, fc.boolean(), (list, input, isJson) => {
        const typed = isJson ? ['Content-Type', 'application/grip-instruct', ...list] : list;
        const body = new TextEncoder().encode(JSON.stringify(input) ?? '');
        const response = { status: 200, reason: 'OK', headers: typed, body };
        parseLinkInstruct(response);
        const instruct = parseInstruct(response);
        if (!instruct.ok) return;
        assert.ok(instruct.value.timeoutSeconds >= 5);
        assert.ok(instruct.value.channels.every(({ filters }) => filters.length <= 5));
        assert.ok(isFinalStatus(instruct.value.response.code));
      }),
      { numRuns: 500 },
    );
  });

  it('never gets a header through that would break the response', () => {
    const pair = fc.tuple(
      fc.oneof(fc.constantFrom('A', 'Connection', 'Grip-X', 'A\r\n'), fc.string()),
      value,
    );
    fc.assert(
      fc.property(fc.array(pair), value, fc.integer({ min: -1, max: 1001 }), (pairs, reason, code) => {
        const format = { code, reason, headers: pairs, body: '' };
        const item = parseItem({ channel: 'a', formats: { 'http-response': format } });
        if (!item.ok || item.value.httpResponse?.action !== 'send') return;
        const sent = item.value.httpResponse;
        assert.ok(isFinalStatus(sent.code) && isFieldValue(sent.reason));
        sent.headers.forEach((part, index) => {
          if (index % 2 === 1) assert.ok(isFieldValue(part));
          else assert.ok(isToken(part) && !isHopByHop(part.toLowerCase()) && !isGripHeader(part));
        });
      }),
      { numRuns: 500 },
    );
  });
});
