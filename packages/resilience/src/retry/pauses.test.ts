import { type Classifier, defaultClassifier, FwkError, idempotentKey, liveValue, makeEnv, verdicts } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policyRegistry } from '../policy/policy-registry.js';
import type { FailedAttempt } from './backoff.js';
import { retry } from './retry.js';
import type { RetryOptions } from './retry-options.js';

const down = new Error('down');

/** Pauses of a call that always fails; half of what may be drawn is drawn. */
async function pausesWith(options: Partial<RetryOptions>, error: unknown = down, classifier = defaultClassifier) {
  const guard = leakGuard();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, random: () => 0.5, events, path: 'shop', classifier });
  const call = retry({ maxAttempts: 5, ...options }).wrap(async () => {
    if (error instanceof Error) throw error;
    return error;
  }, env);
  const ended = call().then(
    () => {},
    () => {},
  );
  await guard.clock.settle();
  while (await guard.clock.runNext());
  await ended;
  const pauses = events.all.filter(({ name }) => name === 'retry.scheduled').map(({ data }) => data.delayMs);
  return { pauses, events };
}

describe('pauses between attempts', () => {
  test.each<[string, Partial<RetryOptions>, readonly number[]]>([
    ['grow exponentially with full jitter', {}, [12.5, 25, 50, 100]],
    ['are fixed, without jitter', { backoff: 'fixed', baseDelayMs: 40 }, [40, 40, 40, 40]],
    ['grow linearly up to the cap', { backoff: 'linear', baseDelayMs: 40, maxDelayMs: 100 }, [40, 80, 100, 100]],
    ['are drawn where jitter is asked for', { backoff: 'fixed', baseDelayMs: 40, jitter: 0.5 }, [30, 30, 30, 30]],
    ['grow exponentially without jitter', { jitter: 0 }, [25, 50, 100, 200]],
    ['are a list whose last is repeated', { backoff: [5, 0, 2000] }, [5, 0, 2000, 2000]],
    ['are any iterable', { backoff: new Set([7, 9]) }, [7, 9, 9, 9]],
    ['are a list with jitter', { backoff: [10, 20], jitter: 1 }, [5, 10, 10, 10]],
    ['are computed', { backoff: ({ attempt }) => attempt * 1500 }, [1500, 3000, 4500, 6000]],
  ])('%s', async (_, options, pauses) => {
    expect((await pausesWith(options)).pauses).toEqual(pauses);
  });

  test('come from a generator, also after the options were checked more than once', async () => {
    const backoff = (function* () {
      for (let pauseMs = 1; ; pauseMs *= 2) yield pauseMs;
    })();
    expect((await pausesWith({ backoff })).pauses).toEqual([1, 2, 4, 8]);
    expect((await pausesWith({ backoff })).pauses).toEqual([1, 2, 4, 8]);
  });

  test('are the usual ones when a list is changed to hold something else', async () => {
    const backoff = [5];
    const options = { backoff, maxAttempts: 2 };
    expect((await pausesWith(options)).pauses).toEqual([5]);
    const layer = retry(options);
    backoff[0] = Number.NaN;
    const guard = leakGuard();
    const events = recordEvents();
    const call = layer.wrap(
      async () => {
        throw down;
      },
      makeEnv({ clock: guard.clock, random: () => 0.5, events }),
    );
    const ended = call().catch(() => {});
    await guard.clock.settle();
    while (await guard.clock.runNext());
    await ended;
    expect(events.all[0]?.data.delayMs).toBe(25);
  });

  test('are refused when they cannot be read', () => {
    const broken = {
      [Symbol.iterator]() {
        throw new Error('no such pauses');
      },
    };
    expect(() => retry({ backoff: broken as never })).toThrowError(/^retry: backoff must be .*no such pauses/);
  });

  test('are computed from how the attempt failed', async () => {
    const seen: FailedAttempt[] = [];
    const backoff = (failed: FailedAttempt) => {
      seen.push(failed);
      return 1;
    };
    await pausesWith({ backoff, maxAttempts: 2 });
    expect(seen).toMatchObject([{ attempt: 1, error: down, result: undefined }]);
    const failing: Classifier = { ...defaultClassifier, ofResult: () => verdicts.retryableFailure };
    await pausesWith({ backoff, maxAttempts: 2 }, '503', failing);
    expect(seen[1]).toMatchObject({ attempt: 1, error: undefined, result: '503' });
  });

  test('are as long as the callee asks for, whatever the backoff', async () => {
    const busy = new FwkError('FWK_TEST_BUSY', 'busy', { traits: { retryable: true, retryAfterMs: 70 } });
    expect((await pausesWith({ backoff: [5], maxAttempts: 2 }, busy)).pauses).toEqual([70]);
  });

  test.each<[string, () => unknown]>([
    ['throws', () => Reflect.get(undefined as never, 'x')],
    ['answers no number', () => 'soon'],
    ['answers a promise', async () => 5],
    ['answers less than nothing', () => -1],
    ['answers no end', () => Number.POSITIVE_INFINITY],
  ])('are the usual ones when the function %s, and it is told', async (_, broken) => {
    const { pauses, events } = await pausesWith({ backoff: broken as never, maxAttempts: 2 });
    expect(pauses).toEqual([25]);
    expect(events.names).toEqual(['retry.backoff-failed', 'retry.scheduled', 'retry.exhausted']);
  });

  test('change while in use', async () => {
    const backoff = liveValue<RetryOptions['backoff']>('fixed');
    const layer = retry({ backoff: backoff as never });
    expect(layer.describe()).toMatchObject({ backoff: 'fixed' });
    backoff.set([1, 2]);
    expect(layer.describe()).toMatchObject({ backoff: [1, 2] });
    expect(retry({ jitter: 0.5 }).describe()).toMatchObject({ backoff: 'exponential', jitter: 0.5 });
  });

  test('come from configuration as a name or a list', async () => {
    const guard = leakGuard();
    const events = recordEvents();
    const policies = liveValue<unknown>({ quote: { retry: { backoff: [30, 60] } } });
    const registry = policyRegistry(makeEnv({ clock: guard.clock, events }), policies);
    const call = registry.named('quote').wrap(async () => {
      throw down;
    });
    const pauses = async () => {
      const ended = call().catch(() => {});
      await guard.clock.settle();
      while (await guard.clock.runNext());
      await ended;
      const delays = events.all.filter(({ name }) => name === 'retry.scheduled').map(({ data }) => data.delayMs);
      return delays.slice(-2);
    };
    expect(await pauses()).toEqual([30, 60]);
    policies.set({ quote: { retry: { backoff: 'linear', baseDelayMs: 5 } } });
    expect(await pauses()).toEqual([5, 10]);
  });

  test.each<[unknown, string]>([
    ['random', 'backoff'],
    [[], 'backoff'],
    [[1, -1], 'backoff'],
    [[1, '2'], 'backoff'],
    [[3_600_001], 'backoff'],
    [5, 'backoff'],
    [null, 'backoff'],
    [{}, 'backoff'],
    [1.5, 'jitter'],
    ['full', 'jitter'],
  ])('refuse %j in place of a backoff or jitter', (value, field) => {
    expect(() => retry({ [field]: value })).toThrowError(new RegExp(`^retry: ${field} must be`));
  });

  test('end at once when the caller gives up', async () => {
    const guard = leakGuard();
    const { context, cancel } = guard.context();
    const inner = retry({ backoff: [60_000] }).wrap(
      { call: () => Promise.reject(down), status: () => 'ready' as const },
      makeEnv({ clock: guard.clock }),
    );
    const outcome = inner
      .call('q', context.with({ values: [idempotentKey.of(true)] }))
      .catch((error: unknown) => error);
    await guard.clock.settle();
    const reason = new Error('gone');
    cancel(reason);
    expect(await outcome).toBe(reason);
    guard.check();
  });
});
