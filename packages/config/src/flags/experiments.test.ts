import { CancelledError, cancellable, runInContext } from '@fwk/kernel';
import { seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { flagEndpoints } from './manage-flags.js';
import { Moments } from './tally.js';

const search = {
  description: 'Order of results',
  variants: { old: 'by-date', new: 'by-score' },
  default: 'old',
  rules: [{ rollout: { new: 50 } }],
  experiment: { metrics: ['basket'] },
};

type Memory = Awaited<ReturnType<typeof flagsInMemory>>;

const report = ({ flags }: Memory) => {
  const endpoint = flagEndpoints(flags).find(({ path }) => path === 'experiments');
  return endpoint?.handle({ parameter: undefined, query: {}, body: undefined }) as {
    experiments: { flag: string; variants: Record<string, unknown>[] }[];
  };
};

const keys = Array.from({ length: 400 }, (_, index) => `user-${index}`);

describe('an experiment', () => {
  test('counts and times what runs under each variant, and hands on what it answers and throws', async () => {
    const memory = await flagsInMemory({ search, plain: { default: 'on' } });
    const { flags, clock } = memory;
    const ask = (key: string, tookMs: number, error?: Error) =>
      flags.run(
        'search',
        '',
        async (order) => {
          await clock.advance(tookMs);
          if (error) throw error;
          return order;
        },
        { key },
      );
    const inNew = keys.filter((key) => flags.value('search', '', { key }) === 'by-score');
    const inOld = keys.filter((key) => !inNew.includes(key));
    for (const key of inNew.slice(0, 4)) expect(await ask(key, 10)).toBe('by-score');
    await expect(ask(inOld[0] ?? '', 100, new Error('no index'))).rejects.toThrow('no index');
    expect(await ask(inOld[1] ?? '', 100)).toBe('by-date');
    expect(flags.run('search', '', () => 7, { key: inOld[2] })).toBe(7);
    expect(() =>
      flags.run(
        'search',
        '',
        () => {
          throw new Error('at once');
        },
        { key: inOld[3] },
      ),
    ).toThrow('at once');
    expect(flags.run('plain', false, (on) => on)).toBe(true);
    expect(flags.run('missing', 'fallback', (value) => value)).toBe('fallback');
    expect(report(memory)).toEqual({
      experiments: [
        {
          flag: 'search',
          description: 'Order of results',
          control: 'old',
          since: expect.stringMatching(/^2023-/),
          variants: [
            {
              variant: 'old',
              calls: 4,
              errors: 2,
              errorRatio: 0.5,
              latencyMs: { p50: expect.any(Number), p95: 100, p99: 100 },
              metrics: { basket: { count: 0, mean: 0, deviation: 0 } },
              versusControl: undefined,
            },
            {
              variant: 'new',
              calls: 4,
              errors: 0,
              errorRatio: 0,
              latencyMs: { p50: expect.closeTo(10, 0), p95: 10, p99: 10 },
              metrics: { basket: { count: 0, mean: 0, deviation: 0 } },
              versusControl: { errorRatio: undefined, p95Ratio: 0.1, metrics: {} },
            },
          ],
        },
      ],
    });
  });

  test('finds a difference that is there, and none where there is none', async () => {
    const memory = await flagsInMemory({ search: { ...search, experiment: { metrics: ['basket', 'clicks'] } } });
    const { flags } = memory;
    const random = seededRandom(7);
    for (const key of keys) {
      const better = flags.value('search', '', { key }) === 'by-score';
      flags.record('basket', (better ? 60 : 50) + 20 * random(), { key });
      flags.record('clicks', 10 * random(), { key });
      flags.record('basket', Number.NaN, { key });
      flags.record('unknown', 1, { key });
      try {
        flags.run(
          'search',
          '',
          () => {
            if (random() < (better ? 0.02 : 0.3)) throw new Error('failed');
          },
          { key },
        );
      } catch {
        // Counted.
      }
    }
    const [, changed] = report(memory).experiments[0]?.variants ?? [];
    expect(changed?.versusControl).toMatchObject({
      errorRatio: { significant: true },
      metrics: { basket: { difference: expect.closeTo(10, -1), significant: true }, clicks: { significant: false } },
    });
    expect(JSON.stringify(changed?.metrics)).not.toContain('unknown');
  });

  test('records nothing for a context that cannot be read, and does not throw', async () => {
    const memory = await flagsInMemory({
      search: { ...search, rules: [{ if: { attribute: 'plan', equals: 'pro' }, serve: 'new' }] },
    });
    const attributes = {
      get plan(): string {
        throw new Error('not loaded');
      },
    };
    memory.flags.record('basket', 1, { attributes });
    expect(memory.flags.run('search', '', (order) => order, { attributes })).toBe('');
    expect(memory.flags.experiments()[0]?.variants.map(({ calls, metrics }) => [calls, metrics.basket?.count])).toEqual(
      [
        [0, 0],
        [0, 0],
      ],
    );
  });

  test('does not count calls that the caller gave up', async () => {
    const memory = await flagsInMemory({ search });
    const { context, cancel } = cancellable();
    const given = runInContext(context, () =>
      memory.flags.run('search', '', async () => {
        cancel();
        throw context.reason;
      }),
    );
    await expect(given).rejects.toBeInstanceOf(CancelledError);
    expect(report(memory).experiments[0]?.variants.map(({ calls }) => calls)).toEqual([0, 0]);
  });

  test('begins anew when its definition changes, and not when another does', async () => {
    const memory = await flagsInMemory({ search });
    const calls = () => report(memory).experiments.map(({ variants }) => variants[0]?.calls);
    memory.flags.run('search', '', () => 1);
    await memory.edit({ search, other: {} });
    expect(calls()).toEqual([1]);
    await memory.edit({ search: { ...search, rules: [{ rollout: { new: 60 } }] } });
    expect(calls()).toEqual([0]);
    await memory.edit({ search: { ...search, experiment: undefined } });
    expect(calls()).toEqual([]);
  });
});

test('moments are those of all numbers together', () => {
  const random = seededRandom(3);
  const numbers = Array.from({ length: 500 }, () => 1e9 + random());
  const moments = new Moments();
  for (const number of numbers) moments.add(number);
  const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const variance = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (numbers.length - 1);
  expect(moments.mean).toBeCloseTo(mean, 5);
  expect(moments.variance).toBeCloseTo(variance, 5);
});
