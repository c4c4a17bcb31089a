import { attemptKey, type CallContext, triedKey, triedUntil } from '@fwk/kernel';

/**
 * The context of a further attempt: which one it is, and where those before it went, so that a balancer takes another place.
 * @param ended - the result or the error of the one before.
 */
export function nextAttempt(context: CallContext, attempt: number, ended: unknown): CallContext {
  const tried = triedUntil(ended);
  return context.with({ values: [attemptKey.of(attempt), ...(tried ? [triedKey.of(tried)] : [])] });
}
