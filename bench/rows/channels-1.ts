import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const channels1: Row = {
  name: 'channels-1',
  title: '5,000 channels with a stream each, one item a request, 64 in flight',
  counts: 'items',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) =>
    trial.timed(
      fanOut(trial, { kind: 'stream', connections: 5000, channels: 5000, inFlight: 64, itemsPerRequest: 1 }),
    ),
  targets: [atLeast(4, 'Pushpin')],
};
