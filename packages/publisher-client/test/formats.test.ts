import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import { parseItem } from '@p-8/protocol';
import * as ours from '@p-8/publisher-client';
import fc from 'fast-check';
import type { Library } from './support/differences.js';

const bytes = Uint8Array.of(0, 255, 10);

/** What both make of the same, by JSON. */
function same(make: (lib: Library) => unknown): void {
  assert.equal(JSON.stringify(make(ours)), JSON.stringify(make(theirs)));
}

/** That both throw the same. */
function sameError(make: (lib: Library) => unknown): void {
  const thrown = (lib: Library): string => {
    try {
      make(lib);
    } catch (error) {
      return String(error);
    }
    return assert.fail('nothing was thrown');
  };
  assert.equal(thrown(ours), thrown(theirs));
}

describe('formats, as @fanoutio/grip has them', () => {
  const table: Readonly<Record<string, (lib: Library) => theirs.IFormat>> = {
    'a stream of text': (lib) => new lib.HttpStreamFormat('hi\n'),
    'a stream of bytes': (lib) => new lib.HttpStreamFormat(bytes),
    'a stream of nothing': (lib) => new lib.HttpStreamFormat(''),
    'the end of a stream': (lib) => new lib.HttpStreamFormat(null, true),
    'the end of a stream, and content': (lib) => new lib.HttpStreamFormat('lost', true),
    'a response': (lib) => new lib.HttpResponseFormat('404', 'Gone', { 'X-A': 'b' }, 'body'),
    'a response of bytes': (lib) => new lib.HttpResponseFormat(null, null, null, bytes),
    'a response by names': (lib) => new (lib as typeof ours).HttpResponseFormat({ code: '201', body: '' }),
    'a response of nothing': (lib) => new lib.HttpResponseFormat(),
    'a message': (lib) => new lib.WebSocketMessageFormat('hi'),
    'a message of bytes': (lib) => new lib.WebSocketMessageFormat(bytes),
    'a close': (lib) => new lib.WebSocketMessageFormat(null, true),
    'a close with a code': (lib) => new lib.WebSocketMessageFormat(null, true, 4001),
    'a message with a code': (lib) => new lib.WebSocketMessageFormat('hi', false, 4001),
  };
  for (const [name, make] of Object.entries(table)) {
    it(`are the same: ${name}`, () => {
      same((lib) => make(lib).export());
      assert.equal(make(ours).name(), make(theirs).name());
      assert.deepEqual({ ...make(theirs), ...make(ours) }, { ...make(ours) });
    });
  }

  it('need content, or to be an end', () => {
    sameError((lib) => new lib.HttpStreamFormat());
    sameError((lib) => new lib.WebSocketMessageFormat());
  });

  it('have an abstract base', () => {
    class Own extends ours.Format {
      name = () => 'own';
      export = () => ({ a: [1, { b: null }] });
    }
    assert.deepEqual(new ours.Item(new Own()).export().formats, { own: { a: [1, { b: null }] } });
  });
});

describe('formats, beyond @fanoutio/grip', () => {
  const table: readonly (readonly [name: string, format: ours.IFormat, exported: object])[] = [
    [
      'a patch of the held response',
      new ours.HttpResponseFormat({ code: 201, bodyPatch: [{ op: 'add', path: '/a', value: 1 }] }),
      { code: 201, 'body-patch': [{ op: 'add', path: '/a', value: 1 }] },
    ],
    [
      'a close with a reason',
      new ours.WebSocketMessageFormat(null, true, 4001, { reason: 'enough' }),
      { action: 'close', code: 4001, reason: 'enough' },
    ],
    [
      'a ping',
      new ours.WebSocketMessageFormat('', false, undefined, { type: 'ping' }),
      { type: 'ping', content: '' },
    ],
    [
      'a pong of bytes',
      new ours.WebSocketMessageFormat(bytes, false, undefined, { type: 'pong' }),
      { type: 'pong', 'content-bin': 'AP8K' },
    ],
  ];
  for (const [name, format, exported] of table) {
    it(`have ${name}`, () => {
      assert.deepEqual(format.export(), exported);
      assert.ok(parseItem({ ...new ours.Item(format).export(), channel: 'a' }).ok);
    });
  }
});

describe('items, as @fanoutio/grip has them', () => {
  it('have formats, an id and the one before', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 2 }), fc.boolean(), (ids, several) => {
        const make = (lib: Library): theirs.Item => {
          const stream = new lib.HttpStreamFormat('a');
          return new lib.Item(several ? [stream, new lib.WebSocketMessageFormat('b')] : stream, ...ids);
        };
        assert.deepEqual(make(ours).export(), make(theirs).export());
      }),
    );
  });

  it('have a format once', () => {
    sameError((lib) => new lib.Item([new lib.HttpStreamFormat('a'), new lib.HttpStreamFormat('b')]).export());
  });
});

describe('base64, as @fanoutio/grip has it', () => {
  it('is the same, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
        const written = theirs.encodeBytesToBase64String(content);
        assert.equal(ours.encodeBytesToBase64String(content), written);
        assert.deepEqual(
          ours.decodeBytesFromBase64String(written),
          theirs.decodeBytesFromBase64String(written),
        );
        const url = written.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
        assert.deepEqual(ours.decodeBytesFromBase64String(url), content);
        assert.deepEqual(ours.decodeBytesFromBase64String(written.replaceAll('+', ' ')), content);
      }),
    );
  });

  it('is refused where it is none', () => {
    for (const text of ['a', '!', 'ab=c', 'é']) sameError((lib) => lib.decodeBytesFromBase64String(text));
  });

  it('joins bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (arrays) => {
        assert.deepEqual(ours.concatUint8Arrays(...arrays), theirs.concatUint8Arrays(...arrays));
      }),
    );
  });
});
