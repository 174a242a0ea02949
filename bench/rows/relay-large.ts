import { nginx } from '../contenders/nginx.js';
import { bareRelay } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';

export const relayLarge: Row = {
  name: 'relay-large',
  title: 'Relay, bodies of 1 MB, 16 connections',
  counts: 'responses',
  main: 'throughput',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareRelay('none') },
  measure: (trial) => trial.timed({ job: 'relay', port: trial.port, path: '/large', connections: 16 }),
  targets: [atLeast(10, 'Pushpin', 'throughput'), atLeast(0.95, 'bare Node', 'throughput')],
};
