import type { HeaderList } from '@p-8/protocol';
import type { UpstreamError, UpstreamHandler } from './upstream.js';

/** Hears how an origin answers on behalf of another handler, which hears the same, but for what a derived class does about it. */
export abstract class PassingHandler implements UpstreamHandler {
  protected readonly handler: UpstreamHandler;

  constructor(handler: UpstreamHandler) {
    this.handler = handler;
  }

  onInterim(status: number, headers: string[]): void {
    this.handler.onInterim?.(status, headers);
  }

  onHead(status: number, reason: string, headers: string[]): void {
    this.handler.onHead(status, reason, headers);
  }

  onData(chunk: Buffer): boolean {
    return this.handler.onData(chunk);
  }

  onEnd(trailers: HeaderList): void {
    this.handler.onEnd(trailers);
  }

  onError(error: UpstreamError): void {
    this.handler.onError(error);
  }
}
