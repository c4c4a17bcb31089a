import { FwkError } from '@fwk/kernel';

/**
 * There is no credential for a call: the token server does not answer, or not with a token. Code
 * `FWK_HTTP_CREDENTIALS_FAILED`; nothing was sent. `cause` is what went wrong; the message never shows a secret.
 */
export class CredentialsFailedError extends FwkError {
  /**
   * @param service - that is called.
   * @param what - what went wrong.
   * @param retryAfterMs - until when nobody asks again.
   */
  constructor(service: string, kind: string, what: string, retryAfterMs: number | undefined, cause?: unknown) {
    const wait = retryAfterMs === undefined ? '' : `; it is asked again in ${Math.ceil(retryAfterMs)} ms`;
    super('FWK_HTTP_CREDENTIALS_FAILED', `no credential (${kind}) for ${service}: ${what}${wait}`, {
      cause,
      details: { service, kind, what, retryAfterMs },
      traits: {
        refusedBy: 'caller',
        notProcessed: true,
        retryable: true,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      },
    });
  }
}
