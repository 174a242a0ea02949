import { countUnitsWithin, decodeUtf8, encodeUtf8 } from './text.js';

/** Why a WebSocket is closed. */
export interface WsClose {
  /** Undefined where none is given. */
  readonly code: number | undefined;
  /** Empty where none is given. */
  readonly reason: string;
}

/** The code that says that all went well, and stands where none is given. Source: RFC 6455 7.4.1. */
const NORMAL_CLOSURE = 1000;

/** The most bytes of a reason: RFC 6455 5.5, a control frame holds 125 bytes, of which the code takes two. */
export const MAX_CLOSE_REASON_BYTES = 123;

/** The content of a CLOSE event or frame: the code in two bytes, then the reason. Nothing without a code. */
export function encodeWsClose(close: WsClose): Uint8Array {
  if (close.code === undefined) return new Uint8Array();
  const reason = encodeUtf8(close.reason);
  const content = new Uint8Array(2 + reason.length);
  new DataView(content.buffer).setUint16(0, close.code);
  content.set(reason, 2);
  return content;
}

/** Reads the content of a CLOSE event. Fewer than two bytes are no code; a reason need not be UTF-8. Source: Pushpin 1.36. */
export function parseWsClose(content: Uint8Array | undefined): WsClose {
  if (content === undefined || content.length < 2) return { code: undefined, reason: '' };
  const { buffer, byteOffset, byteLength } = content;
  const code = new DataView(buffer, byteOffset, byteLength).getUint16(0);
  return { code, reason: decodeUtf8(content.subarray(2)) };
}

/** Whether an endpoint may send this close code. Source: RFC 6455 7.4, and IANA's registry for 1012 to 1014. */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/**
 * What may be sent for a close: 1000 stands for no code and for one that is not to be sent (libraries for origins close
 * with 0), and the reason is cut where it is too long for a frame.
 */
export function sendableClose(close: WsClose): { readonly code: number; readonly reason: string } {
  const { code } = close;
  return {
    code: code !== undefined && isSendableCloseCode(code) ? code : NORMAL_CLOSURE,
    // In whole characters.
    reason: close.reason.slice(0, countUnitsWithin(close.reason, MAX_CLOSE_REASON_BYTES)),
  };
}
