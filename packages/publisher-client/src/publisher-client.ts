import * as Auth from './auth/index.js';
import type { IGripConfig } from './grip-config.js';
import type { IPublisherClient } from './i-publisher-client.js';
import type { IItem } from './item.js';
import { isSymmetricSecret, type LoadedKey, loadKey } from './keys.js';
import { limited, pause } from './limit.js';
import { failure, type PublishContext, type PublishException } from './publish-exception.js';
import { type PublisherClientOptions, type SendOptions, systemClock } from './publish-options.js';
import { exportItem, PublishRequest } from './publish-request.js';
import { parseReceipt, type Receipt } from './receipt.js';
import { retryDelay } from './retry.js';

const DEFAULT_TIMEOUT = 10_000;
const DEFAULT_RETRIES = 2;
/** The most characters of an answer that a message repeats. */
const MAX_QUOTE = 200;

/**
 * Publishes to one GRIP proxy by its control API.
 *
 * @example
 * ```ts
 * const client = new PublisherClient({ control_uri: 'http://localhost:5561' });
 * await client.publish('news', new Item(new HttpStreamFormat('hello\n')));
 * ```
 */
export class PublisherClient implements IPublisherClient {
  /** Where items are posted. */
  publishUri: string;
  options: PublisherClientOptions;
  readonly #auth: Auth.IAuth | undefined;
  readonly #verifyIss: string | undefined;
  readonly #verifyKey: LoadedKey | undefined;
  /** What no message may repeat. */
  readonly #secrets: readonly string[];
  #credentials = '';

  /** @throws TypeError when `control_uri` is no URL, or a key is broken. */
  constructor(config: IGripConfig, options: PublisherClientOptions = {}) {
    const url = readControlUri(config.control_uri);
    // fetch refuses URLs that have them.
    const user = config.user ?? (decodeURIComponent(url.username) || undefined);
    const pass = config.pass ?? decodeURIComponent(url.password);
    url.username = '';
    url.password = '';
    url.pathname += url.pathname.endsWith('/') ? 'publish/' : '/publish/';
    this.publishUri = url.href;
    this.options = options;

    const { control_iss: iss, key, verify_iss: verifyIss } = config;
    let verifyKey = config.verify_key;
    if (iss != null) {
      const signingKey = key == null ? new Uint8Array() : loadKey(key);
      this.#auth = new Auth.Jwt({ iss }, signingKey, undefined, options.clock?.now.bind(options.clock));
      // Configurations with one secret for both ways are common. Source: js-grip.
      if (isSymmetricSecret(signingKey)) verifyKey ??= key;
    } else if (typeof key === 'string') {
      this.#auth = new Auth.Bearer(key);
    } else if (user != null && (pass !== '' || config.pass != null)) {
      this.#auth = new Auth.Basic(user, pass);
    }
    this.#verifyIss = verifyIss;
    this.#verifyKey = verifyKey == null ? undefined : loadKey(verifyKey);
    this.#secrets = [pass, typeof key === 'string' ? key : ''];
  }

  getAuth(): Auth.IAuth | undefined {
    return this.#auth;
  }

  getVerifyIss(): string | undefined {
    return this.#verifyIss;
  }

  getVerifyKey(): LoadedKey | undefined {
    return this.#verifyKey;
  }

  /**
   * Publishes an item.
   * @returns what became of it, where the endpoint tells.
   * @throws PublishException
   */
  async publish(channel: string, item: IItem, options: SendOptions = {}): Promise<Receipt | undefined> {
    return this.publishAll(new PublishRequest([exportItem(channel, item)]), options);
  }

  /** Publishes all items in one request. @throws PublishException */
  async publishAll(request: PublishRequest, options: SendOptions): Promise<Receipt | undefined> {
    const { clock = systemClock, retries = DEFAULT_RETRIES } = this.options;
    const { signal, timeout = this.options.timeout ?? DEFAULT_TIMEOUT } = options;
    const body = request.toJson();
    const uri = this.#uri;
    for (let failed = 1; ; failed++) {
      try {
        const authorization = await this.#authorize();
        const post = (over: AbortSignal): Promise<string> => this.#post(body, authorization, over);
        return parseReceipt(await limited(post, { clock, signal, timeout, uri }));
      } catch (error) {
        const exception = error as PublishException;
        const mayRetry = failed <= retries && request.isRepeatable;
        const delay = mayRetry ? retryDelay(exception, failed, clock) : undefined;
        if (delay === undefined) {
          if (failed > 1) exception.message += ` (${failed} attempts)`;
          throw exception;
        }
        await pause(delay, { clock, signal, uri });
      }
    }
  }

  /** Where items are posted, without what may be secret. */
  get #uri(): string {
    return this.publishUri.replace(/[?#].*/s, '');
  }

  async #authorize(): Promise<string | undefined> {
    try {
      const header = await this.#auth?.buildHeader();
      this.#credentials = header?.split(' ')[1] ?? '';
      return header;
    } catch (cause) {
      throw this.#error('AUTH', `cannot be authorized for: ${messageOf(cause)}`, { cause });
    }
  }

  /** Resolves with the text of the answer, which is read in any case: else its connection could not be used again. */
  async #post(body: string, authorization: string | undefined, signal: AbortSignal): Promise<string> {
    // Content-Length is up to fetch: browsers let nobody else set it. The last type wins at Pushpin and P-8.
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      Accept: '*/*, application/json',
    };
    if (authorization !== undefined) headers.Authorization = authorization;
    let response: Response | undefined;
    let httpBody: string;
    try {
      const send = this.options.fetch ?? globalThis.fetch;
      // To follow a redirect may be to ask with GET, and to believe that whatever answers has published.
      response = await send(this.publishUri, { method: 'POST', headers, body, signal, redirect: 'manual' });
      httpBody = await response.text();
    } catch (cause) {
      const what = response ? `answered ${response.status}, and was cut` : 'cannot be reached';
      const context = response && contextOf(response, cause);
      throw this.#error('UNREACHABLE', `${what}: ${messageOf(cause)}`, { cause, context });
    }
    if (response.ok) return httpBody;
    const quote = httpBody.slice(0, MAX_QUOTE).trim() || response.statusText;
    const context = contextOf(response, httpBody);
    throw this.#error('REFUSED', `answered ${response.status}: ${quote}`, { context });
  }

  /** A failure whose message holds no secrets. */
  #error(
    kind: Parameters<typeof failure>[0],
    what: string,
    about: Parameters<typeof failure>[2],
  ): PublishException {
    const uri = this.#uri;
    let message = what.replaceAll(this.publishUri, uri);
    for (const secret of [...this.#secrets, this.#credentials]) {
      if (secret !== '') message = message.replaceAll(secret, '***');
    }
    return failure(kind, `${uri} ${message}`, { ...about, uri });
  }
}

function contextOf({ status, headers }: Response, httpBody: unknown): PublishContext {
  return { statusCode: status, headers, httpBody };
}

function readControlUri(uri: string): URL {
  try {
    return new URL(uri);
  } catch {
    // Its cause would hold the URI, which may hold a password.
    throw new TypeError('control_uri is no URL: it must look like http://localhost:5561');
  }
}

/** What went wrong; Node's fetch says it in the cause. */
function messageOf(error: unknown): string {
  const { cause, message, code } = (error ?? {}) as Partial<Record<'cause' | 'message' | 'code', unknown>>;
  if (cause instanceof Error) return messageOf(cause);
  return String(message || code || error);
}
