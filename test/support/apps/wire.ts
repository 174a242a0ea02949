import type { RequestListener } from 'node:http';
import type { AppStage } from './stage.js';

/** The bytes with which a listener answers, on a connection that is closed afterwards; dates are masked. */
export async function wireBytes(
  stage: AppStage,
  listener: RequestListener,
  requests: readonly string[],
): Promise<string> {
  const site = await stage.serve(listener);
  const bytes = await site.raw(requests.join(''));
  return bytes.replace(/^Date: .*$/gm, 'Date: (now)');
}

/** A request on the wire. `fields`: lines of its head; a body is given its length. */
export function wireRequest(line: string, fields: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, 'Host: app.test', ...fields, ...length, '', body].join('\r\n');
}
