import type { IncomingMessage } from 'node:http';
import type { HeaderList } from '@p-8/protocol';
import { ResponseBody } from './response-body.js';

/** The most bytes of a refusal's body that the client gets. Source: Pushpin. */
const MAX_REJECTION = 100_000;

/** Who hears what became of a handshake that an origin did not accept. One of both is called, once. */
export interface RefusalReader {
  refused(status: number, reason: string, headers: HeaderList, body: Uint8Array): void;
  failed(detail: string): void;
}

/** Reads the response of an origin that does not switch protocols. */
export function readRefusal(response: IncomingMessage, reader: RefusalReader): void {
  const { statusCode = 502, statusMessage = '', rawHeaders } = response;
  let isOver = false;
  const end = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    tell();
    response.destroy();
  };
  const fail = (detail: string): void => end(() => reader.failed(detail));
  if (statusCode < 200) {
    fail(`the origin answered ${statusCode}, and did not upgrade`);
    return;
  }
  const body = new ResponseBody(statusCode, statusMessage, rawHeaders, false, MAX_REJECTION);
  const done = (): void => end(() => reader.refused(statusCode, statusMessage, rawHeaders, body.bytes()));
  response.on('data', (chunk: Buffer) => {
    if (!body.add(chunk)) done();
  });
  response.on('end', done);
  response.on('error', (error) => fail(`the origin's answer broke off: ${error.message}`));
}
