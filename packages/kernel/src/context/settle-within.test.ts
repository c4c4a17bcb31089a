import { describe, expect, test } from 'vitest';
import { fakeClock } from '../testing/fake-clock.js';
import { leakGuard } from '../testing/leak-guard.js';
import { cancellable } from './call-context.js';
import { settleWithin } from './settle-within.js';

const never = new Promise<never>(() => {});
const late = () => 'late' as const;

describe('a bounded wait', () => {
  test('settles like the work that is over in time, and leaves no timer and no listener', async () => {
    const guard = leakGuard();
    const { context } = guard.context();
    const bound = { clock: guard.clock, limitMs: 10, late, context };
    expect(await settleWithin(Promise.resolve(7), bound)).toBe(7);
    const error = new Error('failed');
    await expect(settleWithin(Promise.reject(error), bound)).rejects.toBe(error);
    guard.check();
  });

  test('ends at its limit with what `late` answers or throws', async () => {
    const guard = leakGuard();
    const { context } = guard.context();
    const answered = settleWithin(never, { clock: guard.clock, limitMs: 10, late, context });
    const failed = settleWithin(never, {
      clock: guard.clock,
      limitMs: 20,
      late() {
        throw new Error('too slow');
      },
    });
    failed.catch(() => {});
    await guard.clock.advance(10);
    expect(await answered).toBe('late');
    await guard.clock.advance(10);
    await expect(failed).rejects.toThrow('too slow');
    guard.check();
  });

  test('ends with the caller’s own reason, at once, also when it was cancelled before', async () => {
    const guard = leakGuard();
    const { context, cancel } = guard.context();
    const reason = new Error('gone');
    const waiting = settleWithin(never, { clock: guard.clock, limitMs: 10, late, context });
    cancel(reason);
    await expect(waiting).rejects.toBe(reason);
    const lost = Promise.reject(new Error('nobody hears of it'));
    await expect(settleWithin(lost, { clock: guard.clock, limitMs: 10, late, context })).rejects.toBe(reason);
    guard.check();
  });

  test('tells the work to stop when it is late, and is not taken for cancelled then', async () => {
    const clock = fakeClock();
    const call = cancellable();
    const waiting = settleWithin(never, {
      clock,
      limitMs: 10,
      context: call.context,
      late() {
        call.cancel();
        return 'told';
      },
    });
    await clock.advance(10);
    expect(await waiting).toBe('told');
    expect(call.context.cancelled).toBe(true);
  });

  test('swallows what the work throws when nobody waits any more', async () => {
    const clock = fakeClock();
    let fail: (error: Error) => void = () => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = settleWithin(work, { clock, limitMs: 10, late });
    await clock.advance(10);
    expect(await waiting).toBe('late');
    // An unhandled rejection would fail the test.
    fail(new Error('too late'));
    await new Promise(setImmediate);
  });
});
