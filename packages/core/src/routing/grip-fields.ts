import type { HeaderList } from '@p-8/protocol';
import type { Signer } from '../http/signature.js';

/** What this proxy can do, as origins are told. */
export const GRIP_FEATURES: string =
  'status, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, filter:build-id, filter:var-subst, ' +
  'filter:http-check, filter:http-modify';

/** The fields that tell an origin that a GRIP proxy is asking. */
export function gripFields(signer: Signer | undefined, gripLast: HeaderList): string[] {
  const fields = signer === undefined ? [] : ['Grip-Sig', signer.token()];
  fields.push('Grip-Feature', GRIP_FEATURES, ...gripLast);
  return fields;
}
