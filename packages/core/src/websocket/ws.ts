/// <reference path="./ws-parts.d.ts" />
import * as ws from 'ws';
import { GripError } from '../errors.js';

// Not by name: in a runtime that brings a `ws` of its own, as Bun does, the import would fail with nothing said of why.
if (ws.PerMessageDeflate === undefined) {
  throw new GripError(
    'GRIP_ERR_RUNTIME',
    '@p-8/core needs Node 20.19 or later, or Deno: this runtime replaces the package ws by one that lacks PerMessageDeflate',
  );
}

export const extension: typeof ws.extension = ws.extension;
export const PerMessageDeflate: typeof ws.PerMessageDeflate = ws.PerMessageDeflate;
export type PerMessageDeflate = ws.PerMessageDeflate;
export const Receiver: typeof ws.Receiver = ws.Receiver;
export type Receiver = ws.Receiver;
export const Sender: typeof ws.Sender = ws.Sender;
