import type { UpstreamError } from './upstream.js';

const CONNECT_FAILURES = new Set([
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPROTO',
]);

/** Whether there has been no connection at all: then nothing has been asked, and it may be asked again. */
export function isConnectFailure(error: Error): boolean {
  return CONNECT_FAILURES.has(codeOf(error));
}

/** Whether an error's code is one of a TLS handshake, or of a certificate that is not trusted. */
export function isTlsFailure(code: string): boolean {
  return /^(EPROTO$|ERR_(TLS|SSL)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code);
}

/** The code of an error of Node's; empty: it has none. */
export function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Node reports the failure of several addresses (IPv4 and IPv6) as one error that holds the others.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? codeOf(first) : '';
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused, nothing listens there',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not found, the name server does not answer',
  ETIMEDOUT: 'time-out, nobody answers there',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EPROTO: 'no TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS there',
  ECONNRESET: 'closed by the origin',
};

/** Why an origin gave no (whole) answer, in words that tell what to look at. */
export function failureCause({ kind, detail, cause }: UpstreamError): string {
  const code = cause instanceof Error ? codeOf(cause) : '';
  const known = CAUSES[code];
  if (known !== undefined) return known;
  if (isTlsFailure(code)) return `certificate: ${detail}`;
  return kind === 'timeout' ? `time-out, ${detail}` : detail;
}
