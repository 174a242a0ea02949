import type { Instruct, InstructResponse } from '@p-8/protocol';
import { asksOrigin } from './filter-run.js';

const SENT: InstructResponse = { code: 200, reason: '', headers: [], body: new Uint8Array(0) };

/** Most streams are held without any conditions: they share this one. */
const PLAIN: Instruct = {
  hold: 'stream',
  channels: [],
  timeoutSeconds: 0,
  keepAlive: undefined,
  meta: new Map(),
  nextLink: undefined,
  goneLink: undefined,
  slowClient: undefined,
  response: SENT,
};

/** What is left of an instruct while its stream stands: its channels are subscribed to, its response has been sent. */
export function standingInstruct(instruct: Instruct): Instruct {
  const { hold, keepAlive, meta, nextLink, goneLink, slowClient } = instruct;
  const isPlain =
    hold === 'stream' &&
    meta.size === 0 &&
    [keepAlive, nextLink, goneLink, slowClient].every((part) => part === undefined);
  return isPlain ? PLAIN : { ...instruct, channels: [], response: SENT };
}

/** Whether the origin may be asked for something as long as the stream stands. */
export function asksLinks({ channels, nextLink, goneLink }: Instruct): boolean {
  return (
    nextLink !== undefined || goneLink !== undefined || channels.some(({ filters }) => asksOrigin(filters))
  );
}
