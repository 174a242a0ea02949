import { nginx } from '../contenders/nginx.js';
import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import { atMost } from '../report/target.js';
import type { Row } from '../row.js';

export const memoryOfStreams: Row = {
  name: 'memory-streams',
  title: 'Memory of an idle stream hold',
  counts: 'connections',
  main: 'memory',
  also: [],
  contenders: { 'P-8': p8, Pushpin: pushpin, nginx, 'bare Node': bareGrip },
  measure: (trial) => trial.memory('stream', trial.effort.idleStreams),
  targets: [atMost(6, undefined, 'memory')],
};
