import { filterHeaders, type HeaderList, isFieldValue, isGripHeader, isToken } from '@p-8/protocol';
import type { JsonpOptions } from '../options.js';
import type { ClientRequest } from './client-request.js';
import { isConnectionField } from './events-fields.js';
import { BasicWrapper, ExtendedWrapper, type ScriptWrapper } from './jsonp-response.js';
import type { Refusal } from './request-checks.js';

/** A request that came as JSON-P: what it stands for, and how its response is written. */
export interface JsonpRequest {
  readonly request: ClientRequest;
  readonly body: Buffer | null;
  readonly wrapper: ScriptWrapper;
}

/** What may be called: a path of names. Anything else could be a script of its own. */
const CALLBACK = /^[A-Za-z0-9_.$]{1,200}$/;

/**
 * Reads a JSON-P request. Undefined: it is none. Source: Pushpin's `auto_cross_origin`.
 */
export function readJsonp(request: ClientRequest, options: JsonpOptions): JsonpRequest | Refusal | undefined {
  if (request.method !== 'GET') return undefined;
  const { callbackParam = 'callback', bodyParam, defaultCallback, mode = 'extended' } = options;
  const query = new Query(request.path);
  const hasDefault = defaultCallback !== undefined && bodyParam !== undefined && query.has(bodyParam);
  if (!query.has(callbackParam) && !hasDefault) return undefined;
  const callback = query.has(callbackParam) ? query.take(callbackParam) : defaultCallback;
  if (callback === undefined || !CALLBACK.test(callback))
    return invalid(callbackParam === 'callback' ? 'callback' : callbackParam);
  const method = query.has('_method') ? query.take('_method') : defaultMethod(options);
  if (method === undefined || !isToken(method) || isRefused(method)) return invalid('_method');
  const headers = query.has('_headers') ? readHeaders(query.take('_headers')) : [];
  if (headers === undefined) return invalid('_headers');
  const name = bodyParam ?? '_body';
  const body = query.has(name) ? query.take(name) : '';
  if (body === undefined) return invalid(bodyParam === undefined ? '_body' : 'body');
  if (bodyParam !== undefined && body !== '') headers.push('Content-Type', 'application/json');
  return {
    request: { ...request, method, path: query.rest, headers: jsonpHeaders(headers, request.headers) },
    body: body === '' ? null : Buffer.from(body),
    wrapper: mode === 'basic' ? new BasicWrapper(callback) : new ExtendedWrapper(callback),
  };
}

function defaultMethod({ mode, defaultMethod: method }: JsonpOptions): string {
  return method ?? (mode === 'basic' ? 'POST' : 'GET');
}

function invalid(name: string): Refusal {
  return { status: 400, message: `Invalid ${name} parameter.` };
}

/** As for requests that do not come as JSON-P. */
function isRefused(method: string): boolean {
  return /^(trace|connect)$/i.test(method);
}

/**
 * `_headers`: a JSON object of texts. Host and Accept are not the page's to choose, nor what belongs to GRIP: a trusted proxy in front
 * vouches for its own request, and not for what a page has it stand for.
 */
function readHeaders(text: string | undefined): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const headers: string[] = [];
  for (const [name, one] of Object.entries(value)) {
    if (typeof one !== 'string' || !isToken(name) || !isFieldValue(one)) return undefined;
    const isOwn = !/^(host|accept)$/i.test(name) && !isGripHeader(name) && !isConnectionField(name);
    if (isOwn) headers.push(name, one);
  }
  return headers;
}

function jsonpHeaders(own: HeaderList, client: HeaderList): string[] {
  // The body is the one of the query, whatever the client has sent.
  const kept = filterHeaders(client, (name) => name !== 'accept');
  return filterHeaders([...own, 'Accept', '*/*', ...kept], (name) => name !== 'content-length');
}

/** The query of a path: parameters are taken out one by one, and the rest stays as it was written. */
class Query {
  readonly #path: string;
  #parts: string[];

  constructor(path: string) {
    const at = path.indexOf('?');
    this.#path = at === -1 ? path : path.slice(0, at);
    this.#parts = at === -1 ? [] : path.slice(at + 1).split('&');
  }

  get rest(): string {
    return this.#parts.length === 0 ? this.#path : `${this.#path}?${this.#parts.join('&')}`;
  }

  has(name: string): boolean {
    return this.#parts.some((part) => nameOf(part) === name);
  }

  /** The value of a parameter, which is no part of the query any more. Undefined: it is not encoded properly. */
  take(name: string): string | undefined {
    const part = this.#parts.find((one) => nameOf(one) === name) ?? '';
    this.#parts = this.#parts.filter((one) => nameOf(one) !== name);
    try {
      return decodeURIComponent(part.slice(name.length + 1).replaceAll('+', ' '));
    } catch {
      return undefined;
    }
  }
}

function nameOf(part: string): string {
  const at = part.indexOf('=');
  return at === -1 ? part : part.slice(0, at);
}
