import assert from 'node:assert/strict';
import { encodeWsClose, isSendableCloseCode, parseWsClose, sendableClose } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes } from './helpers.js';

describe('the content of a close', () => {
  it('is the code in two bytes, and the reason', () => {
    assert.deepEqual(encodeWsClose({ code: 1000, reason: '' }), Uint8Array.of(3, 0xe8));
    const bye = Uint8Array.of(3, 0xe9, ...bytes('bye'));
    assert.deepEqual(encodeWsClose({ code: 1001, reason: 'bye' }), bye);
    assert.deepEqual(parseWsClose(bye), { code: 1001, reason: 'bye' });
  });

  it('is empty without a code', () => {
    assert.deepEqual(encodeWsClose({ code: undefined, reason: 'bye' }), new Uint8Array());
  });

  it('has no code when it is shorter than one', () => {
    for (const content of [undefined, new Uint8Array(), Uint8Array.of(3)]) {
      assert.deepEqual(parseWsClose(content), { code: undefined, reason: '' });
    }
  });

  it('is read where a part of a body holds it', () => {
    const body = Uint8Array.of(1, 2, 3, 0xe9, 0x61, 9);
    assert.deepEqual(parseWsClose(body.subarray(2, 5)), { code: 1001, reason: 'a' });
  });

  it('may have a reason that is no text', () => {
    assert.deepEqual(parseWsClose(Uint8Array.of(3, 0xe8, 0x61, 0xff)), { code: 1000, reason: 'a\ufffd' });
  });

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.string({ unit: 'grapheme' }), (code, reason) => {
        assert.deepEqual(parseWsClose(encodeWsClose({ code, reason })), { code, reason });
      }),
    );
  });
});

describe('a close that may be sent', () => {
  it('keeps a code that may be sent, and its reason', () => {
    for (const code of [1000, 1001, 1003, 1011, 1013, 3000, 4999]) {
      assert.deepEqual(sendableClose({ code, reason: 'bye' }), { code, reason: 'bye' });
    }
  });

  it('has 1000 for no code and for one that may not be sent', () => {
    for (const code of [undefined, 0, -1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 70000, 1000.5, NaN]) {
      assert.deepEqual(sendableClose({ code, reason: 'bye' }), { code: 1000, reason: 'bye' });
    }
  });

  const cuts: [string, string][] = [
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), 'x'.repeat(123)],
    ['é'.repeat(100), 'é'.repeat(61)],
    [`${'x'.repeat(121)}☃`, 'x'.repeat(121)],
    [`${'x'.repeat(120)}☃!`, `${'x'.repeat(120)}☃`],
    [`${'x'.repeat(120)}😀`, 'x'.repeat(120)],
  ];
  for (const [reason, cut] of cuts) {
    it(`has a reason of ${bytes(reason).length} bytes cut to ${bytes(cut).length}`, () =>
      assert.deepEqual(sendableClose({ code: 1000, reason }), { code: 1000, reason: cut }));
  }

  it('is always one that fits a frame', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: 'binary', maxLength: 300 }), (code, reason) => {
        const close = sendableClose({ code, reason });
        assert.ok(isSendableCloseCode(close.code));
        assert.ok(encodeWsClose(close).length <= 125);
        assert.ok(reason.startsWith(close.reason));
      }),
    );
  });
});
