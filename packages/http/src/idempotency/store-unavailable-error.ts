import { FwkError, messageOf } from '@fwk/kernel';

/**
 * The store of idempotency keys cannot be asked. Code `FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE`, status 503. Nothing was
 * done: whether the request was answered before is not known.
 */
export class StoreUnavailableError extends FwkError {
  constructor(problem: string, cause?: unknown) {
    const reason = cause === undefined ? problem : `${problem}: ${messageOf(cause)}`;
    super('FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE', `the store of idempotency keys cannot be asked: ${reason}`, {
      cause,
      details: { reason },
      traits: { retryable: true, notProcessed: true },
    });
  }
}
