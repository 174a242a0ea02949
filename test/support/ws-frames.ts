/** What a frame is: RFC 6455, section 5.2. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Any mask will do; with a fixed one the bytes of a test are the same each time. */
const MASK = Buffer.from([0x01, 0x02, 0x03, 0x04]);

/** How a frame is written. Nothing is checked: wrong ones can be written too. */
export interface FrameShape {
  /** The last of its message. @default true */
  readonly fin?: boolean;
  /** The three reserved bits, RSV1 being 4. @default 0 */
  readonly rsv?: number;
  /** As clients must. @default false */
  readonly mask?: boolean;
}

/** One frame as it was read. */
export interface Frame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  /** Without the mask. */
  readonly payload: Buffer;
}

/** The frames that are complete, and what is left. */
export interface FramesRead {
  readonly frames: readonly Frame[];
  readonly rest: Buffer;
}

/** Writes one frame of any opcode from 0 to 15. */
export function writeFrame(
  opcode: number,
  payload: string | Uint8Array = '',
  shape: FrameShape = {},
): Buffer {
  const { fin = true, rsv = 0, mask = false } = shape;
  const content = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const head = Buffer.concat([Buffer.from([first]), lengthBytes(content.length, mask)]);
  return mask ? Buffer.concat([head, MASK, masked(content, MASK)]) : Buffer.concat([head, content]);
}

/** The payload of a Close: a code and a reason, which need not be allowed. */
export function closePayload(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

/** Reads all frames of `bytes` that are complete. */
export function readFrames(bytes: Buffer): FramesRead {
  const frames: Frame[] = [];
  let rest = bytes;
  for (;;) {
    const read = readFrame(rest);
    if (read === undefined) return { frames, rest };
    frames.push(read.frame);
    rest = rest.subarray(read.size);
  }
}

function readFrame(bytes: Buffer): { readonly frame: Frame; readonly size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const isMasked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthSize + (isMasked ? 4 : 0);
  if (bytes.length < start) return undefined;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + length) return undefined;
  const content = bytes.subarray(start, start + length);
  const payload = isMasked ? masked(content, bytes.subarray(start - 4, start)) : content;
  const frame = {
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 7,
    opcode: first & 0x0f,
    masked: isMasked,
    payload,
  };
  return { frame, size: start + length };
}

function lengthBytes(length: number, mask: boolean): Buffer {
  const bit = mask ? 0x80 : 0;
  if (length < 126) return Buffer.from([bit | length]);
  if (length < 65_536) return Buffer.from([bit | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes[0] = bit | 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

function masked(content: Uint8Array, mask: Uint8Array): Buffer {
  return Buffer.from(content.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
}
