/** Why nothing, or not everything, was published. The README of this package lists them. */
export type PublishErrorCode =
  /** The endpoint answered with a status other than 2xx. */
  | 'GRIP_ERR_PUBLISH_REFUSED'
  /** There is no connection, or it was lost before the whole answer was here. */
  | 'GRIP_ERR_PUBLISH_UNREACHABLE'
  /** The endpoint took longer than `timeout`. */
  | 'GRIP_ERR_PUBLISH_TIMEOUT'
  /** `signal` was aborted; its reason is the `cause`. */
  | 'GRIP_ERR_PUBLISH_ABORTED'
  /** No authorization could be made: the key cannot sign. Nothing was sent. */
  | 'GRIP_ERR_PUBLISH_AUTH'
  /** What was to be published is no item. Nothing was sent. */
  | 'GRIP_ERR_PUBLISH_INVALID_ITEM'
  /** Too many items wait for their turn on an ordered channel. Nothing was sent. */
  | 'GRIP_ERR_PUBLISH_QUEUE_FULL'
  /** An embedded proxy, or a client of your own, failed otherwise. */
  | 'GRIP_ERR_PUBLISH_FAILED'
  /** Several endpoints failed, each in its own way: see `errors`. */
  | 'GRIP_ERR_PUBLISH_SEVERAL';

/** What an endpoint answered. */
export interface PublishContext {
  /** -1 without an answer. */
  statusCode: number;
  headers?: Headers;
  /** The text of the answer. */
  httpBody?: unknown;
}

/** What else there is to say about a failure. */
export interface PublishFailure {
  /** @default 'GRIP_ERR_PUBLISH_FAILED' */
  readonly code?: PublishErrorCode;
  readonly uri?: string | undefined;
  readonly cause?: unknown;
  readonly errors?: readonly PublishException[];
}

/**
 * What publishing rejects with. `code` is stable; `message` names the endpoint and what it said, and never a key.
 *
 * @example
 * ```ts
 * try {
 *   await publisher.publish('news', { 'http-stream': 'hello\n' });
 * } catch (error) {
 *   if (error instanceof PublishException && error.context.statusCode === 401) console.error('wrong key', error.uri);
 *   else throw error;
 * }
 * ```
 */
export class PublishException extends Error {
  readonly context: PublishContext;
  readonly code: PublishErrorCode;
  /** The endpoint, without its query, user and password; undefined: it is none, or there are several. */
  readonly uri: string | undefined;
  /** What happened at each endpoint that failed, where there are several; else empty. */
  readonly errors: readonly PublishException[];

  constructor(message: string, context: PublishContext, failure: PublishFailure = {}) {
    super(message, failure.cause === undefined ? {} : { cause: failure.cause });
    this.name = 'PublishException';
    this.context = context;
    this.code = failure.code ?? 'GRIP_ERR_PUBLISH_FAILED';
    this.uri = failure.uri;
    this.errors = failure.errors ?? [];
  }
}

/** A failure, by the end of its code. */
export function failure(
  kind: PublishErrorCode extends `GRIP_ERR_PUBLISH_${infer Kind}` ? Kind : never,
  message: string,
  {
    context = { statusCode: -1 },
    ...rest
  }: Omit<PublishFailure, 'code'> & { context?: PublishContext | undefined } = {},
): PublishException {
  return new PublishException(message, context, { ...rest, code: `GRIP_ERR_PUBLISH_${kind}` });
}

/** The error of something that is no item. Nothing has been sent. */
export function invalid(why: string, cause?: unknown): PublishException {
  return failure('INVALID_ITEM', `Nothing was published: ${why}`, { cause });
}

/** The error of a publish that was aborted. */
export function aborted(signal: AbortSignal | undefined, uri?: string): PublishException {
  return failure(
    'ABORTED',
    uri === undefined ? 'Publishing was aborted' : `Publishing to ${uri} was aborted`,
    {
      cause: signal?.reason,
      uri,
    },
  );
}

/** The one error for all endpoints that failed. */
export function combine(first: PublishException, others: readonly PublishException[]): PublishException {
  if (others.length === 0) return first;
  const errors = [first, ...others];
  const isSame = others.every(({ code }) => code === first.code);
  const message = `${errors.length} endpoints failed: ${errors.map((error) => error.message).join('; ')}`;
  return new PublishException(message, first.context, {
    code: isSame ? first.code : 'GRIP_ERR_PUBLISH_SEVERAL',
    errors,
  });
}
