import { plainApp } from '../contenders/node-server.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const appInExpress: Row = {
  name: 'app-express',
  title: 'Plain requests to an Express app with P-8 in it; bare: the app without',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': plainApp('express', 'use'), 'bare Node': plainApp('express', 'none') },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(0.95, 'bare Node')],
};
