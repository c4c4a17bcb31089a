import type { CallContext } from './call-context.js';

/**
 * Settles like `work`, but rejects with the caller's reason as soon as the context is cancelled. The work itself is not
 * stopped: use it round code that does not know contexts. Its late result is dropped, its late error swallowed.
 */
export function abandonOnCancel<T>(context: CallContext, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const subscription = context.onCancel(reject);
    work.then(
      (value) => {
        subscription[Symbol.dispose]();
        resolve(value);
      },
      (error) => {
        subscription[Symbol.dispose]();
        reject(error);
      },
    );
  });
}
