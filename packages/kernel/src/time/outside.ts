import { AsyncResource } from 'node:async_hooks';

const resource = new AsyncResource('FwkOutside');

/**
 * Runs `body` outside the async context of any call: without what any
 * `AsyncLocalStorage` of the program holds for it, its call context among them. For what many calls share, such as connections and their timers. It is the
 * context in which the program imported this package, so also code that is imported later, in a call, holds nothing of that.
 * @param self - becomes `this` in the body.
 */
export function outside<A extends unknown[], T>(body: (...args: A) => T, self?: unknown, ...args: A): T {
  return resource.runInAsyncScope(body as (this: unknown, ...args: unknown[]) => T, self, ...args);
}
