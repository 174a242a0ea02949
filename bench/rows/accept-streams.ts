import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast } from '../report/target.js';
import type { Row } from '../row.js';

export const acceptStreams: Row = {
  name: 'accept',
  title: 'Accepting stream holds, the origin asked (nginx: not asked)',
  counts: 'holds',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) =>
    trial.timed({
      job: 'accept',
      kind: 'stream',
      port: trial.port,
      connections: trial.effort.accepted,
      keep: false,
    }),
  targets: [atLeast(2.7, 'Pushpin')],
};
