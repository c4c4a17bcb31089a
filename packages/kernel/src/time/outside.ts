import { AsyncResource } from 'node:async_hooks';

const resource = new AsyncResource('FwkOutside');

/**
 * Runs `body` outside the async context of any call: no `AsyncLocalStorage` of the program, the one of the call context
 * included, holds there what it holds for the caller. Use it for what many calls share, such as connections and their timers.
 * The context is the one in which this package was imported.
 * @param self - becomes `this` in the body.
 */
export function outside<A extends unknown[], T>(body: (...args: A) => T, self?: unknown, ...args: A): T {
  return resource.runInAsyncScope(body as (this: unknown, ...args: unknown[]) => T, self, ...args);
}
