import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const channels10: Row = {
  name: 'channels-10',
  title: '5,000 channels with a stream each, 10 items a request, 8 in flight',
  counts: 'items',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, 'bare Node': bareGrip },
  measure: (trial) =>
    trial.timed(
      fanOut(trial, { kind: 'stream', connections: 5000, channels: 5000, inFlight: 8, itemsPerRequest: 10 }),
    ),
  targets: [atLeast(3.6, 'Pushpin')],
};
