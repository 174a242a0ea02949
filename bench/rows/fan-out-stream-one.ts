import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const fanOutStreamOne: Row = {
  name: 'fan-out-stream-one',
  title: 'Stream fan-out, 1,000 holds, one publish at a time',
  counts: 'deliveries',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.timed(fanOut(trial, { kind: 'stream', inFlight: 1 })),
  targets: [atLeast(3.2, 'Pushpin'), atLeast(0.9, 'bare Node')],
};
