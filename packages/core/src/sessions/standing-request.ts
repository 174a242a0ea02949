import type { HeaderList } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import type { StreamClient } from '../http/stream-client.js';
import type { Destination, Origin, SlowClientLimits } from '../routing/origin.js';
import type { UpstreamCall, UpstreamHandler } from '../upstream/upstream.js';
import { GoneLinkAnswer } from './gone-link.js';
import type { SessionServices, StreamRequest } from './held-request.js';

/** What is left of a client's request while its stream stands: most is held for long, and by the thousand. */
export class StandingRequest implements StreamRequest {
  readonly services: SessionServices;
  readonly client: StreamClient;
  readonly uri: string;
  readonly #origin: Origin;
  /** As the client sent it. Undefined: no link is going to be asked for. */
  readonly #request: ClientRequest | undefined;

  constructor(
    services: SessionServices,
    client: StreamClient,
    uri: string,
    origin: Origin,
    request: ClientRequest | undefined,
  ) {
    this.services = services;
    this.client = client;
    this.uri = uri;
    this.#origin = origin;
    this.#request = request;
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

  fetchLink(uri: string, gripLast: readonly string[], handler: UpstreamHandler): UpstreamCall | undefined {
    return fetchLink(this, this.#origin, uri, gripLast, handler);
  }

  linkTo(uri: string, gripLast: HeaderList): Destination | string {
    if (this.#request === undefined) return 'the instruct has named no link';
    return this.#origin.link(uri, this.#request, gripLast);
  }

  sayGone(uri: string): void {
    sayGone(this, uri);
  }
}

/** As {@link StreamRequest.fetchLink}. */
export function fetchLink(
  request: StreamRequest,
  origin: Origin,
  uri: string,
  gripLast: readonly string[],
  handler: UpstreamHandler,
): UpstreamCall | undefined {
  const destination = request.linkTo(uri, gripLast);
  const { sharedRequests, logger } = request.services;
  if (typeof destination !== 'string')
    return sharedRequests.link(origin, uri, gripLast, destination, handler);
  logger.warn({ uri: request.uri, link: uri }, destination);
  handler.onError({ kind: 'blocked', detail: destination });
  return undefined;
}

/** As {@link StreamRequest.sayGone}. */
export function sayGone(request: StreamRequest, uri: string): void {
  const destination = request.linkTo(uri, []);
  if (typeof destination === 'string') {
    request.services.logger.warn({ uri: request.uri, link: uri }, destination);
    return;
  }
  const { services } = request;
  const post = { ...destination.request, method: 'POST' };
  const followUp = { upstream: destination.upstream, request: post, uri, isRetry: false, readsJson: false };
  services.followUps.send(followUp, new GoneLinkAnswer(uri, services));
}
