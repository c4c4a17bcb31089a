import type { Clock } from '../time/clock.js';
import type { CallContext } from './call-context.js';

/**
 * Waits `delayMs` on the clock, never less. Node's timers drop fractions of a millisecond and may fire a little early; a caller
 * that was told when to come back would then be refused once more. A cancelled context ends the
 * wait at once and rejects with the caller's own reason.
 * @param inBackground - whether the wait alone lets the process end. @defaultValue false
 */
export function sleep(clock: Clock, delayMs: number, context: CallContext, inBackground = false): Promise<void> {
  return new Promise((resolve, reject) => {
    if (context.cancelled) return reject(context.reason);
    const dueMs = clock.now() + delayMs;
    const rung = () => {
      const leftMs = dueMs - clock.now();
      if (leftMs > 0) {
        timer = clock.setTimer(rung, leftMs, inBackground);
        return;
      }
      subscription[Symbol.dispose]();
      resolve();
    };
    let timer = clock.setTimer(rung, delayMs, inBackground);
    const subscription = context.onCancel((reason) => {
      clock.clearTimer(timer);
      reject(reason);
    });
  });
}
