import { AsyncLocalStorage } from 'node:async_hooks';
import { background, type CallContext } from './call-context.js';

const storage = new AsyncLocalStorage<CallContext>();

/** The context of the call being handled, or {@link background} outside any. */
export function currentContext(): CallContext {
  return storage.getStore() ?? background;
}

/** Runs `body` so that {@link currentContext} answers `context` in it and in all that it awaits. */
export function runInContext<T>(context: CallContext, body: () => T): T {
  return storage.run(context, body);
}
