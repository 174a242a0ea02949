import type { Group } from '../scenario.js';
import { badRequests } from './bad-requests.js';
import { controlApi } from './control-api.js';
import { crossOrigin } from './cross-origin.js';
import { filters } from './filters.js';
import { instructHeaders } from './instruct-headers.js';
import { instructJson } from './instruct-json.js';
import { keepAlive } from './keep-alive.js';
import { limits } from './limits.js';
import { nextLinks } from './next-links.js';
import { publishing } from './publishing.js';
import { relay } from './relay.js';
import { requests } from './requests.js';
import { responseHold } from './response-hold.js';
import { retries } from './retries.js';
import { routes } from './routes.js';
import { sequencing } from './sequencing.js';
import { sockjs } from './sockjs.js';
import { sockjsWebsocket } from './sockjs-websocket.js';
import { streamHold } from './stream-hold.js';
import { websocketClosing } from './websocket-closing.js';
import { websocketControl } from './websocket-control.js';
import { websocketDirect } from './websocket-direct.js';
import { websocketEvents } from './websocket-events.js';
import { websocketFrames } from './websocket-frames.js';
import { websocketGrip } from './websocket-grip.js';
import { websocketHandshakes } from './websocket-handshakes.js';
import { websocketKeepAlive } from './websocket-keep-alive.js';
import { websocketOpen } from './websocket-open.js';
import { websocketPublishing } from './websocket-publishing.js';
import { websocketRoutes } from './websocket-routes.js';

/** All scenarios, by subject. */
export const groups: readonly Group[] = [
  relay,
  requests,
  badRequests,
  routes,
  instructHeaders,
  instructJson,
  responseHold,
  streamHold,
  keepAlive,
  nextLinks,
  retries,
  sequencing,
  filters,
  publishing,
  controlApi,
  limits,
  crossOrigin,
  websocketOpen,
  websocketHandshakes,
  websocketEvents,
  websocketClosing,
  websocketGrip,
  websocketControl,
  websocketPublishing,
  websocketKeepAlive,
  websocketFrames,
  websocketRoutes,
  websocketDirect,
  sockjs,
  sockjsWebsocket,
];
