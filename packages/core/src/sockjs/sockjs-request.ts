import type { IncomingMessage, ServerResponse } from 'node:http';
import { filterHeaders, type HeaderList, isFieldValue, isHopByHop } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import { ClientResponse } from '../http/client-response.js';
import type { FrameworkRequest } from '../mounts/framework-request.js';
import type { SockJsServices } from './sockjs-services.js';

/** Seconds for which what never changes is kept: a year. */
const CACHE_SECONDS = 31_536_000;

const TEXT = 'text/plain; charset=UTF-8';

/** A request below a SockJS prefix, and the ways in which it is answered. */
export class SockJsRequest {
  readonly services: SockJsServices;
  readonly request: ClientRequest;
  readonly framework: FrameworkRequest | undefined;
  readonly client: ClientResponse;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    request: ClientRequest,
    framework: FrameworkRequest | undefined,
    services: SockJsServices,
  ) {
    this.services = services;
    this.request = request;
    this.framework = framework;
    this.client = new ClientResponse(req, res, services);
  }

  get req(): IncomingMessage {
    return this.client.req;
  }

  get method(): string {
    return this.request.method;
  }

  get query(): URLSearchParams {
    const { path } = this.request;
    const at = path.indexOf('?');
    return new URLSearchParams(at === -1 ? '' : path.slice(at));
  }

  /** The fields of a response that is for this client and this moment only, whatever page it is for. */
  get privateFields(): string[] {
    return [
      // Some proxies hold a stream back to compress it; some browsers cache a POST.
      'Cache-Control',
      'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      'X-Content-Type-Options',
      'nosniff',
      ...this.#crossOriginFields(),
    ];
  }

  /** Answers with text that is not to be kept. */
  answer(status: number, type: string, body: string): void {
    this.respond(status, '', ['Content-Type', type, ...this.privateFields], Buffer.from(body));
  }

  /** Answers with a line that says what is wrong. */
  refuse(status: number, message: string): void {
    this.answer(status, TEXT, `${message}\n`);
  }

  /** Answers that only these methods will do: RFC 9110 15.5.6. */
  refuseMethod(allowed: readonly string[]): void {
    this.respond(405, '', ['Allow', allowed.join(', '), ...this.privateFields], new Uint8Array(0));
  }

  /** Answers as the origin has answered a handshake. */
  relay(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    const own = this.privateFields;
    const names = new Set(['content-length']);
    for (let i = 0; i < own.length; i += 2) names.add(own[i]?.toLowerCase() ?? '');
    const fields = filterHeaders(headers, (name) => !names.has(name) && !isHopByHop(name));
    this.respond(status, reason, [...fields, ...own], body);
  }

  /** Lets pages of other origins use a resource: https://fetch.spec.whatwg.org/#http-cors-protocol. `now`: in milliseconds. */
  answerPreflight(methods: readonly string[], now: number): void {
    const fields = [
      ...this.#crossOriginFields(),
      'Access-Control-Allow-Methods',
      methods.join(', '),
      'Access-Control-Max-Age',
      String(CACHE_SECONDS),
      ...cacheFields(now),
    ];
    this.respond(204, '', fields, new Uint8Array(0));
  }

  /** Sends the head of a response whose length nobody knows yet. False: there is nobody to send it to. */
  beginStream(type: string): boolean {
    if (this.client.gone) return false;
    try {
      this.client.sendHead(200, '', ['Content-Type', type, ...this.privateFields]);
      this.client.flushHead();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Sends a whole response. */
  respond(status: number, reason: string, fields: HeaderList, body: Uint8Array): void {
    try {
      this.client.respond(status, reason, fields, body);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Somebody else's hook on the response throws, whatever is sent; whoever waits here learns that the client is gone. */
  #fail(error: unknown): void {
    this.services.onError(error);
    this.client.res.destroy();
  }

  #crossOriginFields(): string[] {
    const { origin, 'access-control-request-headers': requested } = this.req.headers;
    const isSendable = (value: string | undefined): value is string =>
      value !== undefined && value !== '' && isFieldValue(value);
    const fields = ['Vary', 'Origin'];
    if (isSendable(origin)) {
      fields.push('Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true');
    } else {
      fields.push('Access-Control-Allow-Origin', '*');
    }
    if (isSendable(requested)) fields.push('Access-Control-Allow-Headers', requested);
    return fields;
  }
}

/** The fields of what may be kept for a year from `now`, in milliseconds. */
export function cacheFields(now: number): string[] {
  const expires = new Date(now + CACHE_SECONDS * 1000).toUTCString();
  return ['Cache-Control', `public, max-age=${CACHE_SECONDS}`, 'Expires', expires];
}
