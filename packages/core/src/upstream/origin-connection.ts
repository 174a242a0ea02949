/// <reference path="./undici-parts.d.ts" />
import { Socket } from 'node:net';
import type undici from 'undici';
import { readBeforeFailing } from './read-before-failing.js';
import { Client, type Connector } from './undici.js';

/** Who asks by an {@link OriginConnection}, and may want to know how its request is doing there. */
export interface ConnectionUser {
  connection?: OriginConnection | undefined;
}

/** The place of one connection in a pool: carries one request at a time, and connects anew when its connection has ended. */
export class OriginConnection extends Client {
  /** Undefined: none has been made yet. */
  socket: Socket | undefined;

  constructor(
    origin: string | URL,
    { connect, ...options }: undici.Client.Options & { readonly connect: Connector },
  ) {
    super(origin, {
      ...options,
      connect: (target, callback) => {
        connect(target, (...result) => {
          const [, socket] = result;
          if (socket instanceof Socket) readBeforeFailing(socket);
          if (this !== undefined) this.socket = result[1] ?? undefined;
          callback(...result);
        });
      },
    });
  }

  override dispatch(
    options: undici.Dispatcher.DispatchOptions,
    handler: undici.Dispatcher.DispatchHandler,
  ): boolean {
    (handler as ConnectionUser).connection = this;
    return super.dispatch(options, handler);
  }
}
