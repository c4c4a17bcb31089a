import { FwkError, messageOf } from '@fwk/kernel';

/**
 * The function that finds a request's key threw or answered no string. Code `FWK_RESILIENCE_KEY_INVALID`; the call was
 * not sent.
 */
export class KeyError extends FwkError {
  /**
   * @param what - whose function it is, such as the name of a breaker or where the stack stands.
   * @param cause - what the function threw.
   * @param option - the option that holds the function.
   */
  constructor(what: string, cause: unknown, option = 'keyOf') {
    super('FWK_RESILIENCE_KEY_INVALID', `${what}: ${option} found no key for the request: ${messageOf(cause)}`, {
      cause,
      details: { what, option },
      traits: { notProcessed: true, refusedBy: 'caller' },
    });
  }
}
