import { mounted } from '../contenders/node-server.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const relaySmallWrapped: Row = {
  name: 'relay-small-wrap',
  title: 'Relay, small responses, 50 connections, `grip.wrap(app)` of Express',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': mounted('express', 'wrap'), Pushpin: pushpin },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(8, 'Pushpin')],
};
