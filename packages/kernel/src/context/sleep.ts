import type { Clock } from '../time/clock.js';
import type { CallContext } from './call-context.js';

/**
 * Waits `delayMs` on the clock; a cancelled context ends the wait at once and rejects with the caller's own reason.
 */
export function sleep(clock: Clock, delayMs: number, context: CallContext): Promise<void> {
  return new Promise((resolve, reject) => {
    if (context.cancelled) return reject(context.reason);
    const timer = clock.setTimer(() => {
      subscription[Symbol.dispose]();
      resolve();
    }, delayMs);
    const subscription = context.onCancel((reason) => {
      clock.clearTimer(timer);
      reject(reason);
    });
  });
}
