import assert from 'node:assert/strict';
import { GripError } from '@p-8/core';
import fc from 'fast-check';
import { parseRouteLine, parseRouteLines, parseRoutes } from 'p-8';
import { parseArguments } from '../src/arguments.js';
import { parseIni } from '../src/config/ini-file.js';
import { parseLogLevel } from '../src/config/log-level.js';
import { parseListen, parseUnixListen } from '../src/net/listen-address.js';

const ROUTE_PIECES = [
  ...'*,="\\ #\t\n:/[]?.&',
  '* ',
  'path_beg',
  'proto=ws',
  'ssl=',
  'id=',
  'sig_key=base64:',
  'sockjs=/s',
  'localhost:3000',
  'over_http',
  'http://',
  'unix:',
  'test',
  'grip=false',
  'as_host=',
  'aorigin',
  '[::1]:80',
  '65536',
  '__proto__',
];
const INI_PIECES = [
  ...'[]=;#"\'\\\n\r \t.',
  '[proxy]',
  'routesfile=',
  '__proto__',
  'constructor',
  'key[]=',
  '[a.b]',
  '[a]',
  'a=',
  '\0',
  '{"a":',
  '1e999',
];

const pieces = (list: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .array(fc.oneof(fc.constantFrom(...list), fc.string({ maxLength: 4 })), { maxLength: 40 })
      .map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );

/** What an operator wrote wrong is told by a {@link GripError}; anything else is a fault of ours. */
function refusesPlainly(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof GripError)) throw error;
  }
}

describe('what an operator writes, whatever it is', () => {
  it('never makes routes throw', () => {
    fc.assert(
      fc.property(pieces(ROUTE_PIECES), (text) => {
        parseRouteLine(text);
        refusesPlainly(() => parseRouteLines([text, text]));
        parseRoutes(text, 'routes');
      }),
      { numRuns: 500 },
    );
  });

  it('never makes a configuration throw', () => {
    fc.assert(
      fc.property(pieces(INI_PIECES), (text) => void parseIni(text)),
      { numRuns: 500 },
    );
  });

  it('may have dots in the names of sections', () => {
    const read = parseIni('[a.b]\nkey=1\n[a]\nkey=2\n');
    assert.deepEqual([read.get('a.b')?.get('key'), read.get('a')?.get('key')], ['1', '2']);
  });

  it('is refused plainly as an address, a level or an argument', () => {
    fc.assert(
      fc.property(
        pieces([...'[]:.?=%0123456789abf', '/run', 'mode=', '-', '--port', '::1', 'debug']),
        (text) => {
          refusesPlainly(() => parseListen(text, 'option'));
          refusesPlainly(() => parseUnixListen(text, 'option'));
          refusesPlainly(() => parseLogLevel(text, 'option'));
          refusesPlainly(() => parseArguments([text, '--port', text], '1'));
          refusesPlainly(() => parseArguments(['--drain', text, text], '1'));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is read quickly, however long', () => {
    const start = process.cpuUsage();
    for (const part of [
      'a',
      ' ',
      '"',
      '\\',
      ',',
      '=',
      '#',
      '[',
      ':',
      'a,b=',
      '\\"',
      '[::1]:',
      '\n',
      'a#',
      '= "',
      '.a',
    ]) {
      const text = part.repeat(Math.ceil(50_000 / part.length));
      parseRouteLine(`* ${text}`);
      parseRouteLine(text);
      parseIni(text);
      parseIni(`[${text}]\n${text}=${text}`);
      refusesPlainly(() => parseListen(text, 'option'));
      refusesPlainly(() => parseUnixListen(text, 'option'));
    }
    const { user } = process.cpuUsage(start);
    if (user > 2_000_000) throw new Error(`${user / 1000} ms`);
  });
});
