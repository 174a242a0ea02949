import type { IncomingHttpHeaders } from 'node:http';

/**
 * Keeps all pages but some from sessions where browsers do not name the page by `Origin`: any page may load a script or a
 * frame from anywhere, along with the user's cookies.
 */
export class PageGuard {
  /** The `Content-Security-Policy` of a page that none but these may embed. */
  readonly framePolicy: string;
  readonly #origins: ReadonlySet<string>;

  /** `origins`: of the pages that may, as `Origin` names them. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
    this.framePolicy = ['frame-ancestors', "'self'", ...origins].join(' ');
  }

  /** Whether a request for a script or a frame comes from a page that may. A page can hide where it is, but not lie. */
  allows({ origin, referer, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (origin !== undefined) return this.#origins.has(origin);
    if (site === 'same-origin') return true;
    return referer !== undefined && URL.canParse(referer) && this.#origins.has(new URL(referer).origin);
  }
}
