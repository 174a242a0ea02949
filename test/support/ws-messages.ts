import { type Frame, OPCODES } from './ws-frames.js';

/** A message, a ping, a pong or a Close, as it came. */
export interface WsMessage {
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'broken';
  /** Of a Close: code and reason. Of something broken: what is wrong, as text. */
  readonly content: Buffer;
}

const CONTROL = new Map<number, WsMessage['type']>([
  [OPCODES.close, 'close'],
  [OPCODES.ping, 'ping'],
  [OPCODES.pong, 'pong'],
]);

/**
 * The messages that `frames` make, in the order of their ends. Fragments are put together, as they say nothing. Frames that
 * are against RFC 6455 end the list with what is wrong. `masked`: whether the sender has to mask.
 */
export function messagesOf(frames: readonly Frame[], masked: boolean): WsMessage[] {
  const messages: WsMessage[] = [];
  let open: { readonly type: 'text' | 'binary'; readonly parts: Buffer[] } | undefined;
  for (const frame of frames) {
    const wrong = wrongWith(frame, masked, open !== undefined);
    if (wrong !== undefined) return [...messages, { type: 'broken', content: Buffer.from(wrong) }];
    const control = CONTROL.get(frame.opcode);
    if (control !== undefined) {
      messages.push({ type: control, content: frame.payload });
      continue;
    }
    open ??= { type: frame.opcode === OPCODES.text ? 'text' : 'binary', parts: [] };
    open.parts.push(frame.payload);
    if (!frame.fin) continue;
    messages.push({ type: open.type, content: Buffer.concat(open.parts) });
    open = undefined;
  }
  return messages;
}

function wrongWith(frame: Frame, masked: boolean, inMessage: boolean): string | undefined {
  const { fin, rsv, opcode, payload } = frame;
  if (frame.masked !== masked) return masked ? 'not masked' : 'masked';
  if (rsv !== 0) return `reserved bits ${rsv}`;
  if (CONTROL.has(opcode)) {
    return fin && payload.length <= 125 ? undefined : `control frame ${opcode} in parts, or too long`;
  }
  if (opcode > OPCODES.binary) return `opcode ${opcode}`;
  if (inMessage === (opcode === OPCODES.continuation)) return undefined;
  return inMessage ? 'a message within a message' : 'a continuation of nothing';
}
