import type { Clock } from '../time/clock.js';
import type { CallContext } from './call-context.js';

/** How long somebody waits for work, and what then. */
export interface Bound<Late> {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly limitMs: number;
  /** Asked when the time is over: what it answers or throws is how the wait ends. It may tell the work to stop. */
  late(): Late;
  /** Its cancellation ends the wait at once, with its own reason. */
  readonly context?: CallContext | undefined;
  /** Whether the wait alone lets the process end. @defaultValue false */
  readonly inBackground?: boolean;
}

/**
 * Settles like `work`, or earlier, when the time is over or the call is cancelled. The work itself is not stopped; its late
 * result is dropped, its late error swallowed. {@link abandonOnCancel} is the same without a limit of time.
 */
export function settleWithin<T, Late>(work: Promise<T>, bound: Bound<Late>): Promise<T | Late> {
  const { clock, limitMs, context, inBackground = false } = bound;
  if (context?.cancelled) {
    work.catch(() => {});
    return Promise.reject(context.reason);
  }
  return new Promise((resolve, reject) => {
    const over = () => {
      clock.clearTimer(timer);
      cancelled?.[Symbol.dispose]();
    };
    const expire = () => {
      over();
      try {
        resolve(bound.late());
      } catch (error) {
        reject(error);
      }
    };
    const timer = clock.setTimer(expire, limitMs, inBackground);
    const cancelled = context?.onCancel((reason) => {
      over();
      reject(reason);
    });
    work.then(
      (value) => {
        over();
        resolve(value);
      },
      (error) => {
        over();
        reject(error);
      },
    );
  });
}
