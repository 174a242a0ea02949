import { createHmac } from 'node:crypto';

/** Whose signature the origin expects. The key is as in the routes file: text, or `base64:` and that. */
export interface Signer {
  readonly issuer: string;
  readonly key: string;
}

/** A Grip-Sig: a JWT that is signed with HS256. */
export function signedToken(claims: Readonly<Record<string, unknown>>, key: string): string {
  const head = encode({ typ: 'JWT', alg: 'HS256' });
  const content = `${head}.${encode(claims)}`;
  return `${content}.${signatureOf(content, key)}`;
}

/** `valid`, or what is wrong with a Grip-Sig, which lives for an hour. */
export function verdictOn(token: string, signer: Signer): string {
  const [head = '', claims = '', signature = ''] = token.split('.');
  if (signature !== signatureOf(`${head}.${claims}`, signer.key)) return 'bad signature';
  const { alg } = decode(head);
  const { iss, exp } = decode(claims);
  if (alg !== 'HS256') return `alg ${String(alg)}`;
  if (iss !== signer.issuer) return `iss ${String(iss)}`;
  const lifetime = Number(exp) - Date.now() / 1000;
  return Math.abs(lifetime - 3600) < 60 ? 'valid' : `lives for ${lifetime} s`;
}

function signatureOf(content: string, key: string): string {
  const secret = key.startsWith('base64:')
    ? Buffer.from(key.slice('base64:'.length), 'base64')
    : Buffer.from(key);
  return createHmac('sha256', secret).update(content).digest('base64url');
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}
