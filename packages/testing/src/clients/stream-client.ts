import { quote } from '../timeline.js';
import { type ClientHost, HttpRequest, type OpenInit } from './http-request.js';
import { PATIENCE } from './inbox.js';
import { ResponseClient } from './response-client.js';

/**
 * A client of a stream: gets chunks as they are sent, the origin's own content first, then one for each item. An item
 * stays in one piece however large it is, and items that are published at once stay apart.
 */
export class StreamClient extends ResponseClient<string> {
  /** Asks, and waits for the head of the response. */
  static async open(
    host: ClientHost,
    path: string,
    { timeout = PATIENCE, ...init }: OpenInit = {},
  ): Promise<StreamClient> {
    const name = host.name('stream');
    const request = new HttpRequest(host, name, path, init);
    const words = { name, noun: 'chunk', describe: quote };
    return request.response((response) => new StreamClient(host, request, response, words), timeout);
  }

  protected override take(text: string): void {
    this.push(text);
  }
}
