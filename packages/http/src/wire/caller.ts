import { type ContextKey, contextKey } from '@fwk/kernel';

/** Who called the operation being handled, as the caller says itself; undefined when it does not. Trust it for logs only. */
export const callerKey: ContextKey<string | undefined> = contextKey<string | undefined>('caller', undefined);
