import { nginx } from '../contenders/nginx.js';
import { bareRelay } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast, atMost } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const relaySmallAlone: Row = {
  name: 'relay-small',
  title: 'Relay, small responses, 50 connections, standalone',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareRelay('none') },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(8, 'Pushpin'), atLeast(0.9, 'bare Node'), atMost(1, 'bare Node', 'p99')],
};
