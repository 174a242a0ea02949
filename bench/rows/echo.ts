import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atLeast, atMost } from '../report/target.js';
import type { Row } from '../row.js';
import { echo } from './specs.js';

export const webSocketEcho: Row = {
  name: 'echo',
  title: 'WebSocket echo over HTTP, 50 clients',
  counts: 'echoes',
  main: 'rate',
  also: ['p50', 'p99', 'cpu'],
  contenders: { 'P-8': p8, Pushpin: pushpin, 'bare Node': bareGrip },
  measure: (trial) => trial.timed(echo(trial)),
  targets: [atLeast(9, 'Pushpin'), atMost(0.15, 'Pushpin', 'p50')],
};
