import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ResponseError } from '../src/upstream/response-head.js';
import { MAX_HEAD_BYTES, ResponseReader } from '../src/upstream/response-reader.js';

/** What a reader tells of the bytes of one response. */
interface Told {
  readonly interim: [number, string[]][];
  head: [number, string, string[]] | undefined;
  body: string;
  trailers: readonly string[];
  isOver: boolean;
  /** Bytes behind the response. */
  rest: number;
  staysOpen: boolean;
}

/** Reads `bytes` (a character each), cut at `cuts`; then the connection ends where `ends`. */
function read(bytes: string, { method = 'GET', cuts = [] as number[], ends = false } = {}): Told {
  const told: Told = {
    interim: [],
    head: undefined,
    body: '',
    trailers: [],
    isOver: false,
    rest: 0,
    staysOpen: false,
  };
  const reader = new ResponseReader({
    onInterim: (status, headers) => told.interim.push([status, headers]),
    onHead: (...head) => {
      assert.equal(told.head, undefined);
      told.head = head;
    },
    onData: (chunk) => {
      assert(chunk.length > 0);
      told.body += chunk.toString('latin1');
    },
  });
  reader.begin(method);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    const part = Buffer.from(bytes.slice(edges[i - 1], edges[i]), 'latin1');
    const end = reader.read(part);
    told.rest += part.length - end;
    if (!reader.isOver) assert.equal(end, part.length);
  }
  told.isOver = reader.isOver || (ends && reader.end());
  told.trailers = reader.trailers;
  told.staysOpen = reader.staysOpen;
  return told;
}

function fails(bytes: string, message: RegExp): void {
  assert.throws(
    () => read(bytes),
    (error: unknown) => error instanceof ResponseError && message.test(error.message),
  );
}

/** The body of a response with such a head; undefined: it goes on. */
function bodyOf(bytes: string, method = 'GET'): string | undefined {
  const { isOver, body } = read(bytes, { method });
  return isOver ? body : undefined;
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a reader of responses', () => {
  it('reads the same, wherever what it reads is cut', () => {
    const token = fc.string({ unit: fc.constantFrom(...'aZ9-_!'), minLength: 1, maxLength: 9 });
    const value = fc
      .string({ unit: fc.constantFrom(...'a ,:\x80\xff'), maxLength: 20 })
      .map((text) => text.trim());
    const fields = fc.array(fc.tuple(token, value), { maxLength: 6 });
    const parts = fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), {
      maxLength: 5,
    });
    const lineEnd = fc.constantFrom('\r\n', '\n');
    fc.assert(
      fc.property(
        fc.record({
          fields,
          parts,
          trailers: fields,
          lineEnd,
          framing: fc.constantFrom('length', 'chunked', 'close'),
          interim: fc.array(fields, { maxLength: 2 }),
          cuts: fc.array(fc.nat(), { maxLength: 12 }),
          rest: fc.constantFrom('', 'HTTP/1.1 200 OK', '\r\n'),
        }),
        ({ fields, parts, trailers, lineEnd, framing, interim, cuts, rest }) => {
          const lines = (some: [string, string][]): string =>
            some.map(([name, value]) => `${name}: ${value}${lineEnd}`).join('');
          const body = parts.join('');
          let bytes = interim.map((some) => `HTTP/1.1 103 Early${lineEnd}${lines(some)}${lineEnd}`).join('');
          bytes += `HTTP/1.1 200 Fine${lineEnd}${lines(fields)}`;
          const added: [string, string][] =
            framing === 'length'
              ? [['Content-Length', String(body.length)]]
              : framing === 'chunked'
                ? [['Transfer-Encoding', 'chunked']]
                : [];
          bytes += `${lines(added)}${lineEnd}`;
          if (framing === 'chunked') {
            for (const part of parts) bytes += `${part.length.toString(16)}${lineEnd}${part}${lineEnd}`;
            bytes += `0${lineEnd}${lines(trailers)}${lineEnd}`;
          } else bytes += body;
          if (framing !== 'close') bytes += rest;
          const told = read(bytes, { cuts, ends: true });
          assert.deepEqual(told, {
            interim: interim.map((some) => [103, some.flat()]),
            head: [200, 'Fine', [...fields, ...added].flat()],
            body,
            trailers: framing === 'chunked' ? trailers.flat() : [],
            isOver: true,
            rest: framing === 'close' ? 0 : rest.length,
            staysOpen: true,
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('throws nothing but its own errors, and reads garbage the same wherever it is cut', () => {
    const piece = fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK',
        'HTTP/1.0 304 ',
        'HTTP/1.1 100',
        '\r\n',
        '\n',
        '\r',
        ':',
        ' ',
        '\0',
        '\x01',
        'X',
      ],
      ...['Content-Length: 3', 'content-length: 03', 'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip'],
      ...['\r\n\r\n', '3\r\nabc\r\n', '0\r\n\r\n', 'f;x', 'Connection: close', '\t folded'],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        (pieces, cuts) => {
          const outcome = (cuts: number[]): unknown => {
            try {
              return read(`HTTP/1.1 200 OK\r\n${pieces.join('')}`, { cuts, ends: true });
            } catch (error) {
              assert(error instanceof ResponseError, String(error));
              return 'refused';
            }
          };
          assert.deepEqual(outcome(cuts), outcome([]));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes what can be read in one way only', () => {
    assert.equal(bodyOf('\r\n\nHTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab'), 'ab');
    assert.equal(bodyOf(`${OK}Content-Length: 2\r\nContent-Length:2\r\n\r\nab`), 'ab');
    assert.equal(bodyOf(`${OK}Content-Length: 2, 2\r\n\r\nab`), 'ab');
    assert.equal(bodyOf(`${OK}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab`), 'ab');
    assert.equal(bodyOf(`${OK}Transfer-Encoding: identity, CHUNKED\r\n\r\n2  \r\nab\r\n0;x=y\r\n\r\n`), 'ab');
    assert.equal(bodyOf('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n'), 'ab');
    assert.deepEqual(read(`${OK}Content-Length: 2, 2\r\n\r\n`).head?.[2], ['Content-Length', '2']);
    assert.deepEqual(read(`${OK}A : 1 \r\nX[a]: 2\r\nB: x\x01y\r\n z\r\n\r\n`).head?.[2], [
      'A',
      '1',
      'B',
      'x y z',
    ]);
    assert.deepEqual(read('HTTP/1.1 200 caf\xe9\r\n\r\n').head?.slice(0, 2), [200, 'caf\xe9']);
    assert.deepEqual(read('HTTP/1.1 200 a\x01b\r\n\r\n').head?.slice(0, 2), [200, '']);
  });

  it('refuses what could be read in two', () => {
    fails(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`, /two lengths/);
    fails(`${OK}Content-Length: 2, 3\r\n\r\n`, /length of the body is none/);
    for (const length of ['', '-1', '+1', '0x1', '1e2', '1 2', '9'.repeat(16)])
      fails(`${OK}Content-Length: ${length}\r\n\r\n`, /length of the body is none/);
    fails(`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`, /has a length, and is chunked/);
    fails(`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, /transfer coding is not chunked/);
    fails(`${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, /transfer coding/);
    fails(`${OK}Transfer-Encoding: chunked\r\n , gzip\r\n\r\n`, /goes on with no field/);
    fails(`${OK} X: 1\r\n\r\n`, /goes on with no field/);
    fails(`${OK}no field\r\n\r\n`, /no field/);
    fails(`${OK}: 1\r\n\r\n`, /no field/);
    fails(`${OK}A B: 1\r\n\r\n`, /has no name/);
    fails(`${OK}A: \0\r\n\r\n`, /zero byte/);
    for (const line of [
      'HTTP/1.1 99 x',
      'HTTP/1.1 2000 x',
      'HTTP/2 200 x',
      'HTTP/1.1  x',
      'http/1.1 200 OK',
      'SSH-2.0',
    ])
      fails(`${line}\r\n\r\n`, /no status line/);
    fails('\0\0\0', /no status line/);
    fails('HTTP/1.1 101 Switching Protocols\r\n\r\n', /unasked/);
    const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
    for (const size of ['', ' 1', '0x1', '-1', '1 1', 'g', 'f'.repeat(13)])
      fails(`${chunked}${size}\r\n`, /no size/);
    fails(`${chunked}1\r\nabc`, /longer than it says/);
    fails(`${chunked}1\r\na\r\r\n`, /longer than it says/);
    fails(`${chunked}1;${'x'.repeat(5000)}`, /too long/);
  });

  it('reads no body where there is none, whatever the head says', () => {
    for (const status of [204, 304]) {
      const told = read(`HTTP/1.1 ${status} x\r\nContent-Length: 5\r\n\r\nrest`);
      assert.deepEqual([told.isOver, told.body, told.rest], [true, '', 4]);
    }
    assert.equal(bodyOf(`${OK}Content-Length: 5\r\n\r\n`, 'HEAD'), '');
    assert.equal(bodyOf(`${OK}Transfer-Encoding: chunked\r\n\r\n`, 'HEAD'), '');
    assert.equal(bodyOf(`${OK}\r\n`, 'HEAD'), '');
    assert.equal(bodyOf(`${OK}Content-Length: 0\r\n\r\n`), '');
  });

  it('ends a body without a length with the connection, and no other one', () => {
    const ends = true;
    assert.deepEqual([read(`${OK}\r\nab`).isOver, read(`${OK}\r\nab`, { ends }).isOver], [false, true]);
    assert.equal(read(`${OK}Content-Length: 3\r\n\r\nab`, { ends }).isOver, false);
    assert.equal(read(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`, { ends }).isOver, false);
    assert.equal(read(OK, { ends }).isOver, false);
  });

  it('tells whether the connection stays open', () => {
    const staysOpen = (line: string, fields = ''): boolean =>
      read(`${line} 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`).staysOpen;
    assert.equal(staysOpen('HTTP/1.1'), true);
    assert.equal(staysOpen('HTTP/1.1', 'Connection: x, Close\r\n'), false);
    assert.equal(staysOpen('HTTP/1.1', 'Connection: keep-alive\r\nConnection: close\r\n'), false);
    assert.equal(staysOpen('HTTP/1.0'), false);
    assert.equal(staysOpen('HTTP/1.0', 'Connection: Keep-Alive\r\n'), true);
  });

  it('reads heads of a hundred kilobytes, and no larger ones, in one piece or a byte at a time', () => {
    const field = `X-Long: ${'v'.repeat(1015)}\r\n`;
    const large = `${OK}${field.repeat(100)}\r\n`;
    const cuts = Array.from(large, (_, i) => i);
    assert.equal(read(large).head?.[2].length, 200);
    assert.equal(read(large, { cuts }).head?.[2].length, 200);
    fails(`${OK}${field.repeat(MAX_HEAD_BYTES / 1024)}\r\n`, /too large/);
    fails(`${OK}X: ${'v'.repeat(MAX_HEAD_BYTES)}`, /too large/);
    fails(`HTTP/1.1 103 x\r\n${field}\r\n`.repeat(MAX_HEAD_BYTES / 1024), /too large/);
    fails(
      `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${field.repeat(MAX_HEAD_BYTES / 1024 + 1)}`,
      /too long/,
    );
  });

  it('reads one response after the other, and tells nothing of one that is stopped', () => {
    const told: string[] = [];
    const reader = new ResponseReader({
      onInterim: () => {},
      onHead: (status) => {
        told.push(String(status));
        if (status === 500) reader.stop();
      },
      onData: (chunk) => told.push(String(chunk)),
    });
    const bytes = Buffer.from(`${OK}Content-Length: 1\r\n\r\na`);
    for (let i = 0; i < 2; i++) {
      reader.begin('GET');
      assert.equal(reader.read(bytes), bytes.length);
      assert(reader.isOver && reader.hasHead);
    }
    reader.begin('GET');
    reader.read(Buffer.from('HTTP/1.1 500 x\r\nContent-Length: 1\r\n\r\na'));
    assert.deepEqual(told, ['200', 'a', '200', 'a', '500']);
  });
});
