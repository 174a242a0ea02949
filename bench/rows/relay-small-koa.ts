import { bareRelay, mounted } from '../contenders/node-server.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { relaySmall } from './specs.js';

export const relaySmallInKoa: Row = {
  name: 'relay-small-koa',
  title: 'Relay, small responses, 50 connections, mounted in Koa',
  counts: 'responses',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': mounted('koa', 'use'), 'bare Node': bareRelay('koa') },
  measure: (trial) => trial.timed(relaySmall(trial)),
  targets: [atLeast(0.9, 'bare Node')],
};
