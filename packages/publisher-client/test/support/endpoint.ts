import type { IncomingHttpHeaders } from 'node:http';
import { Origin, type OriginHandler, RawOrigin, respond } from '../../../../test/support/origin.js';

/** Answers as Pushpin does. */
export const PUBLISHED: OriginHandler = (res) => respond(res, { body: 'Published\n' });

/** A receipt that says that so many clients got it. */
export const receiptOf = (delivered: number) => ({
  matched: delivered,
  delivered,
  queued: 0,
  filtered: 0,
  dropped: 0,
});

/** A publish as an endpoint saw it. */
export interface SeenPublish {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly items: readonly Record<string, unknown>[];
}

/** The control API of some proxy, which says what a test wants. */
export class Endpoint {
  readonly origin: Origin;

  private constructor(origin: Origin) {
    this.origin = origin;
  }

  static async listen(handler: OriginHandler = PUBLISHED): Promise<Endpoint> {
    return new Endpoint(await Origin.listen(handler));
  }

  /** An endpoint that answers with these statuses, one after the other, and then with 200. */
  static statuses(statuses: readonly number[], fields: readonly string[] = []): Promise<Endpoint> {
    return Endpoint.listen((res, _request, count) => {
      const status = statuses[count] ?? 200;
      respond(res, { status, fields, body: status === 200 ? 'Published\n' : `no ${count}\n` });
    });
  }

  get url(): string {
    return this.origin.url;
  }

  get count(): number {
    return this.origin.requests.length;
  }

  /** The request that came as number `index`, whose body must be all there. */
  seen(index = 0): SeenPublish {
    const request = this.origin.requests[index];
    if (request === undefined) throw new Error(`there were ${this.count} requests`);
    const { items } = JSON.parse(request.body.toString()) as Pick<SeenPublish, 'items'>;
    return { method: request.method, url: request.url, headers: request.headers, items };
  }

  close(): Promise<void> {
    return this.origin.close();
  }
}

/** Gives each test of the surrounding `describe` endpoints that are closed after it. */
export function useEndpoints() {
  const open: { close(): Promise<void> }[] = [];
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening;
    open.push(opened);
    return opened;
  };
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  return {
    listen: (handler?: OriginHandler) => keep(Endpoint.listen(handler)),
    statuses: (statuses: readonly number[], fields?: readonly string[]) =>
      keep(Endpoint.statuses(statuses, fields)),
    raw: (...args: Parameters<typeof RawOrigin.listen>) => keep(RawOrigin.listen(...args)),
  };
}
