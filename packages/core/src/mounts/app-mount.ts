import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { filterHeaders, isGripHeader } from '@p-8/protocol';
import { GripError } from '../errors.js';
import { HandlerEntry } from '../handler/handler-entry.js';
import {
  OF_PROXY,
  OF_UNSIGNED_PROXY,
  ownGrip,
  type RequestGrip,
  requestGrip,
  setRequestGrip,
} from '../handler/request-grip.js';
import { CapturedResponse } from '../http/captured-response.js';
import { readClientRequest, requestTarget, withoutCoding } from '../http/client-request.js';
import { ClientResponse } from '../http/client-response.js';
import { respondText } from '../http/error-response.js';
import { isForgedField } from '../http/events-fields.js';
import { type CapturedBody, type InstructTaker, intercept } from '../http/interception.js';
import { refuse } from '../http/refuse.js';
import { BodyRecord, hasBody, recordBody } from '../http/request-body.js';
import type { Refusal } from '../http/request-checks.js';
import type { ResponseMethods } from '../http/response-methods.js';
import type { Signer } from '../http/signature.js';
import { GRIP_FEATURES } from '../routing/grip-fields.js';
import { GripRequest } from '../sessions/grip-request.js';
import { WebSocketSession } from '../sessions/web-socket-session.js';
import { isFollowUp, type RequestTarget } from '../upstream/in-process.js';
import { AttachReminder } from './attach-reminder.js';
import { eventsRefusal } from './events-refusal.js';
import type { FrameworkRequest } from './framework-request.js';
import { loopRefusal } from './loop-refusal.js';
import { loosenHead } from './loose-head.js';
import type { Mount, Next, ProxyContext } from './mount.js';
import { ServedApps } from './served-apps.js';
import { Trust } from './trust.js';
import { UnheldAnswers } from './unheld-answers.js';
import { openHandshake, pageRefusal, refuseHandshake } from './upgrade.js';

/** What requests carry that a proxy of this process has passed on to its app. */
const ofApps = new WeakSet<RequestGrip>();

/** The fields of a request, as Node has them. */
type Fields = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/**
 * The app in this process is the origin. Its first answer to a request is watched where it is written; whatever is asked
 * later goes to the server that the request came in by, through memory.
 */
export class AppMount implements Mount {
  readonly #context: ProxyContext;
  readonly #signer: Signer | undefined;
  readonly #trust: Trust;
  readonly #entry: HandlerEntry;
  /** What the app is told of requests that this proxy passes on. */
  readonly #grip: RequestGrip;
  readonly #apps: ServedApps;
  readonly #reminder: AttachReminder;
  readonly #unheld: UnheldAnswers;

  constructor(context: ProxyContext) {
    this.#context = context;
    const { sigIss, sigKey } = context.settings;
    this.#signer = context.signer(sigIss, sigKey);
    this.#trust = new Trust(context);
    this.#entry = new HandlerEntry(context.services);
    this.#grip = ownGrip(this.#signer === undefined ? OF_UNSIGNED_PROXY : OF_PROXY);
    ofApps.add(this.#grip);
    this.#apps = new ServedApps(context);
    const { warnings } = context.services;
    this.#reminder = new AttachReminder(warnings);
    this.#unheld = new UnheldAnswers(warnings, true);
  }

  attach(server: RequestTarget): void {
    this.#reminder.isWaiting = false;
    this.#apps.attach(server);
  }

  handle(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next | undefined,
    framework: FrameworkRequest | undefined,
  ): void {
    if (next === undefined) {
      throw new GripError('GRIP_ERR_OPTION', 'there is no app to ask: use wrap(app), or set a target');
    }
    // Wrapped and mounted as well: once is enough.
    const grip = requestGrip(req);
    if (grip?.isProxied === true) {
      if (grip !== this.#grip && ofApps.has(grip)) this.#warnOfOther();
      next();
      return;
    }
    if (isFollowUp(req)) {
      // For the client of a GRIP proxy in front, its signature counts.
      if (req.headers['grip-sig'] === undefined) this.#sign(req);
      const events = this.#entry.eventsOf(req, framework);
      if (events !== undefined) loosenHead(res);
      this.#entry.enter(req, res, this.#grip, events, next);
      return;
    }
    const loop = this.#loopRefusal(req);
    if (loop !== undefined) {
      refuse(this.#context.services, req, res, loop);
      return;
    }
    const target = requestTarget(req);
    const sockjs = this.#apps.sockjsOf(req, target);
    if (sockjs !== undefined) {
      if (this.#reminder.isWaiting) this.#reminder.see(req.headers, target);
      const { acceptXForwardedProtocol, origins } = this.#context.settings;
      const wrong = pageRefusal(req, origins);
      if (wrong !== undefined) {
        respondText(new ClientResponse(req, res, this.#context.services), wrong.status, wrong.message);
        return;
      }
      const request = readClientRequest(req, target, acceptXForwardedProtocol);
      sockjs.handle(req, res, request, framework);
      return;
    }
    // What somebody reads already will be gone when it is known who sends it.
    const isLost = this.#trust.takesTime && req.readableFlowing === true;
    const early = isLost ? this.#entry.eventsOf(req, framework) : undefined;
    // A GRIP proxy in front that proves itself does the holding: requests and responses are none of our business.
    this.#trust.decide(
      req,
      (trusted) => {
        if (!trusted) {
          this.#mount(req, res, target, next, framework);
          return;
        }
        const events = early ?? this.#entry.eventsOf(req, framework);
        this.#entry.enter(req, res, OF_PROXY, events, next);
      },
      next,
    );
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const client = openHandshake(this.#context, req, socket, head);
    if (client === undefined) return;
    const { settings, services } = this.#context;
    const wrong = this.#loopRefusal(req) ?? pageRefusal(req, settings.origins);
    if (wrong !== undefined) {
      refuseHandshake(client, wrong);
      return;
    }
    const request = readClientRequest(req, requestTarget(req), settings.acceptXForwardedProtocol);
    const sockjs = this.#apps.sockjsOf(req, request.path);
    if (sockjs !== undefined) {
      sockjs.upgrade(client, request);
      return;
    }
    const { origin } = this.#apps.of(req);
    this.#trust.decide(
      req,
      (trusted) => new WebSocketSession(services, { client, request, origin, trusted }).open(),
      (error) => {
        services.onError(error);
        client.abort();
      },
    );
  }

  close(): Promise<void> {
    this.#unheld.stop();
    return this.#apps.close();
  }

  #warnOfOther(): void {
    this.#context.services.warnings.give(
      'P8_TWO_PROXIES',
      'requests come through two gripProxy() of this app: the first one holds their clients, and what is published by the other reaches none of them; make one, and use it everywhere',
    );
  }

  #mount(
    req: IncomingMessage,
    res: ServerResponse,
    target: string,
    next: Next,
    framework: FrameworkRequest | undefined,
  ): void {
    // Looked at once: each look at a request that Express has had in hand is slow.
    const { headers, rawHeaders } = req;
    const fields = { headers, rawHeaders };
    if (this.#reminder.isWaiting) this.#reminder.see(headers, target);
    const refusal = eventsRefusal(rawHeaders);
    if (refusal !== undefined) {
      refuse(this.#context.services, req, res, refusal);
      return;
    }
    const body = hasBody(fields) ? new BodyRecord() : undefined;
    body?.countIn(this.#context.services.input, res);
    if (body !== undefined) recordBody(req, body, framework);
    removeProxyFields(req, fields);
    this.#sign(fields);
    const taker = new AppRequest(this, req, res, target, body, framework?.onAnswer);
    intercept(res, taker, this.#context.settings.jsonInstructs === true);
    setRequestGrip(req, this.#grip);
    next();
  }

  /** The client of a response whose methods are `methods`. */
  clientOf(req: IncomingMessage, res: ServerResponse, methods: ResponseMethods): ClientResponse {
    return new ClientResponse(req, res, this.#context.services, methods);
  }

  /** The app has answered with an instruct: from here on the request is ours. */
  take(
    req: IncomingMessage,
    target: string,
    client: ClientResponse,
    body: BodyRecord | undefined,
  ): GripRequest {
    const { settings, services } = this.#context;
    const received = readClientRequest(req, target, settings.acceptXForwardedProtocol);
    const request = body?.isDecoded === true ? withoutCoding(received) : received;
    return new GripRequest(services, client, request, this.#apps.of(req).origin, body ?? new BodyRecord());
  }

  /** Requests to the app itself go nowhere else. Only those to link hosts leave the process, and could come back by one. */
  #loopRefusal(req: IncomingMessage): Refusal | undefined {
    const { settings, services } = this.#context;
    const { linkHosts, cdnLoop } = settings;
    return linkHosts.length === 0 ? undefined : loopRefusal(req.headers, cdnLoop, services.limits);
  }

  /** The app sees what it would see behind a GRIP proxy. */
  #sign({ headers, rawHeaders }: Fields): void {
    headers['grip-feature'] = GRIP_FEATURES;
    rawHeaders.push('Grip-Feature', GRIP_FEATURES);
    const token = this.#signer?.token();
    if (token === undefined) return;
    headers['grip-sig'] = token;
    rawHeaders.push('Grip-Sig', token);
  }
}

/** A request that the app is answering: what is needed in case that it answers with an instruct. */
class AppRequest implements InstructTaker, CapturedBody {
  readonly #mount: AppMount;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #body: BodyRecord | undefined;
  /** Apps may rewrite it. */
  readonly #target: string;
  readonly #onAnswer: FrameworkRequest['onAnswer'];
  #captured: CapturedResponse | undefined;

  constructor(
    mount: AppMount,
    req: IncomingMessage,
    res: ServerResponse,
    target: string,
    body: BodyRecord | undefined,
    onAnswer: FrameworkRequest['onAnswer'],
  ) {
    this.#mount = mount;
    this.#req = req;
    this.#res = res;
    this.#body = body;
    this.#target = target;
    this.#onAnswer = onAnswer;
  }

  onInstructHead(status: number, reason: string, headers: string[], methods: ResponseMethods): CapturedBody {
    const client = this.#mount.clientOf(this.#req, this.#res, methods);
    const request = this.#mount.take(this.#req, this.#target, client, this.#body);
    this.#captured = new CapturedResponse(status, reason, headers, request);
    return this;
  }

  write(chunk: Buffer): boolean {
    return this.#captured?.write(chunk) ?? true;
  }

  end(): void {
    // Nobody reads the body: then it must not hold up the client, nor Node's time-out for it the hold.
    if (this.#req.readableFlowing === null && !this.#req.readableDidRead) this.#req.resume();
    if (this.#onAnswer === undefined) this.#captured?.end();
    else this.#onAnswer(() => this.#captured?.end());
  }
}

/** A client's own Grip- fields, and those that speak for a WebSocket, are forged: the app must not see them. */
function removeProxyFields(req: IncomingMessage, { headers, rawHeaders }: Fields): void {
  if (hasProxyField(rawHeaders)) dropProxyFields(rawHeaders, [headers, req.headersDistinct]);
  // Only a chunked body has trailers, and they are known at its end.
  if (headers['transfer-encoding'] !== undefined) req.once('end', removeProxyTrailers);
}

function removeProxyTrailers(this: IncomingMessage): void {
  if (hasProxyField(this.rawTrailers))
    dropProxyFields(this.rawTrailers, [this.trailers, this.trailersDistinct]);
}

function hasProxyField(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) if (isProxyField(raw[i] ?? '', raw[i + 1] ?? '')) return true;
  return false;
}

function isProxyField(name: string, value: string): boolean {
  return isGripHeader(name) || isForgedField(name, value);
}

/** Node makes `maps` from the raw list when they are first asked for, and counts on its length: so they come first. */
function dropProxyFields(raw: string[], maps: readonly NodeJS.Dict<unknown>[]): void {
  for (const map of maps) {
    for (const [name, value] of Object.entries(map)) if (isProxyField(name, String(value))) delete map[name];
  }
  raw.splice(0, raw.length, ...filterHeaders(raw, (name, value) => !isProxyField(name, value)));
}
