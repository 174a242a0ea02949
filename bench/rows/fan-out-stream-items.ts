import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const fanOutStreamItems: Row = {
  name: 'fan-out-stream-items',
  title: 'Stream fan-out, 1,000 holds, 32 items a request, two in flight',
  counts: 'deliveries',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, 'bare Node': bareGrip },
  // More than 100 items that wait for one client, and the reference drops them.
  measure: (trial) => trial.timed(fanOut(trial, { kind: 'stream', inFlight: 2, itemsPerRequest: 32 })),
  targets: [atLeast(4.5, 'Pushpin')],
};
