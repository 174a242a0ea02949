import type { IncomingHttpHeaders } from 'node:http';
import type { Warnings } from '../warnings.js';

/** Notices that WebSockets come to a server that the proxy is not attached to. There, they are plain requests. */
export class AttachReminder {
  /** False: there is nothing to notice any more. */
  isWaiting: boolean;
  readonly #warnings: Warnings;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
    this.isWaiting = warnings.expects('P8_NO_ATTACH');
  }

  see({ upgrade }: IncomingHttpHeaders, path: string): void {
    if (upgrade?.toLowerCase() !== 'websocket') return;
    this.isWaiting = false;
    this.#warnings.give(
      'P8_NO_ATTACH',
      `a WebSocket for ${path} has come as a plain request, since the proxy is not attached to the server: call grip.attach(server), where server is what app.listen() returns`,
    );
  }
}
