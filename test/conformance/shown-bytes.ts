import { createHash } from 'node:crypto';
import type { WsMessage } from '../support/ws-messages.js';

/** Longer ones are shown as their beginning, their size and a digest. */
const MAX_SHOWN = 1000;

/** Text as it is, bytes as hex; something long as its beginning, its size and a digest. */
export function bodyText(body: Buffer): string {
  return shortened(body, isText(body) ? body.toString('utf8') : `hex ${body.toString('hex')}`);
}

/** Text as it is; bytes as they are in Latin-1, those escaped that cannot be read. */
export function mixedText(bytes: Buffer): string {
  const readable = isText(bytes)
    ? bytes.toString('utf8')
    : bytes.toString('latin1').replaceAll(/[^\r\n\x20-\x7e]/g, escaped);
  return shortened(bytes, readable);
}

/** A WebSocket message in one line: `text hello`, `binary 0102`, `ping`, `close 1000 bye`. */
export function messageText({ type, content }: WsMessage): string {
  switch (type) {
    case 'binary':
      return line(type, shortened(content, content.toString('hex')));
    case 'close':
      return content.length < 2
        ? line(type, mixedText(content))
        : line(type, String(content.readUInt16BE(0)), mixedText(content.subarray(2)));
    default:
      return line(type, mixedText(content));
  }
}

function line(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function shortened(bytes: Buffer, readable: string): string {
  if (readable.length <= MAX_SHOWN) return readable;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return `${readable.slice(0, 40)}... ${bytes.length} bytes, sha256 ${digest}`;
}
