import { background, idempotentKey, type Live, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, scriptedService } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { circuitBreaker } from '../breaker/circuit-breaker.js';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { cache } from '../cache/cache.js';
import { coalesce } from '../coalesce/coalesce.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { deadline } from '../deadline/deadline.js';
import { faultInjection } from '../fault/fault.js';
import { hedge } from '../hedge/hedge.js';
import { adaptiveLimit } from '../limit/adaptive-limit.js';
import { rateLimit } from '../rate/rate-limit.js';
import { retry } from '../retry/retry.js';
import { throttle } from '../throttle/throttle.js';
import type { FunctionLayer } from './function-layer.js';

let warnings: MockInstance;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

/** A layer of which one option is live, and a valid value of that. */
const layers: Readonly<Record<string, readonly [valid: number, layer: (live: Live<number>) => FunctionLayer]>> = {
  'bulkhead maxConcurrent': [5, (maxConcurrent) => bulkhead({ maxConcurrent })],
  'rateLimit permitsPerSecond': [5, (permitsPerSecond) => rateLimit({ permitsPerSecond })],
  'attemptTimeout timeoutMs': [50, (timeoutMs) => attemptTimeout({ timeoutMs })],
  'deadline timeoutMs': [50, (timeoutMs) => deadline({ timeoutMs })],
  'hedge delayMs': [50, (delayMs) => hedge({ delayMs })],
  'hedge maxExtraRatio': [1, (maxExtraRatio) => hedge({ maxExtraRatio })],
  'throttle multiplier': [2, (multiplier) => throttle({ multiplier })],
  'retry maxAttempts': [1, (maxAttempts) => retry({ maxAttempts })],
  'retry baseDelayMs': [5, (baseDelayMs) => retry({ baseDelayMs, maxAttempts: 1 })],
  'adaptiveLimit maxLimit': [5, (maxLimit) => adaptiveLimit({ maxLimit })],
  'circuitBreaker minimumCalls': [5, (minimumCalls) => circuitBreaker({ minimumCalls })],
  'coalesce maxKeys': [5, (maxKeys) => coalesce({ keyOf: String, maxKeys })],
  'cache ttlMs': [5, (ttlMs) => cache({ keyOf: String, ttlMs })],
  'faultInjection ratio': [0, (ratio) => faultInjection({ enabled: true, ratio, error: true })],
};

describe.each(Object.entries(layers))('%s', (_name, [valid, layer]) => {
  const build = () => {
    const setting = liveValue<unknown>(valid);
    const option = setting.map((value) => {
      if (value === 'bad') throw new Error('not a number: bad');
      return value as number;
    });
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const service = layer(option).wrap<string, string>(inner, makeEnv({ clock }));
    const call = () => service.call('q', background.with({ values: [idempotentKey.of(true)] }));
    return { setting, inner, call, service };
  };

  test.each(['bad', Number.NaN, -1, '5', undefined])('works on when its live value becomes %j', async (value) => {
    const { setting, inner, call, service } = build();
    setting.set(value);
    inner.script('answer');
    expect(await call()).toBe('answer');
    service.status();
  });
});

describe('what a bad value leaves behind', () => {
  test('is no call that waits for ever, and nothing unhandled', async () => {
    const setting = liveValue('1');
    const maxConcurrent = setting.map((value) => {
      if (value === 'bad') throw new Error('not a number: bad');
      return Number(value);
    });
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const service = bulkhead({ maxConcurrent, maxQueue: 5 }).wrap<string, string>(inner, makeEnv({ clock }));
    const calls = [service.call('1', background), service.call('2', background)];
    setting.set('bad');
    inner.waiting[0]?.succeed('a');
    await clock.settle();
    inner.waiting[0]?.succeed('b');
    expect(await Promise.all(calls)).toEqual(['a', 'b']);
  });

  test('is no bucket that never empties', async () => {
    const permitsPerSecond = liveValue(1);
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const service = rateLimit({ permitsPerSecond, burst: 1 }).wrap<string, string>(inner, makeEnv({ clock }));
    permitsPerSecond.set(Number.NaN);
    service.call('1', background).catch(() => {});
    permitsPerSecond.set(1);
    for (let at = 0; at < 5; at++) service.call('2', background).catch(() => {});
    expect(inner.calls).toHaveLength(1);
  });

  test('is no limit that refuses everybody', async () => {
    const maxLimit = liveValue(100);
    const layer = adaptiveLimit({ maxLimit });
    const inner = scriptedService<string, string>();
    layer.wrap<string, string>(inner, makeEnv({ clock: fakeClock() }));
    maxLimit.set(Number.NaN);
    expect(layer.latest?.snapshot().limit).toBe(20);
  });

  test('are no attempts without an end', async () => {
    const maxAttempts = liveValue(2);
    const clock = fakeClock();
    const inner = scriptedService<string, string>();
    const service = retry({ maxAttempts, budget: false }).wrap<string, string>(inner, makeEnv({ clock }));
    maxAttempts.set(Number.NaN);
    for (let at = 0; at < 10; at++) inner.script(new Error('down'));
    const outcome = service.call('q', background).catch((error: Error) => error.message);
    await clock.settle();
    while (await clock.runNext());
    expect(await outcome).toBe('down');
    expect(inner.calls).toHaveLength(2);
  });
});
