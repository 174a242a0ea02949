import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { errorCode, errorText } from '../error-text.js';

/** A certificate and its key that belong together, as they were read. */
export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly context: SecureContext;
}

/** What a look at the files has found: nothing new, another pair than before, or why the files cannot be used. */
export type Look = 'same' | 'renewed' | { readonly problem: string };

/**
 * A certificate and its key in two files, which others replace at any time, one after the other. Whatever they are at the moment, the
 * last pair that was whole goes on.
 */
export class CertificatePair {
  readonly #certFile: string;
  readonly #keyFile: string;
  #seen = '';
  #credentials: Credentials | undefined;

  constructor(certFile: string, keyFile: string) {
    this.#certFile = certFile;
    this.#keyFile = keyFile;
  }

  /** The last pair that was whole; undefined: there has been none. */
  get credentials(): Credentials | undefined {
    return this.#credentials;
  }

  /** Whether the certificate's file was there at the last look, usable or not. */
  get isThere(): boolean {
    return STAMP.test(this.#seen);
  }

  /** Reads the files again if one of them has changed. Costs two looks at the file system where they have not. */
  look(): Look {
    // Before they are read: what changes meanwhile is seen the next time.
    const seen = `${stamp(this.#certFile)} ${stamp(this.#keyFile)}`;
    if (seen === this.#seen) return 'same';
    this.#seen = seen;
    try {
      this.#credentials = read(this.#certFile, this.#keyFile);
      return 'renewed';
    } catch (error) {
      return { problem: errorText(error) };
    }
  }
}

/** @throws Error when the files cannot be read, are cut short, or do not belong together */
function read(certFile: string, keyFile: string): Credentials {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const context = createSecureContext({ cert, key });
  // OpenSSL itself compares keys of one type only, and certificates may move from RSA to ECDSA.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key is not the key of the certificate');
  return { cert, key, context };
}

/** How the stamp of a file begins that is there. */
const STAMP = /^\d/;

/** Changes with the file: also with one that is as old and as long as the one before, and with where a link leads. */
function stamp(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined
      ? 'none'
      : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch (error) {
    return errorCode(error) ?? 'unknown';
  }
}
