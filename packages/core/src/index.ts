export type { FormatsInput, ItemInput, ItemOptions, SlowClientPolicy, WebSocketContext } from '@p-8/protocol';
export type { Clock, ClockTimer } from './clock.js';
export { systemClock } from './clock.js';
export type { GripDiagnostic } from './diagnostics.js';
export { GripError, type GripErrorCode } from './errors.js';
export type { GripProxyEvents } from './events.js';
export {
  type BacklogStats,
  type CloseOptions,
  GripProxy,
  type ItemSink,
  type ProxyStats,
  type WaitOptions,
} from './grip-proxy.js';
export { isAnsweredByContext } from './handler/events-answer.js';
export { type RequestGrip, requestGrip } from './handler/request-grip.js';
export type { ControlHandler } from './http/control-api.js';
export { unanswered } from './http/node-connection.js';
export type { ParsedBody } from './http/parsed-body.js';
export type { HistoryStats } from './hub/history.js';
export type { HoldEnd, HoldInfo } from './hub/hold-info.js';
export type { Hub } from './hub/hub.js';
export type { Overflow, OverflowReason } from './hub/overflow.js';
export { readItem } from './hub/read-item.js';
export type { Receipt } from './hub/receipt.js';
export type { RecoveryCause, RecoveryEnd } from './hub/recovery.js';
export type { LimitFields, LimitName } from './limits.js';
export { type Logger, safeLogger, silentLogger } from './logger.js';
export { type GripMembers, gripMembers } from './members.js';
export type { AttachOptions } from './mounts/attachments.js';
export type { FrameworkRequest } from './mounts/framework-request.js';
export type { Next } from './mounts/mount.js';
export { watchProxies } from './mounts/watched-request.js';
export type {
  ControlApiOptions,
  GripProxyOptions,
  HistoryOptions,
  JsonpOptions,
  LinkHostOptions,
  RouteOptions,
  TargetOptions,
  XForwardedForOptions,
} from './options.js';
export { memorySockets } from './upstream/memory-sockets.js';
