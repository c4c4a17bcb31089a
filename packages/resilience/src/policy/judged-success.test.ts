/** An error that the classifier calls a success is one to every layer, and a result that it calls a failure is one too. */
import {
  background,
  type CallNotes,
  type Classifier,
  defaultClassifier,
  defaultEnv,
  FwkError,
  makeEnv,
  notesKey,
  serviceOf,
  verdicts,
} from '@fwk/kernel';
import { fakeClock, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { circuitBreaker } from '../breaker/circuit-breaker.js';
import { hedge } from '../hedge/hedge.js';
import { adaptiveLimit } from '../limit/adaptive-limit.js';
import { retry } from '../retry/retry.js';
import { retryBudget } from '../retry/retry-budget.js';
import { throttle } from '../throttle/throttle.js';
import { policy } from './policy.js';

/** That nothing is there is an answer; an empty answer is a failure. */
const classifier: Classifier = {
  ofResult: (result) => (result === '' ? verdicts.retryableFailure : verdicts.success),
  ofError: (error, context, request) =>
    error instanceof FwkError && error.code === 'FWK_TEST_NOT_FOUND'
      ? verdicts.success
      : defaultClassifier.ofError(error, context, request),
};
const notFound = () => new FwkError('FWK_TEST_NOT_FOUND', 'nobody by that name', { traits: { retryable: true } });
const missing = async (): Promise<string> => {
  throw notFound();
};

describe('an error that counts as a success', () => {
  test('is one to breaker, retry and statistics of a policy, and no fallback answers it', async () => {
    const layer = policy('names', {
      classifier,
      fallback: () => 'nobody',
      retry: { baseDelayMs: 0 },
      throttle: {},
      breaker: { minimumCalls: 4, consecutiveFailures: 3 },
      limit: {},
      timeoutMs: 1000,
    });
    let calls = 0;
    const find = layer.wrap(() => {
      calls++;
      return missing();
    });
    for (let call = 0; call < 30; call++) await expect(find()).rejects.toMatchObject({ code: 'FWK_TEST_NOT_FOUND' });
    expect(calls).toBe(30);
    expect(layer.statistics().total).toMatchObject({ calls: 30, successes: 30, failures: 0, retries: 0, fallbacks: 0 });
    expect(layer.breakers[0]?.snapshot()).toMatchObject({ state: 'closed', calls: 30, failures: 0 });
    expect(layer.breakers[0]?.snapshot().totals).toMatchObject({ successes: 30, failures: 0 });
  });

  test('closes a breaker that probes, and ends failures in a row', async () => {
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const layer = circuitBreaker({ consecutiveFailures: 2, openMs: 1000, openJitter: 0, successesToClose: 1 });
    const service = layer.wrap(inner, makeEnv({ clock, classifier }));
    const call = async (error: Error) => {
      inner.script(error);
      await service.call('q', background).catch(() => {});
    };
    for (const error of [new Error('down'), notFound(), new Error('down')]) await call(error);
    expect(layer.latest?.state).toBe('closed');
    await call(new Error('down'));
    expect(layer.latest?.state).toBe('open');
    await clock.advance(1000);
    await call(notFound());
    expect(layer.latest?.state).toBe('closed');
  });

  test('pays into the retry budget', async () => {
    const budget = retryBudget({ reservePerSecond: 0 });
    const service = retry({ budget }).wrap(scriptedMissing(), makeEnv({ classifier }));
    for (let call = 0; call < 20; call++) await service.call('q', background).catch(() => {});
    expect(budget.balance).toBeCloseTo(4);
  });

  test('is an answer to hedging, whose delay it counts for', async () => {
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const service = hedge({ minimumSamples: 10, maxExtraRatio: 1 }).wrap(inner, makeEnv({ clock, classifier }));
    for (let call = 0; call < 12; call++) {
      inner.script(notFound());
      await service.call('q', background).catch(() => {});
    }
    await clock.advance(2000);
    const [sent] = [inner.calls.length];
    const slow = service.call('q', background).catch((error: FwkError) => error.code);
    await clock.advance(100);
    expect(inner.calls.length - sent).toBeGreaterThan(1);
    inner.waiting[0]?.fail(notFound());
    expect(await slow).toBe('FWK_TEST_NOT_FOUND');
  });

  test('is taken by throttle and adaptive limit for work that was done', async () => {
    const env = makeEnv({ classifier, random: () => 0 });
    const throttled = throttle({ multiplier: 1 }).wrap(scriptedMissing(), env);
    const codes = new Set<string>();
    for (let call = 0; call < 50; call++) {
      codes.add(await throttled.call('q', background).catch((error: FwkError) => error.code));
    }
    expect([...codes]).toEqual(['FWK_TEST_NOT_FOUND']);
    const limited = adaptiveLimit({ initialLimit: 1 }).wrap(scriptedMissing(), env);
    for (let call = 0; call < 50; call++) await limited.call('q', background).catch(() => {});
    expect(limited.status()).toBe('ready');
  });

  /** Answers nothing but that error. */
  function scriptedMissing() {
    return { call: () => Promise.reject(notFound()), status: () => 'ready' as const };
  }
});

describe('a result that counts as a failure', () => {
  const empty = async () => '';

  test('is one to breaker, retry, statistics and fallback of a policy', async () => {
    const layer = policy('names', {
      classifier,
      fallback: () => 'nobody',
      retry: { maxAttempts: 2, baseDelayMs: 0 },
      breaker: { minimumCalls: 100 },
    });
    const find = layer.wrap(empty);
    expect([await find(), await find()]).toEqual(['nobody', 'nobody']);
    expect(layer.statistics().total).toMatchObject({ successes: 2, fallbacks: 2, retries: 2 });
    expect(layer.breakers[0]?.snapshot()).toMatchObject({ calls: 4, failures: 4 });
  });

  test('reaches the caller where no fallback wants it', async () => {
    const find = policy('names', { classifier, fallback: { handler: () => 'nobody', when: () => false } }).wrap(empty);
    expect(await find()).toBe('');
    const plain = policy('names', { classifier, retry: { maxAttempts: 2, baseDelayMs: 0 } });
    expect(await plain.wrap(empty)()).toBe('');
    expect(plain.statistics().total).toMatchObject({ failures: 1, retries: 1 });
  });

  test('is not kept by a cache, which answers with an old one where it may', async () => {
    const clock = fakeClock();
    const answers = ['ada', '', ''];
    const layer = policy('names', { classifier, cache: { keyOf: () => 'k', ttlMs: 10, staleIfErrorMs: 1000 } });
    const service = layer.wrap(
      serviceOf<string, string>(() => answers.shift() ?? ''),
      makeEnv({ ...defaultEnv, clock, classifier }),
    );
    const notes: CallNotes = {};
    expect(await service.call('q', background)).toBe('ada');
    await clock.advance(11);
    expect(await service.call('q', background.with({ values: [notesKey.of(notes)] }))).toBe('ada');
    expect(notes).toMatchObject({ cached: true, stale: true });
    await clock.advance(2000);
    expect(await service.call('q', background)).toBe('');
  });
});
