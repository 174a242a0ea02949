import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { fanOut } from './specs.js';

export const fanOutWebSocketOne: Row = {
  name: 'fan-out-websocket-one',
  title: 'WebSocket fan-out, 1,000 clients, one publish at a time',
  counts: 'deliveries',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.timed(fanOut(trial, { kind: 'websocket', inFlight: 1 })),
  targets: [atLeast(4.7, 'Pushpin')],
};
