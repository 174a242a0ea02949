import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SecureContext, Server, TlsOptions } from 'node:tls';
import type { Logger } from '@p-8/core';
import { errorText } from '../error-text.js';
import { CertificatePair } from './certificate-pair.js';

/** Names come from clients and become part of file names. */
const HOST_NAME = /^(?=.{1,250}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,9}$/;

const MIN_VERSION = 'TLSv1.2';

/**
 * The certificates in a directory, chosen by the name that a client asks for: `HOST.crt` with `HOST.key`, else
 * `_.DOMAIN.crt` for the names one level below DOMAIN, else `default_PORT.crt`. The layout is that of Pushpin's
 * `runner/certs`. A pair of files that changed is read again; while it cannot be used, the one before goes on.
 */
export class CertificateStore {
  readonly #directory: string;
  readonly #logger: Logger;
  /** By the beginning of the files' names. */
  readonly #pairs = new Map<string, CertificatePair>();

  /** Reads all that are there: a client may come first while they are being replaced. */
  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
    try {
      for (const file of readdirSync(directory)) {
        if (file.endsWith('.crt')) this.#find(basename(file, '.crt'));
      }
    } catch (error) {
      logger.error({ directory, error: errorText(error) }, `cannot read the certificates in ${directory}`);
    }
  }

  /** What a TLS server on `port` needs, to be made with. */
  tlsOptions(port: number): TlsOptions {
    return {
      minVersion: MIN_VERSION,
      SNICallback: (name, done) => {
        const context = this.#contextFor(name.toLowerCase()) ?? this.#find(`default_${port}`)?.context;
        if (context !== undefined) done(null, context);
        else done(new Error(`there is no certificate for ${JSON.stringify(name)}`));
      },
    };
  }

  /** Gives the TLS server on `port` the certificate of clients that ask for no name, now and whenever it is renewed. */
  serve(server: Server, port: number): void {
    let used: CertificatePair['credentials'];
    const update = (): void => {
      const latest = this.#find(`default_${port}`);
      if (latest === undefined || latest === used) return;
      used = latest;
      server.setSecureContext({ cert: latest.cert, key: latest.key, minVersion: MIN_VERSION });
    };
    update();
    // Node begins a handshake with what the server has at this moment, and asks nobody where there is no name.
    server.prependListener('connection', update);
  }

  #contextFor(name: string): SecureContext | undefined {
    if (!HOST_NAME.test(name)) return undefined;
    const dot = name.indexOf('.');
    const exact = this.#find(name)?.context;
    return exact ?? (dot < 0 ? undefined : this.#find(`_${name.slice(dot)}`)?.context);
  }

  #find(name: string): CertificatePair['credentials'] {
    const pair =
      this.#pairs.get(name) ?? new CertificatePair(this.#path(name, 'crt'), this.#path(name, 'key'));
    const before = pair.credentials;
    const look = pair.look();
    // Only what there is: names come from clients.
    if (pair.isThere) this.#pairs.set(name, pair);
    if (look === 'renewed') {
      if (before !== undefined) this.#logger.info({ name }, `certificate ${name} renewed`);
    } else if (look !== 'same' && (pair.isThere || before !== undefined)) {
      const then = before === undefined ? '' : '; the one before goes on';
      this.#logger.error(
        { name, error: look.problem },
        `cannot use the certificate ${name}: ${look.problem}${then}`,
      );
    }
    return pair.credentials;
  }

  #path(name: string, extension: 'crt' | 'key'): string {
    return join(this.#directory, `${name}.${extension}`);
  }
}
