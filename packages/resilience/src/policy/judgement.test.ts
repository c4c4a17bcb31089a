import {
  background,
  type Classifier,
  defaultClassifier,
  defaultEnv,
  idempotentKey,
  serviceOf,
  verdicts,
} from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.js';

/** What a call of a probe is no failure of anybody: it only asks whether something is there. */
const lenientWithProbes: Classifier = {
  ofResult: (result, _context, request) =>
    result === undefined && skuOf(request) !== 'probe' ? verdicts.retryableFailure : verdicts.success,
  ofError: (error, context, request) =>
    skuOf(request) === 'probe' ? verdicts.ignored : defaultClassifier.ofError(error, context, request),
};

/** A wrapped function is asked with a list of arguments, a service with its request. */
function skuOf(request: unknown): unknown {
  return Array.isArray(request) ? request[0] : request;
}

const options = {
  cache: { keyOf: (sku: string) => sku, ttlMs: 1 },
  retry: { maxAttempts: 3, baseDelayMs: 0 },
  throttle: {},
  breaker: {},
  limit: {},
  classifier: lenientWithProbes,
};

describe('one classifier for all layers', () => {
  test('judges errors by the arguments of a wrapped function', async () => {
    const layer = policy('stock', options);
    let calls = 0;
    const stock = layer.wrap(async (_sku: string) => {
      calls++;
      throw new Error('down');
    });
    await expect(stock('probe')).rejects.toThrow('down');
    expect(calls).toBe(1);
    await expect(stock('apples')).rejects.toThrow('down');
    expect(calls).toBe(4);
    expect(layer.statistics().total).toMatchObject({ ignored: 1, failures: 1, retries: 2 });
    expect(layer.breakers[0]?.snapshot().totals).toMatchObject({ ignored: 1, failures: 3 });
  });

  test('judges results by the request of a service', async () => {
    const layer = policy('stock', options);
    let calls = 0;
    const stock = layer.wrap(
      serviceOf<string, undefined>(async () => {
        calls++;
        return undefined;
      }),
      defaultEnv,
    );
    const context = background.with({ values: [idempotentKey.of(true)] });
    await stock.call('probe', context);
    expect(calls).toBe(1);
    await stock.call('apples', context);
    expect(calls).toBe(4);
    expect(layer.statistics().total).toMatchObject({ successes: 1, failures: 1 });
    expect(layer.breakers[0]?.snapshot().totals).toMatchObject({ successes: 1, failures: 3 });
  });
});
