import assert from 'node:assert/strict';
import { parseControlMessage, parseInstruct, parseJsonText } from '@p-8/protocol';
import fc from 'fast-check';

describe('JSON that is written by hand', () => {
  it('may begin with a byte order mark', () => {
    assert.deepEqual(parseJsonText('\uFEFF{"a":1}'), { a: 1 });
    assert.equal(parseJsonText('\uFEFF\uFEFF{}'), undefined);
  });

  it('may have line breaks, and other control characters, in its strings', () => {
    assert.deepEqual(parseJsonText('{"a\n":"b\r\n\tc\u0001\\"\n","d":\n2}'), {
      'a\n': 'b\r\n\tc\u0001"\n',
      d: 2,
    });
  });

  it('is still JSON', () => {
    for (const text of ['', '{', '{"a":"b\n}', '{"a":"\\\n"}', '\n"a"\nb', '{"a":1,}', '"a\n" "b"'])
      assert.equal(parseJsonText(text), undefined, JSON.stringify(text));
    assert.equal(parseJsonText('null'), null);
  });

  it('says what it would say without: whatever strings and control characters', () => {
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, (wanted) => {
        const raw = JSON.stringify(wanted).replace(/\\n|\\t|\\\\/g, (text) =>
          text === '\\n' ? '\n' : text === '\\t' ? '\t' : text,
        );
        assert.deepEqual(parseJsonText(raw), JSON.parse(JSON.stringify(wanted)));
      }),
    );
  });

  it('takes no longer for many quotes', () => {
    const began = performance.now();
    assert.equal(parseJsonText(`"${'\\"'.repeat(200_000)}\n`), undefined);
    assert.ok(performance.now() - began < 2000);
  });

  it('is read so in instructs and in control messages', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const headers = ['Content-Type', 'application/grip-instruct'];
    const body = bytes(
      '\uFEFF{"hold":{"mode":"stream","channels":[{"name":"a"}]},"response":{"body":"x\ny"}}',
    );
    const instruct = parseInstruct({ status: 200, reason: 'OK', headers, body });
    assert.ok(instruct.ok);
    assert.deepEqual(instruct.value.response.body, bytes('x\ny'));
    assert.ok(parseControlMessage(bytes('{"type":"send-delayed","content":"x\ny","timeout":1}'), '').ok);
  });
});
