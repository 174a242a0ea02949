import { constants, deflateRawSync } from 'node:zlib';
import { encodeWsClose } from '@p-8/protocol';
import type { MessageType } from './message.js';
import { Sender } from './ws.js';

/** What goes over the wire for one message; more than one frame where the message is long. */
export type Frame = Buffer;

/** The most bytes of one frame: between the frames of a long message others get a word in. Source: Pushpin. */
const MAX_FRAME_CONTENT = 16_384;

/** Fewer bytes are not worth compressing. */
const MIN_DEFLATED = 1024;

// RFC 6455 5.2
const CONTINUATION = 0;
const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** How a message is framed. */
export interface FrameOptions {
  /** By a client: RFC 6455 5.3. @default false */
  readonly mask?: boolean;
  /** With permessage-deflate, without context: RFC 7692. @default false */
  readonly deflate?: boolean;
}

/** Frames a message. */
export function frame(type: MessageType, content: Uint8Array, options: FrameOptions = {}): Frame {
  const isData = type === 'text' || type === 'binary';
  const deflated = options.deflate === true && isData && content.length >= MIN_DEFLATED;
  const payload = deflated ? deflate(content) : content;
  const parts: Buffer[] = [];
  let opcode: number = OPCODES[type];
  let at = 0;
  do {
    const end = Math.min(at + MAX_FRAME_CONTENT, payload.length);
    const shape = {
      fin: end === payload.length,
      mask: options.mask ?? false,
      opcode,
      readOnly: true,
      rsv1: deflated && at === 0,
    };
    parts.push(...Sender.frame(asBuffer(payload.subarray(at, end)), shape));
    opcode = CONTINUATION;
    at = end;
  } while (at < payload.length);
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** A Close frame. `code` and `reason` must be sendable. */
export function closeFrame(code: number, reason: string, mask: boolean): Frame {
  const content = asBuffer(encodeWsClose({ code, reason }));
  const shape = { fin: true, mask, opcode: OPCODES.close, readOnly: true, rsv1: false };
  return Buffer.concat(Sender.frame(content, shape));
}

/** The payload of a compressed message: RFC 7692 7.2.1. */
function deflate(content: Uint8Array): Uint8Array {
  return deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
