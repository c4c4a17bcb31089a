import { type ContextKey, contextKey } from './context-key.js';

/** How important a call is; under overload the last are refused first. */
export type Priority = 'critical' | 'default' | 'sheddable' | 'background';

/** Which attempt of the logical call this is; the first is 1. */
export const attemptKey: ContextKey<number> = contextKey('attempt', 1);

/**
 * Whether doing the call twice does no more than doing it once. Retry and hedging obey it.
 * @defaultValue true: whoever puts a retry round a plain function says by it that the function may run again; clients
 * of contracts always set it from the operation.
 */
export const idempotentKey: ContextKey<boolean> = contextKey('idempotent', true);

/** Priority of the call. @defaultValue 'default' */
export const priorityKey: ContextKey<Priority> = contextKey<Priority>('priority', 'default');

/**
 * Set by a balancer: a function that tells whether no other endpoint would take the request now. A breaker asks it before
 * it refuses a call only to spare its callee, so that a call is not refused by all endpoints while some of them would answer.
 * Undefined where there is no choice.
 */
export const lastResortKey: ContextKey<((request: unknown) => boolean) | undefined> = contextKey<
  ((request: unknown) => boolean) | undefined
>('last-resort', undefined);

/** Name of the operation being called, such as `inventory.reserve`; empty when nobody said. */
export const operationKey: ContextKey<string> = contextKey('operation', '');

/** Who called the operation being handled, as the caller says itself; undefined when it does not. Trust it for logs only. */
export const callerKey: ContextKey<string | undefined> = contextKey<string | undefined>('caller', undefined);
