/** What the numbers of a policy say, as its users see them. */
import { type Classifier, currentContext, defaultClassifier, makeEnv, runInContext, verdicts } from '@fwk/kernel';
import { leakGuard, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import type { PolicyOptions } from '../policy/policy-options.js';
import { sumStatistics } from './policy-statistics.js';

function counted(options: PolicyOptions) {
  const guard = leakGuard();
  const quote = policy('quote', options, makeEnv({ clock: guard.clock, random: seededRandom(1) }));
  /** Runs a function through the policy for so long; how it ends does not matter. */
  const call = quote.wrap((work: () => unknown) => work());
  const run = async (work: () => unknown, forMs = 0) => {
    const outcome = call(work).catch(() => {});
    await guard.clock.advance(forMs);
    await outcome;
  };
  return { guard, clock: guard.clock, quote, call, run };
}

const down = () => {
  throw new Error('down');
};
const after = (clock: { setTimer(callback: () => void, ms: number): unknown }, ms: number) => () =>
  new Promise<void>((resolve) => void clock.setTimer(resolve, ms));
const counts = (quote: { statistics(): { recent: object } }) =>
  Object.fromEntries(Object.entries(quote.statistics().recent).filter(([, count]) => count !== 0));

describe('the statistics of a policy', () => {
  test('are zeros before the first call', () => {
    const { recent, latency, inFlight } = policy('quote').statistics();
    expect([recent.calls, latency.count, inFlight]).toEqual([0, 0, 0]);
  });

  test('count each call by one outcome', async () => {
    const classifier: Classifier = {
      ofResult: (result) => (result === 'bad' ? verdicts.failure : verdicts.success),
      ofError: (error, context) =>
        (error as Error).message === 'wrong' ? verdicts.ignored : defaultClassifier.ofError(error, context),
    };
    const { quote, call, run, guard } = counted({ classifier, bulkhead: { maxConcurrent: 1 } });
    await run(() => 'good');
    await run(() => 'bad');
    await run(down);
    await run(() => Promise.reject(new Error('wrong')));
    const { context, cancel } = guard.context();
    const givenUp = runInContext(context, () => call(() => new Promise(() => {}))).catch(() => {});
    expect(quote.statistics().inFlight).toBe(1);
    await run(() => 'no place');
    cancel(new Error('gave up'));
    await givenUp;
    expect(counts(quote)).toEqual({
      calls: 6,
      successes: 1,
      failures: 2,
      ignored: 1,
      rejected: 1,
      cancelled: 1,
      bulkheadRejections: 1,
    });
    expect(quote.statistics().inFlight).toBe(0);
  });

  test('say what happened on the way', async () => {
    const { quote, run, clock } = counted({
      deadlineMs: 1000,
      timeoutMs: 100,
      retry: { maxAttempts: 2, baseDelayMs: 0, budget: { ratio: 0, reservePerSecond: 0.1 } },
      breaker: { consecutiveFailures: 4 },
      fallback: (_error, { args }) => (args[0] === down ? 'instead' : Promise.reject(new Error('no idea'))),
    });
    await run(down);
    const late = after(clock, 150);
    await run(late, 300);
    await run(down);
    await run(down);
    expect(counts(quote)).toEqual({
      calls: 4,
      successes: 3,
      failures: 1,
      retries: 1,
      retriesRefused: 2,
      timeouts: 1,
      lateAnswers: 1,
      fallbacks: 3,
      fallbackFailures: 1,
      breakerRejections: 1,
    });
  });

  test('forget what is older than ten seconds, but not in the totals', async () => {
    const { quote, run, clock } = counted({});
    await run(down);
    await clock.advance(10_000);
    expect([quote.statistics().recent.failures, quote.statistics().total.failures]).toEqual([0, 1]);
  });

  test('know how long calls took that succeeded or failed', async () => {
    const { quote, run, clock } = counted({ timeoutMs: 500 });
    for (const ms of [10, 20, 30, 40]) await run(after(clock, ms), ms);
    await run(() => new Promise(() => {}), 500);
    const { count, p50Ms, minMs, maxMs } = quote.statistics().latency;
    expect([count, minMs, maxMs]).toEqual([5, 10, 500]);
    expect(p50Ms).toBeCloseTo(30, -1);
  });

  test('miss no success under load, although only some calls are timed', async () => {
    const { quote, call } = counted({});
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let at = 0; at < 100; at++) await call(() => 'good');
      }),
    );
    const { recent, total, latency } = quote.statistics();
    expect([recent.successes, total.calls]).toEqual([1000, 1000]);
    expect(latency.count).toBeGreaterThan(1000 / 20);
    expect(latency.count).toBeLessThan(1000 / 10);
  });

  test('time every call again when load is over and somebody has looked', async () => {
    const { quote, run, call, clock } = counted({});
    for (let at = 0; at < 100; at++) await call(() => 'good');
    expect(quote.statistics().recent.successes).toBe(100);
    await clock.advance(10_000);
    expect(quote.statistics().recent.successes).toBe(0);
    for (let at = 0; at < 5; at++) await run(after(clock, 50), 50);
    expect([quote.statistics().recent.successes, quote.statistics().latency.count]).toEqual([5, 5]);
  });

  test('of several together have the percentiles of all their calls', async () => {
    const [fast, slow] = [counted({}), counted({})];
    for (let at = 0; at < 9; at++) await fast.run(after(fast.clock, 10), 10);
    await slow.run(after(slow.clock, 1000), 1000);
    const { recent, latency } = sumStatistics([fast.quote, slow.quote]);
    expect([recent.calls, latency.count, latency.maxMs]).toEqual([10, 10, 1000]);
    expect(latency.p50Ms).toBeCloseTo(10, 0);
  });

  test('leave a call what it is', async () => {
    const { call, guard } = counted({});
    const { context } = guard.context();
    expect(await runInContext(context, () => call(() => currentContext() === context))).toBe(true);
    guard.check();
  });
});
