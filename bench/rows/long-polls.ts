import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';
import { poll } from './specs.js';

export const longPolls: Row = {
  name: 'long-polls',
  title: 'Long-poll cycles, 500 clients, the origin asked (nginx: not asked)',
  counts: 'cycles',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.timed(poll(trial)),
  targets: [atLeast(15, 'Pushpin')],
};
