import { generateKeyPairSync } from 'node:crypto';
import type { Jwk } from '@p-8/publisher-client';

export type Form = 'PEM' | 'base64 of PEM' | 'JWK' | 'JWK in JSON';
export const FORMS: readonly Form[] = ['PEM', 'base64 of PEM', 'JWK', 'JWK in JSON'];

/** By the algorithm that they are for. */
export const PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const;

type KeyPair = ReturnType<(typeof PAIRS)[keyof typeof PAIRS]>;

/** A private or public key in each form. */
export function formsOf(pair: KeyPair, part: 'privateKey' | 'publicKey'): Record<Form, string | Jwk> {
  const key = pair[part];
  const pem = key.export({
    type: part === 'privateKey' ? 'pkcs8' : 'spki',
    format: 'pem',
  } as never) as unknown as string;
  const jwk = key.export({ format: 'jwk' }) as Jwk;
  return {
    PEM: pem,
    'base64 of PEM': `base64:${Buffer.from(pem).toString('base64')}`,
    JWK: jwk,
    'JWK in JSON': JSON.stringify(jwk),
  };
}
