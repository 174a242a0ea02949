import type { IPublisherClient } from './i-publisher-client.js';
import { validateSig } from './validate-sig.js';

/** What a request's `Grip-Sig` says about it. */
export interface ValidateGripSigResult {
  /** The request comes from one of the publisher's proxies. */
  isProxied: boolean;
  /** Every proxy signs: a request without a good signature comes from none of them. */
  needsSigned: boolean;
  /** The signature is good. */
  isSigned: boolean;
}

/** Judges `Grip-Sig` by the keys of `clients`. A signature is needed only if each of them has one. Source: js-grip. */
export async function validateGripSig(
  signature: string | null | undefined,
  clients: readonly IPublisherClient[],
): Promise<ValidateGripSigResult> {
  if (signature == null || clients.length === 0) {
    return { isProxied: false, needsSigned: false, isSigned: false };
  }
  const keys = clients.map((client) => ({ key: client.getVerifyKey?.(), iss: client.getVerifyIss?.() }));
  if (keys.some(({ key }) => key == null)) return { isProxied: true, needsSigned: false, isSigned: false };
  let isSigned = false;
  for (const { key, iss } of keys) {
    if (key != null) isSigned ||= await validateSig(signature, key, iss);
  }
  return { isProxied: isSigned, needsSigned: true, isSigned };
}
