import assert from 'node:assert/strict';
import { type KeepAlive, parseKeepAlive } from '@p-8/protocol';
import { bytes, expectFailure, expectOk } from './helpers.js';

function read(value: string): KeepAlive | undefined {
  return expectOk(parseKeepAlive(['Grip-Keep-Alive', value]));
}

describe('Grip-Keep-Alive', () => {
  it('is off without the field', () => {
    assert.equal(expectOk(parseKeepAlive([])), undefined);
  });

  const table: [string, string, number, KeepAlive['mode']][] = [
    ['ping1\\n; timeout=10', 'ping1\\n', 10, 'idle'],
    ['ping2\\n; format=cstring', 'ping2\n', 55, 'idle'],
    ['cGluZzMK; format=base64', 'ping3\n', 55, 'idle'],
    ['ping4\\n; mode=interval', 'ping4\\n', 55, 'interval'],
    ['x; timeout=0', 'x', 1, 'idle'],
    ['a, b; timeout=9', 'a, b', 9, 'idle'],
    ['\\x41\\\\\\r\\q; format=cstring', 'A\\\r', 55, 'idle'],
    ['\\x4a\\x4A; format=cstring', 'JJ', 55, 'idle'],
    ['a\\éb; format=cstring', 'ab', 55, 'idle'],
    ['"quoted"; format=raw', '"quoted"', 55, 'idle'],
    ['x; TIMEOUT=7; Mode=idle', 'x', 7, 'idle'],
    ['x; timeout="8"', 'x', 8, 'idle'],
    ['x; unknown=1', 'x', 55, 'idle'],
    ['caf\xc3\xa9', 'café', 55, 'idle'],
    ['café ☃', 'café ☃', 55, 'idle'],
  ];
  for (const [value, data, timeoutSeconds, mode] of table) {
    it(`reads ${value}`, () => {
      assert.deepEqual(read(value), { data: bytes(data), timeoutSeconds, mode });
    });
  }

  it('takes bytes from cstring that are no text', () => {
    assert.deepEqual(read('\\xff\\x00; format=cstring')?.data, Uint8Array.of(255, 0));
  });

  for (const value of ['', 'x; mode="idle', '!!; format=base64']) {
    it(`is off with '${value}'`, () => assert.equal(read(value), undefined));
  }

  it('counts the first field only', () => {
    const headers = ['Grip-Keep-Alive', 'a', 'Grip-Keep-Alive', 'b; mode=foo'];
    assert.deepEqual(expectOk(parseKeepAlive(headers))?.data, bytes('a'));
  });

  const errors: [string, string][] = [
    ['; timeout=5', 'Grip-Keep-Alive cannot be empty'],
    ['x; mode=foo', "no such Grip-Keep-Alive mode 'foo'"],
    ['x; mode', "no such Grip-Keep-Alive mode ''"],
    ['x; format=foo', "no such Grip-Keep-Alive format 'foo'"],
    ['x; timeout=abc', 'failed to parse Grip-Keep-Alive timeout value'],
    ['x; timeout', 'failed to parse Grip-Keep-Alive timeout value'],
    ['x; timeout=-1', 'Grip-Keep-Alive timeout has invalid value'],
    ['abc\\; format=cstring', 'failed to parse Grip-Keep-Alive cstring format'],
    ['\\x4; format=cstring', 'failed to parse Grip-Keep-Alive cstring format'],
    ['\\xg0; format=cstring', 'failed to parse Grip-Keep-Alive cstring format'],
    ['\\q; format=cstring', 'failed to parse Grip-Keep-Alive cstring format'],
  ];
  for (const [value, message] of errors) {
    it(`refuses ${value}`, () => {
      assert.equal(expectFailure(parseKeepAlive(['Grip-Keep-Alive', value])), message);
    });
  }
});
