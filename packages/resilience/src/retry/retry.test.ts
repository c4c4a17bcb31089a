import {
  attemptKey,
  background,
  type CallNotes,
  type Clock,
  defaultClassifier,
  doNotRetryMarks,
  FwkError,
  idempotentKey,
  isDoNotRetry,
  liveValue,
  makeEnv,
  notesKey,
  OptionsError,
  type Service,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { BreakerOpenError } from '../breaker/breaker-open-error.js';
import { rateLimit } from '../rate/rate-limit.js';
import { retry } from './retry.js';
import { retryBudget } from './retry-budget.js';
import type { RetryOptions } from './retry-options.js';

const failure = (message = 'down') => new Error(message);

function build(options: Partial<RetryOptions> = {}) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, random: seededRandom(7), events, path: 'shop' });
  return { guard, inner, events, env, service: retry(options).wrap(inner, env) };
}

/** Runs the clock until the call has settled. */
async function finish<T>(clock: { runNext(): Promise<boolean>; settle(): Promise<void> }, call: Promise<T>) {
  const outcome = call.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  await clock.settle();
  while (await clock.runNext());
  return outcome;
}

describe('retry', () => {
  test('answers with the first attempt that succeeds', async () => {
    const { guard, inner, service } = build();
    inner.script(failure(), failure(), 'answer');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: 'answer' });
    expect(inner.calls).toHaveLength(3);
    guard.check();
  });

  test('gives up after maxAttempts with the last error, marked so that nobody above tries again', async () => {
    const { guard, inner, events, service } = build({ maxAttempts: 2 });
    const last = failure('second');
    const marks = doNotRetryMarks();
    inner.script(failure('first'), last);
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ error: last });
    expect(isDoNotRetry(last, marks)).toBe(true);
    expect(events.names).toEqual(['retry.scheduled', 'retry.exhausted']);
  });

  test.each([
    ['an error of its own each time', () => failure()],
    [
      'one error for all',
      (
        (down) => () =>
          down
      )(failure()),
    ],
    ['a text', () => 'down'],
    ['nothing', () => undefined],
  ])('does not multiply the attempts of a retry below it that fail with %s', async (_, thrown) => {
    const { guard, env } = build();
    let attempts = 0;
    const fails = async () => {
      attempts++;
      throw thrown();
    };
    await finish(guard.clock, retry().wrap(retry().wrap(fails, env), env)());
    expect(attempts).toBe(3);
  });

  test('tries a call as often as the one before that failed with the same error', async () => {
    const { guard, env } = build();
    const attempts = [0, 0, 0];
    const down = failure();
    const call = retry({ budget: false }).wrap(async (at: number) => {
      attempts[at]!++;
      throw down;
    }, env);
    for (const at of attempts.keys()) await finish(guard.clock, call(at));
    expect(attempts).toEqual([3, 3, 3]);
  });

  test('obeys the mark of a retry below whatever its own classifier says', async () => {
    const { guard, inner, env } = build();
    inner.script(...Array.from({ length: 9 }, () => failure()));
    const verdict = { outcome: 'failure', retryable: true, overloaded: false } as const;
    const classifier = { ofResult: defaultClassifier.ofResult, ofError: () => verdict };
    const service = retry().wrap(retry().wrap(inner, env), { ...env, classifier });
    await finish(guard.clock, service.call('q', background));
    expect(inner.calls).toHaveLength(3);
  });

  test('pauses at random between nothing and a bound that doubles', async () => {
    const { inner, env, guard } = build();
    const service = retry({ maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 300, budget: false }).wrap(inner, {
      ...env,
      random: () => 0.5,
    });
    inner.script(failure(), failure(), failure(), 'answer');
    const startMs = guard.clock.now();
    await finish(guard.clock, service.call('q', background));
    expect(guard.clock.now() - startMs).toBe(50 + 100 + 150);
  });

  test('stops waiting when the caller aborts during backoff', async () => {
    const { guard, inner, service } = build({ baseDelayMs: 1000 });
    inner.script(failure());
    const { context, cancel } = guard.context();
    const call = service.call('q', context);
    call.catch(() => {});
    await guard.clock.settle();
    expect(guard.clock.pending).toBe(1);
    const reason = new Error('no longer needed');
    cancel(reason);
    await expect(call).rejects.toBe(reason);
    expect(inner.calls).toHaveLength(1);
    guard.check();
  });

  test('does not try again what must not run twice', async () => {
    const { guard, inner, service } = build();
    inner.script(failure());
    const context = background.with({ values: [idempotentKey.of(false)] });
    await finish(guard.clock, service.call('q', context));
    expect(inner.calls).toHaveLength(1);
  });

  test('tries even that again when the callee provably did nothing', async () => {
    const { guard, inner, service } = build();
    inner.script(
      new FwkError('FWK_TEST_REFUSED', 'refused', { traits: { notProcessed: true, retryable: true } }),
      'answer',
    );
    const context = background.with({ values: [idempotentKey.of(false)] });
    expect(await finish(guard.clock, service.call('q', context))).toEqual({ value: 'answer' });
  });

  test('waits as long as the callee asks', async () => {
    const { guard, inner, service } = build();
    inner.script(new FwkError('FWK_TEST_BUSY', 'busy', { traits: { retryable: true, retryAfterMs: 700 } }), 'answer');
    await finish(guard.clock, service.call('q', background));
    expect(guard.clock.now()).toBe(700);
  });

  test('comes back to a rate limit when its permit is there, not a fraction of a millisecond before', async () => {
    const { guard, inner, env } = build();
    const { clock } = guard;
    const setTimer: Clock['setTimer'] = (callback, ms) => clock.setTimer(callback, Math.max(1, Math.trunc(ms)));
    const nodes = { ...env, clock: { ...clock, setTimer } };
    const limited = rateLimit({ permitsPerSecond: 150, burst: 1 }).wrap(inner, nodes);
    const service: Service<string, string> = retry({ maxAttempts: 2, budget: false }).wrap(limited, nodes);
    inner.script('1', '2', '3');
    for (const value of ['1', '2', '3']) {
      expect(await finish(clock, service.call('q', background))).toEqual({ value });
    }
    expect(clock.now()).toBe(14);
  });

  test.each([Number.NaN, -700])('backs off as always when a pause of %s ms is asked for', async (retryAfterMs) => {
    const { guard, inner, service } = build();
    inner.script(new FwkError('FWK_TEST_BUSY', 'busy', { traits: { retryable: true, retryAfterMs } }), 'answer');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: 'answer' });
    expect(guard.clock.now()).toBeGreaterThan(0);
  });

  test.each([
    ['does not fit the deadline', { deadlineMs: 500 }, {}, 'deadline'],
    ['is longer than allowed', {}, { maxRetryAfterMs: 100 }, 'retry-after-too-long'],
  ] as const)('fails at once when the pause that the callee asks for %s', async (_, change, options, because) => {
    const { guard, inner, events, service } = build(options);
    const busy = new FwkError('FWK_TEST_BUSY', 'busy', { traits: { retryable: true, retryAfterMs: 700 } });
    inner.script(busy);
    expect(await finish(guard.clock, service.call('q', background.with(change)))).toEqual({ error: busy });
    expect(guard.clock.now()).toBe(0);
    expect(events.all.at(-1)?.data).toMatchObject({ because });
  });

  test('fails with the last real error when the budget is spent', async () => {
    const { guard, inner, events, env } = build();
    const budget = retryBudget({ reservePerSecond: 0 }, guard.clock);
    const service = retry({ budget }).wrap(inner, env);
    const error = failure();
    const marks = doNotRetryMarks();
    inner.script(error);
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ error });
    expect(events.names).toEqual(['retry.budget-exhausted']);
    expect(isDoNotRetry(error, marks)).toBe(true);
  });

  test('pays into the shared budget only for calls that succeed at once', async () => {
    const { guard, inner, env } = build();
    const budget = retryBudget({ reservePerSecond: 1, windowMs: 1000, ratio: 1 }, guard.clock);
    const service = retry({ budget, baseDelayMs: 0 }).wrap(inner, env);
    inner.script('answer', failure(), 'answer');
    await finish(guard.clock, service.call('q', background));
    expect(budget.balance).toBe(2);
    await finish(guard.clock, service.call('q', background));
    expect(budget.balance).toBe(1);
  });

  test('does not run against a breaker that is open just below', async () => {
    const { guard, inner, env, events } = build();
    const refused = new BreakerOpenError({ breaker: 'b', state: 'open' }, undefined);
    const service = retry().wrap(inner, env);
    inner.script(refused);
    inner.setStatus('busy');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ error: refused });
    expect(events.all.at(-1)?.data).toMatchObject({ because: 'breaker-open' });
  });

  test('tells the failure of an attempt that was sent rather than the refusal of one that was not', async () => {
    const { guard, inner, service } = build({ maxAttempts: 2 });
    const error = failure();
    const marks = doNotRetryMarks();
    inner.script(error, new BreakerOpenError({ breaker: 'b', state: 'open' }, undefined));
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ error });
    expect(isDoNotRetry(error, marks)).toBe(true);
  });

  test('tries elsewhere when another endpoint below is ready', async () => {
    const { guard, inner, service } = build();
    inner.script(new BreakerOpenError({ breaker: 'b', state: 'open' }, undefined), 'answer');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: 'answer' });
  });

  test('tells each attempt its number and the caller how many there were', async () => {
    const { guard, inner, service } = build();
    inner.script(failure(), 'answer');
    const notes: CallNotes = {};
    await finish(guard.clock, service.call('q', background.with({ values: [notesKey.of(notes)] })));
    expect(inner.calls.map(({ context }) => context.get(attemptKey))).toEqual([1, 2]);
    expect(notes.attempts).toBe(2);
  });

  test('leaves the context of the first attempt as it is', async () => {
    const { guard, inner, service } = build();
    inner.script('answer');
    const { context } = guard.context();
    await service.call('q', context);
    expect(inner.calls[0]?.context).toBe(context);
  });

  test('tries again after a result that the classifier calls a retryable failure, and returns the last', async () => {
    const { guard, inner, env } = build();
    const verdictOf = (outcome: 'success' | 'failure') => ({ outcome, retryable: true, overloaded: false });
    const classifier = {
      ofResult: (result: unknown) => verdictOf(result === '503' ? 'failure' : 'success'),
      ofError: () => verdictOf('failure'),
    };
    const service: Service<string, string> = retry({ maxAttempts: 2 }).wrap(inner, { ...env, classifier });
    inner.script('503', 'answer', '503', '503');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: 'answer' });
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: '503' });
  });

  test('lets the caller have the call’s own error when the classifier throws', async () => {
    const { guard, inner, events, env } = build();
    const broken = () => {
      throw new Error('broken classifier');
    };
    const service = retry().wrap(inner, { ...env, classifier: { ofResult: broken, ofError: broken } });
    const error = failure();
    inner.script(error, 'answer');
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ error });
    expect(await finish(guard.clock, service.call('q', background))).toEqual({ value: 'answer' });
    expect(events.names).toContain('classifier.failed');
  });

  test.each([
    [{ maxAttempts: 0 }, /maxAttempts must be a whole number from 1 to 20, not 0/],
    [{ maxAttempts: Number.NaN }, /maxAttempts/],
    [{ maxAttempts: '3' as never, baseDelayMs: -1 }, /maxAttempts .*; baseDelayMs/],
    [{ baseDelayMs: 5000, maxDelayMs: 100 }, /^retry: baseDelayMs 5000 is above maxDelayMs 100/],
    [{ baseDelayMs: liveValue(5000) }, /baseDelayMs 5000 is above maxDelayMs 1000/],
    [{ budget: liveValue({}) as never }, /budget must be .*, not a live value/],
    [{ attempts: 3 } as never, /unknown option "attempts"/],
    [{ budget: 5 as never }, /budget must be a retry budget/],
    [{ budget: liveValue(retryBudget()) as never }, /budget must be a retry budget.*, not a live value of an object/],
    [{ budget: { withdraw: () => true } as never }, /budget must be a retry budget.*unknown option "withdraw"/],
    [{ maxAttempts: 0, budget: { ratio: 7 } }, /maxAttempts .*; budget must be .*ratio must be/],
  ])('refuses %o when it is made', (options, message) => {
    expect(() => retry(options)).toThrowError(OptionsError);
    expect(() => retry(options)).toThrowError(message);
  });
});
