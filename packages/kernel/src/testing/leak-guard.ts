import assert from 'node:assert/strict';
import { type Cancellable, cancellable } from '../context/call-context.js';
import { type FakeClock, fakeClock } from './fake-clock.js';

/** Hands out a clock and contexts, and afterwards says what was left on them. */
export interface LeakGuard {
  readonly clock: FakeClock;
  /** A root context that is watched for listeners left behind. */
  context(change?: { deadlineMs?: number }): Cancellable;
  /** @throws AssertionError naming what is left: pending timers, listeners on contexts. */
  check(): void;
}

/** Makes a leak guard. Use its clock and contexts in a test and call `check` at the end. */
export function leakGuard(): LeakGuard {
  const clock = fakeClock();
  const contexts: Cancellable[] = [];
  return {
    clock,
    context(change) {
      const made = cancellable(undefined, change);
      contexts.push(made);
      return made;
    },
    check() {
      assert.equal(clock.pending, 0, `${clock.pending} timer(s) still pending on the fake clock`);
      const listeners = contexts.reduce((sum, made) => sum + made.cancellation.listenerCount, 0);
      assert.equal(listeners, 0, `${listeners} cancel listener(s) still attached`);
    },
  };
}
