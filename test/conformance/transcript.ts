import { type Field, fieldValue } from './field.js';
import type { HandshakeFields } from './handshake-fields.js';
import type { SeenRequest } from './origin.js';
import type { Reply } from './reply.js';
import { bodyText, mixedText } from './shown-bytes.js';
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
  /** What came by its WebSocket, where it opened one. */
  readonly messages?: readonly string[];
  /** Present where the scenario waited for the proxy to close the connection. */
  readonly connection?: 'closed';
}

/** A request that the origin got. */
export interface RequestTranscript {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** What the proxy sent by a WebSocket that the origin accepted itself. */
  readonly messages?: readonly string[];
  /** Present where the scenario waited for the proxy to close that WebSocket's connection. */
  readonly connection?: 'closed';
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

/** Which fields a scenario compares besides, and which it leaves out. Lower case. */
export interface FieldChoice {
  /** Fields of the carriage that matter here. */
  readonly compared?: readonly string[] | undefined;
  readonly ignored?: readonly string[] | undefined;
}

/** The form of `reply` that is compared. */
export function replyTranscript(reply: Reply, choice: FieldChoice): ReplyTranscript {
  return {
    status: `${reply.status} ${reply.reason}`,
    headers: lines(reply.headers, CARRIAGE_OF_RESPONSES, choice),
    body: bodyText(reply.body),
    end: reply.end,
  };
}

/** The form of `request` that is compared. */
export function requestTranscript(
  request: SeenRequest,
  signer: Signer,
  choice: FieldChoice,
  handshakes: HandshakeFields,
): RequestTranscript {
  const direct = fieldValue(request.headers, 'upgrade') !== undefined;
  const isEvents = fieldValue(request.headers, 'content-type') === 'application/websocket-events';
  const signed = handshakes
    .normalized(request.headers, direct)
    .map(
      ([name, value]): Field =>
        name.toLowerCase() === 'grip-sig' ? [name, verdictOn(value, signer)] : [name, value],
    );
  return {
    line: `${request.method} ${request.target}`,
    headers: lines(signed, CARRIAGE_OF_REQUESTS, choice),
    body: isEvents ? mixedText(request.body) : bodyText(request.body),
  };
}

function lines(
  fields: readonly Field[],
  carriage: ReadonlySet<string>,
  { compared = [], ignored = [] }: FieldChoice,
): string[] {
  return fields
    .map(([name, value]): Field => [name.toLowerCase(), Buffer.from(value, 'latin1').toString('utf8')])
    .filter(([name, value]) => compared.includes(name) || !(carriage.has(name) || isDefault(name, value)))
    .filter(([name]) => !ignored.includes(name))
    .map(([name, value]) => `${name}: ${name === 'expires' ? dateForm(value) : value}`)
    .sort();
}

/** Another moment each time. */
function dateForm(value: string): string {
  return Number.isNaN(Date.parse(value)) ? value : 'a date';
}

/** What an HTTP client adds of its own accord, and what says no more than its absence. */
function isDefault(name: string, value: string): boolean {
  return name === 'accept' && value === '*/*';
}
