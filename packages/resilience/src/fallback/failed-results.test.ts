import {
  background,
  type Classifier,
  defaultClassifier,
  makeEnv,
  type Service,
  serviceOf,
  verdicts,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import { fallback } from './fallback.js';
import type { FallbackHandler, FallbackOptions } from './fallback-options.js';

const classifier: Classifier = {
  ...defaultClassifier,
  ofResult: (result) => (result === 'out of order' ? verdicts.failure : verdicts.success),
};

function chain(...links: readonly (readonly [FallbackHandler, Partial<FallbackOptions>?])[]) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, path: 'shop', classifier });
  const service = links.reduce<Service<string, string>>(
    (next, [handler, options]) => fallback(handler, options).wrap(next, env),
    inner,
  );
  return { inner, events, service };
}

const failing: FallbackHandler = () => {
  throw new Error('also down');
};

describe('a fallback, when the classifier calls a result a failure', () => {
  test('answers instead, and is shown the result', async () => {
    const { inner, service, events } = chain([(error, { result }) => [error, result]]);
    inner.script('out of order', 'fine');
    expect(await service.call('q', background)).toEqual([undefined, 'out of order']);
    expect(await service.call('q', background)).toBe('fine');
    expect(events.names).toEqual(['fallback.answered']);
  });

  test('leaves the result when it does not want to answer', async () => {
    const { inner, service } = chain([() => 'instead', { when: (error) => error !== undefined }]);
    inner.script('out of order');
    expect(await service.call('q', background)).toBe('out of order');
  });

  test('that hands the result on has answered nothing', async () => {
    const { inner, service, events } = chain([(_error, { result }) => result]);
    inner.script('out of order');
    expect(await service.call('q', background)).toBe('out of order');
    expect(events.names).toEqual([]);
  });

  test('is asked in a chain after one that failed, and is shown the same result', async () => {
    const { inner, service } = chain([failing], [(error, { result }) => [error, result]]);
    inner.script('out of order');
    expect(await service.call('q', background)).toEqual([undefined, 'out of order']);
  });

  test('tells the result as what failed first when no fallback answers', async () => {
    const { inner, service } = chain([failing, { name: 'first' }], [failing, { name: 'second' }]);
    inner.script('out of order');
    await expect(service.call('q', background)).rejects.toMatchObject({
      original: 'out of order',
      failures: [{ fallback: 'first' }, { fallback: 'second' }],
    });
  });

  test('whose own answer is called a failure leaves it to the next, and as the last is believed', async () => {
    const { inner, service } = chain([() => 'out of order'], [() => 'instead']);
    inner.script('out of order');
    expect(await service.call('q', background)).toBe('instead');
    const alone = chain([() => 'out of order']);
    alone.inner.script(new Error('down'));
    expect(await alone.service.call('q', background)).toBe('out of order');
  });

  test('is not asked once the caller has given up', async () => {
    const { context, cancel } = leakGuard().context();
    const inner = serviceOf<string, string>(async () => {
      cancel(new Error('gone'));
      return 'out of order';
    });
    const service = fallback(() => 'instead').wrap(inner, makeEnv({ classifier }));
    expect(await service.call('q', context)).toBe('out of order');
  });

  test('answers in a policy after the retries', async () => {
    let calls = 0;
    const quote = policy('quote', {
      classifier: {
        ...classifier,
        ofResult: (result) => (result === 1 ? verdicts.retryableFailure : verdicts.success),
      },
      retry: { maxAttempts: 2, baseDelayMs: 0 },
      fallback: { value: 'instead' },
    });
    expect(
      await quote.wrap(async (): Promise<unknown> => {
        calls++;
        return 1;
      })(),
    ).toBe('instead');
    expect(calls).toBe(2);
    expect(quote.statistics().total).toMatchObject({ successes: 1, fallbacks: 1, retries: 1 });
  });
});
