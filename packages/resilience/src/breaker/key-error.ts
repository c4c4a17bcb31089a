import { FwkError, messageOf } from '@fwk/kernel';

/**
 * The function that finds a request's key threw or answered no string. Code `FWK_RESILIENCE_KEY_INVALID`; the call was
 * not sent.
 */
export class KeyError extends FwkError {
  constructor(what: string, cause: unknown) {
    super('FWK_RESILIENCE_KEY_INVALID', `${what}: keyOf found no key for the request: ${messageOf(cause)}`, {
      cause,
      details: { what },
      traits: { notProcessed: true },
    });
  }
}
