import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, type TlsOptions } from 'node:tls';
import type { Logger } from '@p-8/core';
import { errorCode, errorText } from '../error-text.js';

interface Cached {
  readonly context: SecureContext;
  readonly modified: number;
}

/** Names come from clients and become part of file names. */
const HOST_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,9}$/;

/**
 * The certificates in a directory, chosen by the name that a client asks for: `HOST.crt` with `HOST.key`, else
 * `_.DOMAIN.crt` for the names one level below DOMAIN, else `default_PORT.crt`. A file that changed is read again. The
 * layout is that of Pushpin's `runner/certs`.
 */
export class CertificateStore {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #cache = new Map<string, Cached>();

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** What a TLS server on `port` needs. */
  tlsOptions(port: number): TlsOptions {
    const fallback = `default_${port}`;
    return {
      ...this.#pair(fallback),
      minVersion: 'TLSv1.2',
      SNICallback: (name, done) => {
        const context = this.#find(name.toLowerCase()) ?? this.#context(fallback);
        if (context !== undefined) done(null, context);
        else done(new Error(`there is no certificate for ${JSON.stringify(name)}`));
      },
    };
  }

  #find(name: string): SecureContext | undefined {
    if (!HOST_NAME.test(name)) return undefined;
    const dot = name.indexOf('.');
    return this.#context(name) ?? (dot < 0 ? undefined : this.#context(`_${name.slice(dot)}`));
  }

  #context(name: string): SecureContext | undefined {
    try {
      const modified = statSync(this.#path(name, 'crt')).mtimeMs;
      const cached = this.#cache.get(name);
      if (cached?.modified === modified) return cached.context;
      const pair = this.#pair(name);
      if (pair === undefined) return undefined;
      const context = createSecureContext(pair);
      this.#cache.set(name, { context, modified });
      return context;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        this.#logger.error({ name, error: errorText(error) }, `cannot use the certificate ${name}`);
      }
      return undefined;
    }
  }

  #pair(name: string): { cert: Buffer; key: Buffer } | undefined {
    try {
      return { cert: readFileSync(this.#path(name, 'crt')), key: readFileSync(this.#path(name, 'key')) };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #path(name: string, extension: 'crt' | 'key'): string {
    return join(this.#directory, `${name}.${extension}`);
  }
}
