import { ServerResponse } from 'node:http';
import { mergeHeaders } from '../http/head-fields.js';

const native = ServerResponse.prototype;

/**
 * Lets a response's head go out without `Content-Length` and `ETag`, whatever has been set. Libraries write events into a
 * response that was ended without content: serve-grip does so where Express has announced a length of 0 already.
 */
export function loosenHead(res: ServerResponse): void {
  const { writeHead } = res;
  const loose = function (this: ServerResponse, status: number, ...rest: unknown[]): ServerResponse {
    const [first, second] = rest;
    mergeHeaders(this, typeof first === 'string' ? second : first);
    // Not its own: that may have been replaced by one that refuses.
    native.removeHeader.call(this, 'Content-Length');
    native.removeHeader.call(this, 'ETag');
    return Reflect.apply(writeHead, this, typeof first === 'string' ? [status, first] : [status]);
  };
  res.writeHead = loose as ServerResponse['writeHead'];
}
