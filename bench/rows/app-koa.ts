import { plainApp } from '../contenders/node-server.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const appInKoa: Row = {
  name: 'app-koa',
  title: 'Plain requests to a Koa app with P-8 in it; bare: the app without',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': plainApp('koa', 'use'), 'bare Node': plainApp('koa', 'none') },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(0.85, 'bare Node')],
};
