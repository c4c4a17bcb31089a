import { OptionsError } from '@fwk/kernel';
import type { RequestSigner } from '../calling/request-to-sign.js';
import type { Credentials, Grant } from '../client/client-credentials.js';

/**
 * Credentials that sign the whole request, such as those of AWS (Signature Version 4). Each attempt is signed anew, in front of the
 * connection, where its host is known.
 * @param kind - for messages, never a secret.
 * @param sign - answers the headers that prove who calls. Its time is that of the attempt.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example signing('hmac', ({ method, url, body }) => ({ 'x-signature': hmac(key, `${method} ${url} ${body ?? ''}`) }))
 */
export function signing(kind: string, sign: RequestSigner): Credentials {
  if (typeof sign !== 'function') throw new OptionsError(`signing ("${kind}")`, ['sign must be a function']);
  const grant: Grant = { sign };
  return Object.freeze({
    kind,
    signs: true,
    bind: () => ({ grant: () => grant, refused: () => false, [Symbol.asyncDispose]: async () => {} }),
  });
}
