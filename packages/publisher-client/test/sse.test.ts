import assert from 'node:assert/strict';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { type SseEvent, sse } from '../src/index.js';

interface Parsed {
  readonly events: EventSourceMessage[];
  readonly comments: string[];
  readonly retries: number[];
}

/** What a client makes of a stream. */
function parse(stream: string): Parsed {
  const parsed: Parsed = { events: [], comments: [], retries: [] };
  const parser = createParser({
    onEvent: (event) => void parsed.events.push(event),
    onComment: (comment) => void parsed.comments.push(comment),
    onRetry: (retry) => void parsed.retries.push(retry),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(stream);
  return parsed;
}

const normalised = (text: string): string => text.replaceAll(/\r\n|\r/g, '\n');

/** Text with more line ends, colons and blanks than is usual. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\r\n', ':', ' ', 'data: ', '\0', '\u{feff}', '\u2028'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
});
const oneLine = nasty.map((text) => text.replaceAll(/[\r\n\0]/g, ''));

describe('sse', () => {
  it('writes an event', () => {
    assert.equal(
      sse({ event: 'score', id: '7', data: 'one\ntwo', retry: 5000, comment: 'x' }),
      ': x\nevent: score\nid: 7\nretry: 5000\ndata: one\ndata: two\n\n',
    );
    assert.equal(sse({ data: '' }), 'data: \n\n');
    assert.equal(sse({ data: 'a\r\nb\rc\n' }), 'data: a\ndata: b\ndata: c\ndata: \n\n');
    assert.equal(sse({ comment: 'keep alive' }), ': keep alive\n\n');
    assert.equal(sse({ id: '', data: ' x' }), 'id: \ndata:  x\n\n');
  });

  it('is read back as it was, but for line ends', () => {
    fc.assert(
      fc.property(oneLine, oneLine, nasty, fc.nat(), (event, id, data, retry) => {
        const { events, retries } = parse(sse({ event, id, data, retry }));
        // An empty type is as none.
        assert.deepEqual(events, [{ event: event || undefined, id, data: normalised(data) }]);
        assert.deepEqual(retries, [retry]);
      }),
    );
  });

  it('is one event, whatever its comment and data are', () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, (comment, data, next) => {
        const { events, comments } = parse(sse({ comment, data }) + sse({ data: next }));
        assert.deepEqual(
          events.map((event) => event.data),
          [normalised(data), normalised(next)],
        );
        assert.deepEqual(comments, normalised(comment).split('\n'));
        assert(events.every(({ id, event }) => id === undefined && event === undefined));
      }),
    );
  });

  const wrong: [what: string, event: unknown, message: string][] = [
    ['an event of two lines', { event: 'a\nb' }, 'sse: event must not have line ends or NUL'],
    ['an event with a carriage return', { event: 'a\rdata: b' }, 'sse: event must not have line ends or NUL'],
    ['an id of two lines', { id: '1\r\n\r\ndata: 2' }, 'sse: id must not have line ends or NUL'],
    ['an id with NUL', { id: '\0' }, 'sse: id must not have line ends or NUL'],
    [
      'an object',
      { data: { home: 1 } },
      'sse: data must be a string, and is of type object; objects need JSON.stringify',
    ],
    [
      'a number as id',
      { id: 7 },
      'sse: id must be a string, and is of type number; objects need JSON.stringify',
    ],
    [
      'null',
      { event: null },
      'sse: event must be a string, and is of type object; objects need JSON.stringify',
    ],
    ['a fraction', { retry: 0.5 }, 'sse: retry must be a whole number of milliseconds, and is 0.5'],
    ['a negative time', { retry: -1 }, 'sse: retry must be a whole number of milliseconds, and is -1'],
  ];
  for (const [what, event, message] of wrong) {
    it(`does not take ${what}`, () => {
      assert.throws(() => sse(event as SseEvent), { name: 'TypeError', message });
    });
  }
});
