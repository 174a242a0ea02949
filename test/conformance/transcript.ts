import { createHash } from 'node:crypto';
import type { Field } from './field.js';
import type { SeenRequest } from './origin.js';
import type { Reply } from './reply.js';
import { type Signer, verdictOn } from './signature.js';

/** A response, in the form in which two systems are compared. */
export interface ReplyTranscript {
  /** `200 OK` */
  readonly status: string;
  /** `name: value`, sorted. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly end: string;
}

/** What one client got. */
export interface ClientTranscript {
  readonly replies: readonly ReplyTranscript[];
  /** Present where the scenario waited for the proxy to close the connection. */
  readonly connection?: 'closed';
}

/** A request that the origin got. */
export interface RequestTranscript {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** Present where something else than the whole request came, or the answer was not waited for. */
  readonly end?: 'aborted' | 'abandoned';
}

/** All that can be seen of a scenario from outside. */
export interface Transcript {
  readonly clients: Readonly<Record<string, ClientTranscript>>;
  readonly origin: readonly RequestTranscript[];
  /** The control API's answers. */
  readonly control: readonly ReplyTranscript[];
}

/**
 * Fields that say how bytes are carried, which may differ between two proxies that are both right. Framing is not lost:
 * {@link Reply.end} says whether it held.
 */
const CARRIAGE_OF_RESPONSES = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);
const CARRIAGE_OF_REQUESTS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'grip-feature',
  'keep-alive',
  'transfer-encoding',
]);

/** The form of `reply` that is compared. `compared` names fields of its carriage that matter here. */
export function replyTranscript(reply: Reply, compared: readonly string[]): ReplyTranscript {
  return {
    status: `${reply.status} ${reply.reason}`,
    headers: lines(reply.headers, CARRIAGE_OF_RESPONSES, compared),
    body: bodyText(reply.body),
    end: reply.end,
  };
}

/** The form of `request` that is compared. */
export function requestTranscript(
  request: SeenRequest,
  signer: Signer,
  compared: readonly string[],
): Omit<RequestTranscript, 'end'> {
  const signed = request.headers.map(
    ([name, value]): Field =>
      name.toLowerCase() === 'grip-sig' ? [name, verdictOn(value, signer)] : [name, value],
  );
  return {
    line: `${request.method} ${request.target}`,
    headers: lines(signed, CARRIAGE_OF_REQUESTS, compared),
    body: bodyText(request.body),
  };
}

function lines(
  fields: readonly Field[],
  ignored: ReadonlySet<string>,
  compared: readonly string[],
): string[] {
  return fields
    .map(([name, value]): Field => [name.toLowerCase(), Buffer.from(value, 'latin1').toString('utf8')])
    .filter(([name, value]) => compared.includes(name) || !(ignored.has(name) || isDefault(name, value)))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
}

/** What an HTTP client adds of its own accord, and what says no more than its absence. */
function isDefault(name: string, value: string): boolean {
  return name === 'accept' && value === '*/*';
}

/** Text as it is, bytes as hex; something long as its beginning, its size and a digest. */
function bodyText(body: Buffer): string {
  const text = body.toString('utf8');
  const readable = Buffer.from(text).equals(body) ? text : `hex ${body.toString('hex')}`;
  if (readable.length <= 1000) return readable;
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return `${readable.slice(0, 40)}... ${body.length} bytes, sha256 ${digest}`;
}
