// Brings the type of `req.grip` to those that import the package.
import './request-grip.js';

export type {
  ControlApiOptions,
  FormatsInput,
  GripProxyOptions,
  ItemInput,
  ItemOptions,
  Logger,
  Receipt,
  RequestGrip,
  RouteOptions,
  TargetOptions,
  WebSocketContext,
} from '@p-8/core';
export { GripError } from '@p-8/core';
export { type GripMiddleware, gripProxy } from './grip-proxy.js';
