import {
  decodeHeaderText,
  filterHeaders,
  type HeaderList,
  headerValue,
  type Instruct,
  isGripHeader,
  isInstruct,
  type OriginResponse,
  parseInstruct,
  type Result,
} from '@p-8/protocol';
import { TOO_SLOW } from '../http/body-arrival.js';
import type { EarlyBody } from '../http/captured-response.js';
import type { ClientRequest } from '../http/client-request.js';
import type { ClientResponse } from '../http/client-response.js';
import { failureText, respondText } from '../http/error-response.js';
import { type Asker, OriginAnswer } from '../http/origin-answer.js';
import type { BodyOwner, BodyRecord } from '../http/request-body.js';
import type { Destination, Origin, SlowClientLimits } from '../routing/origin.js';
import type { UpstreamCall, UpstreamHandler } from '../upstream/upstream.js';
import { FULL } from './admission.js';
import { filterResponseBody } from './content-filters.js';
import type { HeldRequest, SessionServices, StreamRequest } from './held-request.js';
import { ResponseHold } from './response-hold.js';
import { fetchLink, StandingRequest, sayGone } from './standing-request.js';
import { StreamHold } from './stream-hold.js';

/** The most characters of an origin's fields that are shown. */
const MAX_SHOWN = 300;

const TOO_LARGE = 'Request too large to accept GRIP instruct.';

/** A client's request from its arrival to its end: asks the origin, and does what the origin's instruct says. */
export class GripRequest implements HeldRequest, Asker, BodyOwner {
  readonly services: SessionServices;
  readonly client: ClientResponse;
  readonly uri: string;
  readonly #request: ClientRequest;
  readonly #origin: Origin;
  readonly #body: BodyRecord;
  #answer: OriginAnswer | undefined;
  #early: StreamHold | undefined;

  constructor(
    services: SessionServices,
    client: ClientResponse,
    request: ClientRequest,
    origin: Origin,
    body: BodyRecord,
  ) {
    this.services = services;
    this.client = client;
    this.#request = request;
    this.#origin = origin;
    this.#body = body;
    this.uri = origin.uri(request);
    body.owner = this;
    client.crossOrigin = origin.autoCrossOrigin;
  }

  get method(): string {
    return this.#request.method;
  }

  get lastEventId(): string | undefined {
    const { method, headers } = this.#request;
    const id = method === 'GET' ? headerValue(headers, 'last-event-id') : undefined;
    // An empty one is none. Browsers write UTF-8: WHATWG HTML 9.2.4.
    return id === undefined || id === '' ? undefined : decodeHeaderText(id);
  }

  get prefix(): string {
    return this.#origin.prefix;
  }

  get implicitChannels(): readonly string[] {
    return this.#origin.implicitChannels;
  }

  get jsonInstructs(): boolean {
    return this.#origin.jsonInstructs;
  }

  get debug(): boolean {
    return this.#origin.debug;
  }

  get limits(): SlowClientLimits {
    return this.#origin.limits;
  }

  get isUnanswered(): boolean {
    return !this.client.headSent;
  }

  onBodyStalled(): void {
    this.#answer?.abandon();
    // RFC 9110 15.5.9.
    this.client.res.setHeader('Connection', 'close');
    this.#answerText(408, TOO_SLOW);
  }

  /** Asks the origin. `readsInstructs`: false when its answer passes whatever it is. */
  ask({ upstream, request }: Destination, readsInstructs: boolean): void {
    const answer = this.#newAnswer(readsInstructs);
    if (answer !== undefined) answer.call = upstream.send(request, answer);
  }

  retry(gripLast: readonly string[]): void {
    this.services.logger.debug({ uri: this.uri, gripLast }, 'asking the origin again');
    // An origin may answer before it has the whole body. To be sent again, all of it must be there.
    if (this.#body.isArriving) this.client.req.once('end', () => this.#askAgain(gripLast)).resume();
    else this.#askAgain(gripLast);
  }

  fetchLink(uri: string, gripLast: readonly string[], handler: UpstreamHandler): UpstreamCall | undefined {
    return fetchLink(this, this.#origin, uri, gripLast, handler);
  }

  linkTo(uri: string, gripLast: readonly string[]): Destination | string {
    return this.#origin.link(uri, this.#request, gripLast);
  }

  sayGone(uri: string): void {
    sayGone(this, uri);
  }

  stand(asksLinks: boolean): StreamRequest {
    this.#body.drop();
    const { services, client, uri } = this;
    const left = client.detach(services.idleSockets, services.detaching) ?? client;
    return new StandingRequest(services, left, uri, this.#origin, asksLinks ? this.#request : undefined);
  }

  onInstruct(response: OriginResponse, sent: boolean): void {
    if (this.client.gone) return;
    if (sent) {
      this.#early?.begin();
      return;
    }
    // A hold may last for long, and nothing more comes of the answer.
    this.#answer = undefined;
    const instruct = this.#read(response);
    if (instruct !== undefined) this.#carryOut(instruct);
  }

  onLargeInstruct(head: OriginResponse): EarlyBody | undefined {
    this.#early = this.#openEarly(head);
    const hold = this.#early;
    if (hold !== undefined) return { write: (chunk, resume) => hold.writeContent(chunk, resume) };
    this.dropContent();
    return undefined;
  }

  dropContent(): void {
    this.#answer?.abandon();
  }

  #openEarly(head: OriginResponse): StreamHold | undefined {
    const instruct = this.#read(head);
    if (instruct === undefined) return undefined;
    const isJson = this.jsonInstructs && isJsonInstruct(head);
    if (isJson || !canStartEarly(instruct) || this.method === 'HEAD') {
      this.refuse('GRIP instruct response too large from the origin');
      return undefined;
    }
    if (!this.#isAdmitted()) {
      this.#answerText(503, FULL);
      return undefined;
    }
    const hold = this.#openStream(instruct);
    hold?.start();
    return hold;
  }

  onBrokenInstruct(detail: string): void {
    if (this.#early === undefined) this.refuse(detail);
    else this.#early.cut(detail);
  }

  onSourceResume(): void {
    if (this.#answer === undefined) this.client.letAppWrite();
    else this.#answer.resume();
  }

  respond(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    try {
      this.client.respond(status, reason, headers, body);
    } catch (error) {
      this.refuse((error as Error).message);
    }
  }

  onOriginFailed(detail: string, status: number, reason?: string): void {
    this.refuse(detail, status, reason);
  }

  refuse(detail: string, status = 502, reason: string = detail): void {
    const { logger, tellsLocal } = this.services;
    const fields = { method: this.method, uri: this.uri, detail, ...(reason !== detail && { reason }) };
    // That too many wait is in the log already: there are many such.
    if (status === 503) logger.debug(fields, 'request refused');
    else logger.warn(fields, 'request failed');
    // Proxies that say nothing of whom they serve speak HTTP/1.0.
    const { debug } = this;
    const mayTell = tellsLocal && this.client.req.httpVersion !== '1.0';
    this.#answerText(status, failureText({ detail, reason }, this.#request, { debug, tellsLocal: mayTell }));
  }

  #askAgain(gripLast: readonly string[]): void {
    if (this.#body.tooLarge) {
      this.#answerText(400, TOO_LARGE);
      return;
    }
    const answer = this.#newAnswer(true);
    if (answer === undefined) return;
    const again = this.#origin.again(this.#request, gripLast, this.#body.bytes());
    answer.call = this.services.sharedRequests.retry(this.#origin, this.uri, again, answer);
  }

  /** Undefined: there is nobody left to answer. */
  #newAnswer(readsInstructs: boolean): OriginAnswer | undefined {
    if (this.client.gone) return undefined;
    this.#answer = new OriginAnswer(this.client, this, this.services.flusher, readsInstructs);
    return this.#answer;
  }

  #read(response: OriginResponse): Instruct | undefined {
    if (this.#body.tooLarge) {
      this.#answerText(400, TOO_LARGE);
      return undefined;
    }
    const instruct: Result<Instruct> = parseInstruct(response, this.prefix, this.jsonInstructs);
    if (!instruct.ok) {
      const detail = `Failed to parse accept instructions: ${instruct.message}`;
      this.refuse(detail, 502, `${detail}${shownGripFields(response.headers)}`);
      return undefined;
    }
    const { hold, nextLink } = instruct.value;
    return this.#origin.dropsEntityTags && (hold !== 'none' || nextLink !== undefined)
      ? withoutEntityTag(instruct.value)
      : instruct.value;
  }

  #carryOut(instruct: Instruct): void {
    const { code, reason, headers } = instruct.response;
    const streams =
      instruct.hold === 'stream' || (instruct.hold === 'none' && instruct.nextLink !== undefined);
    // Where there can be no body, there is nothing to wait for: RFC 9110 9.3.2, 15.4.5.
    if (this.method === 'HEAD' || (streams && !this.client.canHaveBody(code))) {
      this.respond(code, reason, headers, new Uint8Array(0));
    } else if (this.services.hub.draining && (streams || instruct.hold === 'response')) {
      this.#respondWith(instruct);
    } else if (this.services.hub.closed && (streams || instruct.hold === 'response')) {
      this.#answerText(503, 'Closing.');
    } else if ((streams || instruct.hold === 'response') && !this.#isAdmitted()) {
      this.#answerText(503, FULL);
    } else if (instruct.hold === 'response') {
      new ResponseHold(this, instruct).open();
    } else if (streams) {
      this.#openStream(instruct)?.open();
    } else {
      this.#respondWith(instruct);
    }
  }

  #isAdmitted(): boolean {
    return this.services.admission.admits({ uri: this.uri });
  }

  /** Gives the client what the origin has for it, and does not hold it. */
  #respondWith(instruct: Instruct): void {
    const { code, reason, headers } = instruct.response;
    const body = filterResponseBody(instruct);
    if (body.ok) this.respond(code, reason, headers, body.value);
    else this.refuse(body.message);
  }

  #openStream(instruct: Instruct): StreamHold | undefined {
    try {
      return new StreamHold(this, instruct);
    } catch (error) {
      this.refuse((error as Error).message);
      return undefined;
    }
  }

  #answerText(status: number, message: string): void {
    try {
      if (!this.client.headSent) respondText(this.client, status, message);
      else this.client.abort();
    } catch (error) {
      // Somebody else's hook on the response throws, whatever is sent: then there is no response.
      this.services.onError(error);
      this.client.abort();
    }
  }
}

/** Only a head that says all there is to know lets a body stream before its end: not one whose instruct is in the body. */
function canStartEarly({ hold, nextLink, channels }: Instruct): boolean {
  const streams = hold === 'stream' || (hold === 'none' && nextLink !== undefined);
  return streams && !channels.some(({ filters }) => filters.includes('build-id'));
}

function isJsonInstruct({ headers }: OriginResponse): boolean {
  return isInstruct(['Content-Type', headerValue(headers, 'content-type') ?? '']);
}

function withoutEntityTag(instruct: Instruct): Instruct {
  const { response } = instruct;
  return {
    ...instruct,
    response: { ...response, headers: filterHeaders(response.headers, (name) => name !== 'etag') },
  };
}

/** What is wrong in them is seen at once: `(Grip-Hold: streem)`. */
function shownGripFields(headers: HeaderList): string {
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (isGripHeader(name)) fields.push(`${name}: ${headers[i + 1]}`);
  }
  return fields.length === 0 ? '' : ` (${fields.join('; ').slice(0, MAX_SHOWN)})`;
}
