import { isAnsweredByContext, type RequestGrip, requestGrip } from '@p-8/core';
import type Koa from 'koa';

declare module 'koa' {
  interface ExtendableContext {
    /** What is known of the request about GRIP, and its WebSocket, once it has come through `gripProxy()`. */
    grip: RequestGrip;
  }
}

const GRIP: PropertyDescriptor & ThisType<Koa.Context> = {
  configurable: true,
  get() {
    return requestGrip(this.req);
  },
  set(value: unknown) {
    Object.defineProperty(this, 'grip', { configurable: true, enumerable: true, writable: true, value });
  },
};

/** Gives all contexts of an app `ctx.grip`. */
export function addContextGrip({ context }: Koa): void {
  if (!Object.hasOwn(context, 'grip')) Object.defineProperty(context, 'grip', GRIP);
}

/** A handler that has done all it wanted by its WebSocket leaves Koa's 404 in place: nobody asked for that. */
export function finishWebSocket(ctx: Koa.Context): void {
  if (!isAnsweredByContext(ctx.res) || ctx.status !== 404 || ctx.body != null) return;
  // Koa names the status of a response when a handler sets it.
  if (ctx.res.statusMessage === undefined) ctx.status = 200;
}
