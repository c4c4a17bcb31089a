import { background } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { flagContextKey } from './flag-context.js';

const canary = {
  policy: 'inventory',
  variants: { usual: {}, canary: { routing: { version: '^2' } } },
  default: 'usual',
  rules: [{ if: { attribute: 'plan', equals: 'beta' }, serve: 'canary' }, { rollout: { canary: 50 } }],
  experiment: { metrics: ['basket'] },
};

const of = (key?: string, attributes?: object) =>
  background.with({ values: [flagContextKey.of({ key, ...(attributes && { attributes: { ...attributes } }) })] });

describe('a flag whose variants are options of a policy', () => {
  test('is found by the policy, with its options', async () => {
    const { flags } = await flagsInMemory({ canary, other: {} });
    expect(flags.ofPolicy('inventory').value).toMatchObject({ flag: 'canary', options: canary.variants });
    expect(flags.ofPolicy('catalog').value).toBeUndefined();
  });

  test('answers for the context of a call, else for the key that the call has otherwise', async () => {
    const { flags } = await flagsInMemory({ canary });
    const flag = flags.ofPolicy('inventory').value;
    const variantOf = (key: string) =>
      Object.keys(canary.variants).find((each) => flags.evaluate('canary', undefined, { key }).variant === each);
    for (let user = 0; user < 20; user++) {
      const key = `user-${user}`;
      expect(flag?.variantFor(of(key), 'somebody else')).toBe(variantOf(key));
      expect(flag?.variantFor(background, key)).toBe(variantOf(key));
    }
    expect(flag?.variantFor(background, undefined)).toBe('usual');
    expect(flag?.variantFor(of(undefined, { plan: 'beta' }), undefined)).toBe('canary');
  });

  test('has no variant while it is turned off without saying which', async () => {
    const { flags } = await flagsInMemory({ canary: { ...canary, enabled: false } });
    expect(flags.ofPolicy('inventory').value?.variantFor(of('me'), undefined)).toBeUndefined();
  });

  test('tells whom it gave which variant, as any other', async () => {
    const { flags, events } = await flagsInMemory({ canary });
    const flag = flags.ofPolicy('inventory').value;
    flag?.variantFor(of('me'), undefined);
    flag?.variantFor(of('me'), undefined);
    expect(events.all.filter(({ name }) => name === 'flag.exposed').map(({ data }) => data)).toEqual([
      expect.objectContaining({ flag: 'canary', contextId: 'me' }),
    ]);
  });

  test('is compared by the calls that end under its variants', async () => {
    const { flags } = await flagsInMemory({ canary });
    const flag = flags.ofPolicy('inventory').value;
    for (let call = 0; call < 40; call++) flag?.ended('usual', 'success', 10);
    for (let call = 0; call < 40; call++) flag?.ended('canary', call % 2 === 0 ? 'failure' : 'success', 20);
    flag?.ended('canary', 'ignored', 5);
    flag?.ended('nothing', 'success', 5);
    flags.record('basket', 7, { key: 'me' });
    const [report] = flags.experiments();
    expect(report?.variants.map(({ calls, errors }) => [calls, errors])).toEqual([
      [40, 0],
      [40, 20],
    ]);
    expect(report?.variants[1]?.versusControl).toMatchObject({
      errorRatio: { difference: 0.5, significant: true },
      p95Ratio: 2,
    });
    expect(report?.variants.reduce((sum, { metrics }) => sum + (metrics.basket?.count ?? 0), 0)).toBe(1);
  });

  test('stays the same while an edit changes only who has which variant', async () => {
    const { flags, edit } = await flagsInMemory({ canary });
    const live = flags.ofPolicy('inventory');
    const told: unknown[] = [];
    live.subscribe((flag) => told.push(flag?.options));
    const before = live.value;
    await edit({ canary: { ...canary, rules: [{ serve: 'canary' }] } });
    expect([live.value, told]).toEqual([before, []]);
    expect(before?.variantFor(background, undefined)).toBe('canary');
    const variants = { usual: {}, canary: { timeoutMs: 50 } };
    await edit({ canary: { ...canary, variants } });
    await edit({ moved: { ...canary, variants } });
    await edit({ moved: { ...canary, policy: 'catalog' } });
    expect(told).toEqual([variants, variants, undefined]);
    expect(flags.ofPolicy('catalog').value?.flag).toBe('moved');
  });

  test('shows why its policy does not take it, until its variants change', async () => {
    const { flags, edit } = await flagsInMemory({ canary });
    const refused = () => flags.list().map(({ policy, refused }) => [policy, refused]);
    expect(refused()).toEqual([['inventory', undefined]]);
    flags.ofPolicy('inventory').value?.refused(['timeoutMs must be a number']);
    await edit({ canary: { ...canary, rules: [] } });
    expect(refused()).toEqual([['inventory', ['timeoutMs must be a number']]]);
    await edit({ canary: { ...canary, variants: { usual: {}, canary: { timeoutMs: 5 } } } });
    expect(refused()).toEqual([['inventory', undefined]]);
  });
});

describe('definitions with a policy', () => {
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`v${at}`, {}]));

  test.each([
    [
      'the variants of a flag without any',
      { a: { policy: 'inventory' } },
      /flags\.a\.variants: must be 1 to 10 objects/,
    ],
    [
      'values that are no options',
      { a: { policy: 'inventory', variants: { on: true, off: false } } },
      /must be 1 to 10 objects/,
    ],
    ['too many variants', { a: { policy: 'inventory', variants: eleven } }, /must be 1 to 10 objects/],
    ['a policy that is no name', { a: { policy: 7, variants: { on: {} } } }, /flags\.a\.policy: must be a text/],
    [
      'a policy that follows another flag',
      { a: { policy: 'p', variants: { on: {} } }, b: { policy: 'p', variants: { on: {} } } },
      /flags\.b\.policy: is the policy of "a" already/,
    ],
  ])('refuse %s', async (_, definitions, problem) => {
    await expect(flagsInMemory(definitions)).rejects.toThrow(problem);
  });
});
