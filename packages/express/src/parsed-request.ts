import type { FrameworkRequest } from '@p-8/core';
import type { NextFunction, Request } from 'express';
import { type SessionRequest, sessionSaver } from './session-saver.js';

/** What is mounted before the proxy leaves its work on the request itself. */
type WorkedRequest = Request & SessionRequest & { readonly rawBody?: unknown };

/** A request as Express gives it to the proxy. Looked at only where it is needed: each look at what Express has had in hand is slow. */
export class ParsedRequest implements FrameworkRequest {
  readonly #req: WorkedRequest;
  readonly #next: NextFunction;

  constructor(req: WorkedRequest, next: NextFunction) {
    this.#req = req;
    this.#next = next;
  }

  get body(): unknown {
    return this.#req.body;
  }

  get rawBody(): unknown {
    return this.#req.rawBody;
  }

  /** To be read before the app gets the request. */
  get onAnswer(): FrameworkRequest['onAnswer'] {
    return sessionSaver(this.#req, this.#next);
  }
}
