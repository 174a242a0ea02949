import type { Row } from '../row.js';
import { acceptStreams } from './accept-streams.js';
import { appInExpress } from './app-express.js';
import { appInKoa } from './app-koa.js';
import { channels1 } from './channels-1.js';
import { channels10 } from './channels-10.js';
import { channels100 } from './channels-100.js';
import { webSocketEcho } from './echo.js';
import { fanOutStream64 } from './fan-out-stream-64.js';
import { fanOutStreamItems } from './fan-out-stream-items.js';
import { fanOutStreamOne } from './fan-out-stream-one.js';
import { fanOutWebSocket64 } from './fan-out-websocket-64.js';
import { fanOutWebSocketOne } from './fan-out-websocket-one.js';
import { longPolls } from './long-polls.js';
import { memoryOfStreams } from './memory-streams.js';
import { memoryOfWebSockets } from './memory-web-sockets.js';
import { relayLarge } from './relay-large.js';
import { relaySmallAlone } from './relay-small.js';
import { relaySmallInExpress } from './relay-small-express.js';
import { relaySmallInKoa } from './relay-small-koa.js';
import { relaySmallWrapped } from './relay-small-wrap.js';

/** All that is measured, in the order of the report. */
export const ROWS: readonly Row[] = [
  relaySmallAlone,
  relaySmallInKoa,
  relaySmallInExpress,
  relaySmallWrapped,
  appInExpress,
  appInKoa,
  relayLarge,
  acceptStreams,
  memoryOfStreams,
  memoryOfWebSockets,
  fanOutStreamOne,
  fanOutStream64,
  fanOutStreamItems,
  fanOutWebSocketOne,
  fanOutWebSocket64,
  channels1,
  channels10,
  channels100,
  webSocketEcho,
  longPolls,
];
