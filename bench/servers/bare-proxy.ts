import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

/** Fields of the origin's connection, which are not the client's. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** Relays requests to one origin as fast as Node can: undici's dispatch with raw fields, nothing else. */
export class BareProxy {
  readonly #pool: Pool;

  constructor(originPort: number) {
    this.#pool = new Pool(`http://127.0.0.1:${originPort}`, { pipelining: 1 });
  }

  relay(req: IncomingMessage, res: ServerResponse): void {
    const hasBody = req.method !== 'GET' && req.method !== 'HEAD';
    this.#pool.dispatch(
      {
        path: req.url ?? '/',
        method: req.method as Dispatcher.HttpMethod,
        headers: passing(req.rawHeaders),
        body: hasBody ? req : null,
      },
      {
        onRequestStart(controller) {
          res.on('close', () => {
            if (!res.writableFinished) controller.abort(new Error('the client is gone'));
          });
          res.on('drain', () => controller.resume());
        },
        onResponseStart(controller, status) {
          const fields = (controller.rawHeaders ?? []) as readonly (Buffer | string)[];
          res.writeHead(status, passing(fields.map(String)));
        },
        onResponseData(controller, chunk) {
          if (!res.write(chunk)) controller.pause();
        },
        onResponseEnd() {
          res.end();
        },
        onResponseError() {
          if (res.headersSent) res.destroy();
          else res.writeHead(502).end();
        },
      },
    );
  }
}

/** Raw fields without those of the connection. */
function passing(fields: readonly string[]): string[] {
  const passed: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) passed.push(name, fields[i + 1] ?? '');
  }
  return passed;
}
