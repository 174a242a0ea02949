import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const channels100: Row = {
  name: 'channels-100',
  title: '5,000 channels with a stream each, 100 items a request, 2 in flight',
  counts: 'items',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, 'bare Node': bareGrip },
  measure: (trial) =>
    trial.timed(
      fanOut(trial, { kind: 'stream', connections: 5000, channels: 5000, inFlight: 2, itemsPerRequest: 100 }),
    ),
  targets: [atLeast(3.3, 'Pushpin')],
};
