import assert from 'node:assert/strict';
import fc from 'fast-check';
import { closeFrame, messagesFrame, quote } from '../src/sockjs/frames.js';
import { readSentForm, readSentMessages, readWebSocketMessages } from '../src/sockjs/sent-messages.js';
import { WebSocketMessage } from '../src/websocket/message.js';
import { useSockJsStage } from './support/sockjs-stage.js';

/** What the protocol has servers escape. */
const BY_SERVER: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x200c, 0x200f],
  [0x2028, 0x202f],
  [0x2060, 0x206f],
  [0xfff0, 0xffff],
];

/** Any text of the basic plane: no halves of characters, which no WebSocket carries. */
const text = fc
  .array(fc.nat(0xf7ff).map((code) => (code < 0xd800 ? code : code + 0x800)))
  .map((codes) => String.fromCharCode(...codes));

describe('messages in frames of SockJS', () => {
  const stage = useSockJsStage();

  it('are JSON, and have nothing in them that browsers change', () => {
    fc.assert(
      fc.property(fc.array(text), (messages) => {
        const frame = messagesFrame(messages.map(quote));
        assert.deepEqual(JSON.parse(frame.slice(1)), messages);
        assert.equal(codesOf(frame).find(isEscaped), undefined);
      }),
    );
  });

  it('reach the client escaped, however the client has sent them', async () => {
    const codes = BY_SERVER.slice(1).flatMap(([first, last]) => range(first, last));
    const message = String.fromCharCode(...codes);
    const escaped = codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
    await stage().post('/echo/0/s/xhr');
    assert.equal(await stage().post('/echo/0/s/xhr_send', `["${message}"]`), '204 ');
    assert.equal(await stage().post('/echo/0/s/xhr'), `200 a["${escaped}"]\n`);
    assert.equal(await stage().post('/echo/0/s/xhr_send', `["${escaped}"]`), '204 ');
    assert.equal(await stage().post('/echo/0/s/xhr'), `200 a["${escaped}"]\n`);
  });

  it('come back unharmed, any character that is one', async () => {
    const codes = [...range(0, 0xd7ff), ...range(0xe000, 0xffff), 0x1f600, 0x10ffff];
    const message = codes.map((code) => String.fromCodePoint(code)).join('');
    const escaped = codes
      .map((code) =>
        code > 0xffff ? String.fromCodePoint(code) : `\\u${code.toString(16).padStart(4, '0')}`,
      )
      .join('');
    await stage().post('/echo/0/s/xhr');
    assert.equal(await stage().post('/echo/0/s/xhr_send', `["${escaped}"]`), '204 ');
    const answer = await stage().post('/echo/0/s/xhr');
    assert.deepEqual(JSON.parse(answer.slice(5)), [message]);
  });

  it('cannot carry half a character to the origin: a WebSocket has no such text', async () => {
    await stage().post('/echo/0/s/xhr');
    await stage().post('/echo/0/s/xhr_send', '["a\\ud800b"]');
    assert.deepEqual((await stage().origin()).heard, ['text a\ufffdb']);
  });

  it('are texts: what is binary is read as UTF-8, as far as it can be', async () => {
    await stage().post('/echo/0/s/xhr');
    (await stage().origin()).send(Buffer.from([0x61, 0xff, 0x62, 0xc3, 0xa9]), 'binary');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a\\ufffdbé"]\n');
  });

  it('are made once for all clients', () => {
    const message = new WebSocketMessage('text', Buffer.from('a"b'));
    assert.equal(message.quoted, '"a\\"b"');
    assert.equal(Buffer.from(message.asSockJs.content).toString(), 'a["a\\"b"]');
    assert.equal(message.asSockJs, message.asSockJs);
    assert.equal(message.asSockJs.frame, message.asSockJs.frame);
  });

  it('that close have a reason, quoted like any text', () => {
    assert.equal(closeFrame(3000, 'Go "away"\u2028'), 'c[3000,"Go \\"away\\"\\u2028"]');
    assert.equal(closeFrame(1000, ''), 'c[1000,"Connection closed"]');
  });
});

describe('messages that a client of SockJS sends', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(text), (messages) => {
        const json = JSON.stringify(messages);
        const form = new URLSearchParams({ d: json }).toString();
        for (const read of [readSentMessages(Buffer.from(json)), readSentForm(Buffer.from(form))]) {
          assert.deepEqual(read, { ok: true, value: messages });
        }
        assert.deepEqual(readWebSocketMessages(Buffer.from(json)), { ok: true, value: messages });
      }),
    );
  });

  it('never make the reader throw, whatever they are', () => {
    const body = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
    );
    fc.assert(
      fc.property(body, (bytes) => {
        for (const read of [readSentMessages, readSentForm, readWebSocketMessages]) {
          const result = read(bytes);
          if (result.ok) assert.ok(result.value.every((one) => typeof one === 'string'));
        }
      }),
    );
  });

  it('are refused when they are no UTF-8, or nested deeper than anything', () => {
    assert.equal(readSentMessages(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])).ok, false);
    assert.equal(readSentMessages(Buffer.from('['.repeat(500_000) + ']'.repeat(500_000))).ok, false);
  });
});

function isEscaped(code: number): boolean {
  return BY_SERVER.some(([first, last]) => code >= first && code <= last);
}

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
