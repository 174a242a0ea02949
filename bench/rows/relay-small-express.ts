import { bareRelay, mounted } from '../contenders/node-server.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const relaySmallInExpress: Row = {
  name: 'relay-small-express',
  title: 'Relay, small responses, 50 connections, mounted in Express',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': mounted('express', 'use'), 'bare Node': bareRelay('express') },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(0.9, 'bare Node')],
};
