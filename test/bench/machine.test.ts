import assert from 'node:assert/strict';
import { readArguments } from '../../bench/arguments.js';
import { Flights } from '../../bench/drivers/flights.js';
import { parseRanges } from '../../bench/machine/cores.js';
import { parseMachineUsage } from '../../bench/machine/machine.js';
import { parseStat } from '../../bench/machine/processes.js';

describe('what a bench run knows', () => {
  it('reads which cores it may use', () => {
    assert.deepEqual(parseRanges('0-2,5'), [0, 1, 2, 5]);
    assert.deepEqual(parseRanges(''), []);
  });

  it('reads what processes have used, whatever they are called', () => {
    const line = '42 (a ) b) S 7 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 11 0 1 2 3';
    assert.deepEqual(parseStat(line), { parent: 7, ticks: 200 });
  });

  it('reads what the machine has used, without interrupts', () => {
    const stat = 'cpu  100 20 30 4000 5 6 7 80 0 0\ncpu0 1 2 3\n';
    assert.deepEqual(parseMachineUsage(stat), { busy: 1.5, steal: 0.8 });
  });

  it('knows when the last client has what was published', () => {
    const arrived: number[] = [];
    const flights = new Flights(2, (slot) => arrived.push(slot));
    flights.depart(0, [1, 2], 4);
    flights.depart(1, [3], 2);
    for (const item of [1, 3, 2, 3, 1]) flights.delivered(item);
    assert.deepEqual([arrived, flights.left(0)], [[1], 1]);
    flights.abandon(0);
    flights.delivered(2);
    assert.deepEqual([arrived, flights.left(0)], [[1], 0]);
  });

  it('is told what to measure', () => {
    const { effort, only } = readArguments(['--quick', '--only', 'echo', '--seconds', '3']) ?? {};
    assert.deepEqual([effort?.name, effort?.seconds, only], ['quick', 3, ['echo']]);
    assert.equal(readArguments(['--curves'])?.effort.seconds, 1);
    assert.equal(readArguments(['--help']), undefined);
    assert.throws(() => readArguments(['--seconds', '0']), /not a number above 0/);
    assert.throws(() => readArguments(['--write', '--only', 'echo']), /--write needs all rows/);
  });
});
