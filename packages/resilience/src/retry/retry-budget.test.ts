import { liveValue } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryBudget } from './retry-budget.js';

describe('a retry budget', () => {
  test('lets a client without traffic retry as often as the reserve allows, and no more', () => {
    const budget = retryBudget({ reservePerSecond: 2, windowMs: 1000 }, fakeClock());
    expect([budget.withdraw(), budget.withdraw(), budget.withdraw()]).toEqual([true, true, false]);
  });

  test('pays one retry for five successes', () => {
    const budget = retryBudget({ reservePerSecond: 0 }, fakeClock());
    for (let success = 0; success < 4; success++) budget.deposit();
    expect(budget.withdraw()).toBe(false);
    budget.deposit();
    expect(budget.withdraw()).toBe(true);
    expect(budget.withdraw()).toBe(false);
  });

  test('forgets deposits and retries when the window has passed', async () => {
    const clock = fakeClock();
    const budget = retryBudget({ reservePerSecond: 1, windowMs: 1000 }, clock);
    for (let success = 0; success < 10; success++) budget.deposit();
    expect(budget.balance).toBeCloseTo(3);
    expect([budget.withdraw(), budget.withdraw(), budget.withdraw(), budget.withdraw()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    await clock.advance(1000);
    expect(budget.balance).toBe(1);
  });

  test('never lets more retries through than it was paid for, in any stretch of traffic', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('success' as const), times: fc.nat(40) }),
      fc.record({ kind: fc.constant('retry' as const), times: fc.nat(40) }),
      fc.record({ kind: fc.constant('pause' as const), times: fc.nat(3000) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5),
        async (steps, ratio, reservePerSecond) => {
          const clock = fakeClock();
          const windowMs = 2000;
          const budget = retryBudget({ ratio, reservePerSecond, windowMs }, clock);
          let successes = 0;
          let retries = 0;
          for (const { kind, times } of steps) {
            if (kind === 'pause') await clock.advance(times);
            else if (kind === 'success') for (let i = 0; i < times; i++, successes++) budget.deposit();
            else for (let i = 0; i < times; i++) if (budget.withdraw()) retries++;
          }
          // The reserve is there from the start and comes back once a window.
          const reserve = reservePerSecond * 2 * (1 + Math.ceil(clock.now() / (windowMs * 0.9)));
          expect(retries).toBeLessThanOrEqual(ratio * successes + reserve + 1e-6);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('refuses options that make no sense, all at once', () => {
    expect(() => retryBudget({ ratio: 2, reservePerSecond: -1, windowMs: Number.NaN })).toThrowError(
      /ratio must be .* not 2; reservePerSecond must be .* not -1; windowMs must be .* not NaN/,
    );
    expect(() => retryBudget({ ratio: liveValue(0.1) as never })).toThrowError(/ratio .* not a live value of 0.1/);
  });
});
