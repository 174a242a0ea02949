import type { ClientResponse } from './client-response.js';

/** What clients are told when an origin failed, unless debug mode tells them more. */
export const ORIGIN_ERROR = 'Error while proxying to origin.';

/** Answers with a line of text. */
export function respondText(client: ClientResponse, status: number, message: string): void {
  client.respond(status, '', ['Content-Type', 'text/plain'], Buffer.from(`${message}\n`));
}
