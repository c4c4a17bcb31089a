/** Options are checked by the rules of their layers: nothing that would run is made for it. */
import { type LiveSource, liveValue, type Meter, makeEnv, noMeter } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import { expect, test, vi } from 'vitest';
import { canonicalOrder } from '../order/canonical-order.js';
import { checkPolicy } from './check-policy.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

/** Every layer that there is, and what would be called if one were made or called. */
function everything() {
  const called = vi.fn();
  const options: PolicyOptions = {
    deadlineMs: 5000,
    fallback: { handler: called },
    cache: { keyOf: called, ttlMs: 1000, onBuilt: called },
    coalesce: { keyOf: called },
    retry: { budget: { ratio: 0.1 }, backoff: called },
    hedge: { idempotent: true },
    rateLimit: { keyOf: called, maxWaitMs: 10 },
    throttle: {},
    breaker: { keyOf: called, traceIdOf: called, onBuilt: called },
    limit: { lag: called, onBuilt: called, partitions: { partitionOf: called, shares: { a: 0.5 } } },
    bulkhead: { maxQueue: 5, onBuilt: called },
    timeoutMs: 1000,
    fault: { enabled: true, ratio: 1, error: called, match: called },
  };
  return { options, called };
}

/** An environment that tells of all that anything asks of it. */
function watched() {
  const guard = leakGuard();
  const events = recordEvents();
  const series = vi.fn();
  const told =
    <Given extends readonly unknown[], Made>(make: (...given: Given) => Made) =>
    (...given: Given) => {
      series(...given);
      return make(...given);
    };
  const { counter, gauge, histogram } = noMeter;
  const metrics: Meter = { ...noMeter, counter: told(counter), gauge: told(gauge), histogram: told(histogram) };
  return { env: makeEnv({ clock: guard.clock, events, metrics }), guard, events, series };
}

test('a policy with every layer is checked without making any', () => {
  const { options, called } = everything();
  expect(canonicalOrder.filter(({ field }) => !Object.hasOwn(options, field))).toEqual([]);
  const make = Object.fromEntries(canonicalOrder.map(({ field }) => [field, called]));
  const kind: PolicyKind = { name: 'function', scopes: ['call', 'endpoint', 'server'], make };
  const warnings = vi.spyOn(process, 'emitWarning');
  checkPolicy('quote', kind, [{ from: 'policy', options }]);
  expect(() => checkPolicy('quote', kind, [{ from: 'policy', options: { ...options, timeoutMs: -1 } }])).toThrowError(
    'timeoutMs must be a number from 1',
  );
  expect([called.mock.calls, warnings.mock.calls]).toEqual([[], []]);
  warnings.mockRestore();
});

test('definitions are checked without a timer, a series of metrics or a breaker', () => {
  const { options, called } = everything();
  const { env, guard, series } = watched();
  const registry = policyRegistry(env, { quote: options, pay: options }, { deadlineMs: 9000 });
  expect(registry.names).toEqual(['quote', 'pay']);
  expect([called.mock.calls, series.mock.calls]).toEqual([[], []]);
  guard.check();
});

test('a change that is refused makes nothing beside the layers that are in use', async () => {
  const { env, events, series } = watched();
  const policies: LiveSource<unknown> = liveValue({ quote: { breaker: {}, bulkhead: {}, retry: {}, rateLimit: {} } });
  const registry = policyRegistry(env, policies);
  const built = vi.fn();
  const quote = registry.named('quote', { breaker: { onBuilt: built } });
  const call = quote.wrap(async () => 'answer');
  await call();
  const [breakers, before] = [quote.breakers, series.mock.calls.length];
  policies.set({ quote: { breaker: { windowMs: 500 }, bulkhead: { maxConcurrent: 0 }, hedge: { idempotent: true } } });
  expect(events.all.at(-1)?.name).toBe('policy.refused');
  await call();
  expect([built.mock.calls.length, series.mock.calls.length, quote.breakers]).toEqual([1, before, breakers]);
});
