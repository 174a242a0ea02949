import type { IncomingMessage } from 'node:http';
import { type RequestGrip, requestGrip } from '@p-8/core';
import type { Application } from 'express';
import { usesServeGrip } from './serve-grip.js';

/** Where serve-grip is installed too, it gives requests of Node's server a type that must hold as well. */
type ExpressGrip = IncomingMessage extends { grip?: infer Theirs }
  ? RequestGrip & NonNullable<Theirs>
  : RequestGrip;

declare module 'express-serve-static-core' {
  interface Request {
    /** What is known of the request about GRIP, and its WebSocket, once it has come through `gripProxy()`. */
    grip: ExpressGrip;
  }
}

/** A request while an app has it. */
type AppRequest = IncomingMessage & { readonly app?: Application };

const GRIP: PropertyDescriptor & ThisType<AppRequest> = {
  configurable: true,
  get() {
    return this.app !== undefined && usesServeGrip(this.app) ? undefined : requestGrip(this);
  },
  // serve-grip sets its own.
  set(value: unknown) {
    Object.defineProperty(this, 'grip', { configurable: true, enumerable: true, writable: true, value });
  },
};

/** Gives all requests of an app `req.grip`: by their prototype, which costs a request nothing. `app`: undefined without Express. */
export function addRequestGrip(app: Application | undefined): void {
  if (app === undefined) return;
  const { request } = app as Application & { readonly request: object };
  if (!Object.hasOwn(request, 'grip')) Object.defineProperty(request, 'grip', GRIP);
}
