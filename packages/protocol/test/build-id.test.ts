import assert from 'node:assert/strict';
import { createIdFilter, decodeUtf8, IdFilter, type IdFilterOptions } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectFailure, expectOk, text } from './helpers.js';

/** The filter's whole output for content in pieces, or its message. */
function filter(options: IdFilterOptions, chunks: Uint8Array[]): Uint8Array | string {
  const idFilter = new IdFilter(options);
  const output: number[] = [];
  for (const chunk of chunks) {
    const result = idFilter.update(chunk);
    if (!result.ok) return result.message;
    output.push(...result.value);
  }
  const last = idFilter.finish();
  return last.ok ? Uint8Array.from([...output, ...last.value]) : last.message;
}

const raw = { id: 'C3PO', hex: false };
const hex = { id: 'C3PO', hex: true };
const none = { id: undefined, hex: false };

describe('the filter build-id', () => {
  const table: [IdFilterOptions, string, string][] = [
    [raw, 'The ID is %I.', 'The ID is C3PO.'],
    [hex, 'The ID is %I.', 'The ID is 4333504f.'],
    [hex, 'The ID is %(R2D2)I.', 'The ID is 52324432.'],
    [none, 'The ID is %(R2D2)I.', 'The ID is R2D2.'],
    [none, '100%%', '100%'],
    [{ id: 'é', hex: true }, '%I', 'c3a9'],
    [{ id: 'é', hex: false }, 'à%Ià', 'àéà'],
    [{ id: '', hex: true }, '[%I]', '[]'],
    [none, '', ''],
  ];
  for (const [options, content, expected] of table) {
    it(`turns '${content}' to '${expected}'`, () => {
      assert.deepEqual(filter(options, [bytes(content)]), bytes(expected));
    });
  }

  const errors: [string, string][] = [
    ['The ID is %I', 'No ID specified and no default ID in context at position 11'],
    ['%s', "Unknown directive 's' at position 1"],
    ['%(x)s', "Unknown directive 's' at position 4"],
    ['50%', "Expected directive after '%' at position 2"],
    ['ab%(x', 'Unterminated field starting at position 3'],
  ];
  for (const [content, message] of errors) {
    it(`refuses '${content}'`, () => assert.equal(filter(none, [bytes(content)]), message));
  }

  it('holds back a directive until it is complete', () => {
    const idFilter = new IdFilter({ id: undefined, hex: true });
    const chunks = ['The ID is %', '(', 'R2D', '2', ')', 'I.'];
    const output = chunks.map((chunk) => text(expectOk(idFilter.update(bytes(chunk)))));
    assert.deepEqual(output, ['The ID is ', '', '', '', '', '52324432.']);
    assert.equal(text(expectOk(idFilter.finish())), '');
  });

  it('stays failed', () => {
    const idFilter = new IdFilter(none);
    const message = expectFailure(idFilter.update(bytes('%d')));
    assert.equal(expectFailure(idFilter.update(bytes('fine'))), message);
    assert.equal(expectFailure(idFilter.finish()), message);
  });

  it('gives the same for content in any pieces, mistakes included', () => {
    const piece = fc.constantFrom('%', '%%', '%I', '%(a)I', '(', ')', '\\', 'I', 'x', '%d', 'é', '\n');
    const content = fc.array(piece).map((pieces) => bytes(pieces.join('')));
    fc.assert(
      fc.property(content, fc.array(fc.nat(40)), fc.boolean(), (whole, cuts, isHex) => {
        const sorted = cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b);
        const chunks = [0, ...sorted].map((start, index) =>
          whole.subarray(start, sorted[index] ?? whole.length),
        );
        const options = { id: 'id', hex: isHex };
        assert.deepEqual(filter(options, chunks), filter(options, [whole]));
      }),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to the length, even byte by byte', () => {
    const idFilter = new IdFilter(none);
    idFilter.update(bytes('%('));
    const start = process.cpuUsage();
    const chunk = bytes('x');
    for (let i = 0; i < 200_000; i++) idFilter.update(chunk);
    assert.ok(process.cpuUsage(start).user < 2_000_000);
  });
});

describe('the filter build-id of a subscription', () => {
  const prevIdOf = (channel: string) => (channel === 'news' ? '7' : undefined);

  function build(meta: Record<string, string>, channels?: typeof prevIdOf) {
    return createIdFilter(new Map(Object.entries(meta)), channels);
  }

  function apply(idFilter: IdFilter, content: string): string {
    return decodeUtf8(expectOk(idFilter.update(bytes(content))));
  }

  it('renders id_format from the last ids of channels', () => {
    const meta = { id_format: 'news:%(news)s' };
    assert.equal(apply(expectOk(build(meta, prevIdOf)), 'id: %I\n'), 'id: news:7\n');
    const inHex = expectOk(build({ ...meta, id_encoding: 'hex' }, prevIdOf));
    assert.equal(apply(inHex, '%I'), '6e6577733a37');
  });

  it('has no id of its own in the body of a response', () => {
    const idFilter = expectOk(build({ id_format: '%(nope)s' }));
    assert.equal(apply(idFilter, '%(x)I'), 'x');
    const message = 'No ID specified and no default ID in context at position 6';
    assert.equal(expectFailure(idFilter.update(bytes('%I'))), message);
  });

  it('is refused with bad meta', () => {
    assert.equal(expectFailure(build({}, prevIdOf)), "no sub meta 'id_format'");
    assert.equal(expectFailure(build({ id_format: '', id_encoding: 'x' })), 'unsupported encoding: x');
    const message = "No such variable 'nope' at position 7";
    assert.equal(expectFailure(build({ id_format: '%(nope)s' }, prevIdOf)), message);
  });
});
