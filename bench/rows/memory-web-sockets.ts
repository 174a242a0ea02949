import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atMost } from '../report/target.js';
import type { Row } from '../row.js';

export const memoryOfWebSockets: Row = {
  name: 'memory-web-sockets',
  title: 'Memory of an idle WebSocket',
  counts: 'connections',
  main: 'memory',
  also: [],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.memory('websocket', trial.effort.idleWebSockets),
  targets: [atMost(9, undefined, 'memory')],
};
