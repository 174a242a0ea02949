import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logger.js';
import { ClientResponse } from './client-response.js';
import type { ClientServices } from './client-services.js';
import { respondText } from './error-response.js';
import type { Refusal } from './request-checks.js';

/** Answers a request with a line of text. `crossOrigin`: pages of other origins may read it. */
export function refuse(
  services: ClientServices & { readonly logger: Logger },
  req: IncomingMessage,
  res: ServerResponse,
  { status, message }: Refusal,
  crossOrigin = false,
): void {
  services.logger.info({ method: req.method, url: req.url, status }, message);
  // What follows a request that we did not understand on its connection cannot be trusted.
  const isLast = status === 400 || status === 503;
  if (isLast) res.setHeader('Connection', 'close');
  const client = new ClientResponse(req, res, services);
  client.crossOrigin = crossOrigin;
  respondText(client, status, message);
  if (isLast) services.lingering.behind(req, res);
}
