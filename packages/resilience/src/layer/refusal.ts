import { isFwkError } from '@fwk/kernel';

/**
 * True when a layer of this package refused the call, so that it was never sent: a full bulkhead, an open breaker, a used
 * up rate. Whoever judges the callee takes no account of it. What the callee itself refuses comes with other codes.
 */
export function isRefusal(error: unknown): boolean {
  return isFwkError(error) && error.traits.notProcessed === true && error.code.startsWith('FWK_RESILIENCE_');
}
