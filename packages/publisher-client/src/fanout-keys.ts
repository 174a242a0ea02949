import type { Jwk } from './keys.js';

/** The key that verifies `Grip-Sig` of Fastly Fanout, in PEM. Source: Fastly's documentation of Fanout. */
export const PUBLIC_KEY_FASTLY_FANOUT_PEM = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECKo5A1ebyFcnmVV8SE5On+8G81Jy
BjSvcrx4VLetWCjuDAmppTo3xM/zz763COTCgHfp/6lPdCyYjjqc+GM7sw==
-----END PUBLIC KEY-----`;

/** The same key as JWK, for runtimes that read no PEM. */
export const PUBLIC_KEY_FASTLY_FANOUT_JWK: Jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'CKo5A1ebyFcnmVV8SE5On-8G81JyBjSvcrx4VLetWCg',
  y: '7gwJqaU6N8TP88--twjkwoB36f-pT3QsmI46nPhjO7M',
};
