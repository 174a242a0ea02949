import { IncomingMessage } from 'node:http';
import type { WebSocketContext } from '@p-8/protocol';

/** What the handler of a request is told about GRIP: `req.grip` in Express, `ctx.grip` in Koa. Source: serve-grip. */
export interface RequestGrip {
  /** The request comes from a GRIP proxy: this one, or one in front that proves itself. */
  readonly isProxied: boolean;
  /** The proxy has signed the request, and the signature is good. */
  readonly isSigned: boolean;
  /** A request without a good signature is not taken for one of a GRIP proxy's. */
  readonly needsSigned: boolean;
  /**
   * The WebSocket that the request belongs to; null where it belongs to none. Whoever has asked for it answers with it:
   * a response of status 200 or 204 carries what it sends, and nothing else.
   */
  readonly wsContext: WebSocketContext | null;
}

/** Of requests that a framework has had in hand: once their prototype is another one, any property that they are given costs 5 µs. */
const grips = new WeakMap<IncomingMessage, RequestGrip>();
const kGrip = Symbol('p-8 grip');
/** Whether any request has its own; to look for one in vain is slow as well. */
let someHaveTheirOwn = false;

/** What there is to know of a request that has come through a proxy; undefined for any other. */
export function requestGrip(req: IncomingMessage): RequestGrip | undefined {
  const grip = grips.get(req);
  return grip === undefined && someHaveTheirOwn ? (req as MarkedRequest)[kGrip] : grip;
}

/** Notes what there is to know of a request. */
export function setRequestGrip(req: IncomingMessage, grip: RequestGrip): void {
  if (Object.getPrototypeOf(req) === IncomingMessage.prototype) {
    someHaveTheirOwn = true;
    (req as MarkedRequest)[kGrip] = grip;
  } else {
    grips.set(req, grip);
  }
}

type MarkedRequest = IncomingMessage & { [kGrip]?: RequestGrip };

// The same for all requests that carry no events, and so nobody's to change.

/** Of a request of a GRIP proxy's that has signed it. */
export const OF_PROXY: RequestGrip = plainGrip({ isProxied: true, isSigned: true, needsSigned: true });

/** Of a request of a GRIP proxy's that has no key to sign. */
export const OF_UNSIGNED_PROXY: RequestGrip = plainGrip({
  isProxied: true,
  isSigned: false,
  needsSigned: false,
});

/** Of any other request. */
export const OF_NOBODY: RequestGrip = plainGrip({ isProxied: false, isSigned: false, needsSigned: false });

/** The same, as an object of its own: of the requests of one proxy. */
export function ownGrip({ isProxied, isSigned, needsSigned }: RequestGrip): RequestGrip {
  return plainGrip({ isProxied, isSigned, needsSigned });
}

function plainGrip(facts: Omit<RequestGrip, 'wsContext'>): RequestGrip {
  return Object.freeze({ ...facts, wsContext: null });
}
