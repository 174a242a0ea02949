import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const fanOutStream64: Row = {
  name: 'fan-out-stream-64',
  title: 'Stream fan-out, 1,000 holds, 64 publishes in flight',
  counts: 'deliveries',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.timed(fanOut(trial, { kind: 'stream', inFlight: 64 })),
  targets: [atLeast(6, 'Pushpin'), atLeast(0.85, 'bare Node')],
};
