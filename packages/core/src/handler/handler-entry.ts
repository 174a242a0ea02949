import type { IncomingMessage, ServerResponse } from 'node:http';
import { isWsEventsType, parseWebSocketContext, type WebSocketContext } from '@p-8/protocol';
import { type ParsedBody, rewriteBody } from '../http/parsed-body.js';
import { refuse } from '../http/refuse.js';
import { hasBody } from '../http/request-body.js';
import { WholeBody } from '../http/whole-body.js';
import type { SessionServices } from '../sessions/held-request.js';
import { answerWithEvents } from './events-answer.js';
import { type RequestGrip, setRequestGrip } from './request-grip.js';

/** The most bytes of a request's events besides those of its longest message. */
const MAX_OTHER_BYTES = 262_144;

/** The body of a request that carries events. `lost`: somebody has read it, and left nothing. */
export type EventsBody = WholeBody | Buffer | 'lost';

/** Where requests of a GRIP proxy enter the app: those that carry WebSocket events get a context. */
export class HandlerEntry {
  readonly #services: SessionServices;

  constructor(services: SessionServices) {
    this.#services = services;
  }

  /**
   * Begins to gather the body of a request; undefined: it carries no events. `parsed`: what is left of a body that has
   * been read.
   */
  eventsOf(req: IncomingMessage, parsed: ParsedBody | undefined): EventsBody | undefined {
    const type = req.headers['content-type'];
    if (req.method !== 'POST' || !isWsEventsType(type)) return undefined;
    if (!hasBody(req)) return Buffer.alloc(0);
    if (req.readableDidRead) return rewriteBody(parsed ?? {}, type ?? '') ?? 'lost';
    return new WholeBody(req, this.#services.maxMessageBytes + MAX_OTHER_BYTES);
  }

  /** Hands a request on, with its events if it carries any. */
  enter(
    req: IncomingMessage,
    res: ServerResponse,
    grip: RequestGrip,
    events: EventsBody | undefined,
    next: () => void,
  ): void {
    setRequestGrip(req, grip);
    if (events === undefined || events === 'lost') next();
    else if (events instanceof WholeBody) events.read((body) => this.#open(req, res, grip, body, next));
    else this.#open(req, res, grip, events, next);
  }

  #open(
    req: IncomingMessage,
    res: ServerResponse,
    grip: RequestGrip,
    body: Buffer | undefined,
    next: () => void,
  ): void {
    if (body === undefined) {
      refuse(this.#services, req, res, { status: 413, message: 'WebSocket events too large.' });
      return;
    }
    const context = parseWebSocketContext(req.rawHeaders, body);
    if (!context.ok) {
      refuse(this.#services, req, res, { status: 400, message: context.message });
      return;
    }
    const use = answerWithEvents(res, context.value, this.#onError);
    setRequestGrip(req, withContext(grip, use));
    next();
  }

  readonly #onError = (error: unknown): void => {
    this.#services.logger.error({ err: error }, 'the WebSocket events of a response cannot be sent');
  };
}

/** Its own members all, so that it can be copied and shown. */
function withContext(
  { isProxied, isSigned, needsSigned }: RequestGrip,
  use: () => WebSocketContext,
): RequestGrip {
  return {
    isProxied,
    isSigned,
    needsSigned,
    get wsContext() {
      return use();
    },
  };
}
