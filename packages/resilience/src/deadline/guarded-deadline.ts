import { type CallContext, type ContextKey, contextKey } from '@fwk/kernel';

/**
 * The deadline that a deadline layer further out already enforces by a timer and by cancelling the context. Layers below
 * it need neither read the clock nor set a timer for the same moment.
 */
export const guardedDeadlineKey: ContextKey<number> = contextKey('guarded deadline', Number.POSITIVE_INFINITY);

/** True when the context has a deadline that nobody enforces yet. */
export function hasUnguardedDeadline(context: CallContext): boolean {
  return context.deadlineMs !== Number.POSITIVE_INFINITY && context.get(guardedDeadlineKey) !== context.deadlineMs;
}
