import { background, makeEnv } from '@fwk/kernel';
import { componentBench, leakGuard } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { config } from '../app/component.js';
import { memorySource } from '../sources/memory.js';
import { flagsToken } from './flags.js';

const definitions = {
  base: { default: 'on' },
  theme: {
    description: 'Colours',
    owner: 'team-shop',
    variants: { dark: 'd', light: 'l' },
    default: 'light',
    requires: { base: 'on' },
    rules: [
      {
        name: 'germany',
        if: {
          all: [
            { attribute: 'company.country', in: ['DE'] },
            { attribute: 'age', atLeast: 18 },
          ],
        },
        serve: 'dark',
      },
      { rollout: { dark: 30 } },
    ],
    expires: '2020-01-01',
  },
  secret: {
    variants: { a: { apiKey: 'hunter2' } },
    default: 'a',
    rules: [{ if: { attribute: 'password', equals: 'hunter2' }, serve: 'a' }],
  },
};

async function running(flags: object = definitions) {
  const guard = leakGuard();
  const source = memorySource('store', { flags });
  const component = config({ sources: [source], environment: false });
  const bench = componentBench(component, { env: makeEnv({ clock: guard.clock }) });
  await bench.steps.start?.(bench.context);
  const stop = async () => {
    await bench.steps.stop?.(bench.context);
    guard.check();
  };
  return { ...bench, source, stop };
}

describe('/manage/flags', () => {
  test('leaves out attributes that lie deeper than any condition looks', async () => {
    const { manage, stop } = await running();
    const query = { [`${'a.'.repeat(8000)}b`]: '1', 'company.country': 'DE' };
    expect(manage('flags/:name', { parameter: 'base', query })).toMatchObject({
      attributes: { company: { country: 'DE' } },
      variant: 'on',
    });
    await stop();
  });

  test('lists all flags', async () => {
    const { manage, stop } = await running();
    expect(manage('flags')).toMatchObject({
      version: 1,
      expired: ['theme'],
      flags: [
        { name: 'base', kind: 'boolean', enabled: true, variants: ['on', 'off'], expired: false },
        {
          name: 'theme',
          kind: 'string',
          rules: ['germany', 'rule 2'],
          requires: ['base'],
          owner: 'team-shop',
          expired: true,
        },
        { name: 'secret' },
      ],
    });
    await stop();
  });

  test('explains each step for the context in the query, also those that are not reached', async () => {
    const { manage, stop } = await running();
    const query = { targetingKey: 'user-1', 'company.country': 'DE', age: '30', name: "'7'" };
    expect(manage('flags/:name', { parameter: 'theme', query })).toEqual({
      flag: 'theme',
      where: 'store',
      contextId: 'user-1',
      attributes: { company: { country: 'DE' }, age: 30, name: '7' },
      value: 'd',
      variant: 'dark',
      reason: 'TARGETING_MATCH',
      steps: [
        { step: 'enabled', holds: true },
        { step: 'requires', flag: 'base', wanted: ['on'], variant: 'on', holds: true },
        {
          step: 'rule',
          rule: 'germany',
          condition: {
            all: [
              {
                attribute: 'company.country',
                actual: 'DE',
                tests: [{ operator: 'in', operand: ['DE'], holds: true }],
                holds: true,
              },
              { attribute: 'age', actual: 30, tests: [{ operator: 'atLeast', operand: 18, holds: true }], holds: true },
            ],
            holds: true,
          },
          rollout: undefined,
          variant: 'dark',
          decides: true,
        },
        {
          step: 'rule',
          rule: 'rule 2',
          condition: undefined,
          rollout: {
            by: 'targetingKey',
            stickyTo: 'user-1',
            place: expect.any(Number),
            of: 100_000,
            stretches: [{ variant: 'dark', from: 0, to: 30_000 }],
          },
          variant: undefined,
          decides: false,
        },
        { step: 'default', decides: false, variant: 'light' },
      ],
    });
    const without = manage('flags/:name', { parameter: 'theme', query: {} });
    expect(without).toMatchObject({ variant: 'light', reason: 'DEFAULT' });
    expect(JSON.stringify(without)).toContain('"attribute":"company.country","actual":null');
    await stop();
  });

  test('shows no secrets, of definitions or of the context', async () => {
    const { manage, stop } = await running();
    const shown = [manage('flags'), manage('flags/:name', { parameter: 'secret', query: { password: 'hunter2' } })];
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(JSON.stringify(shown)).toContain('******');
    await stop();
  });

  test('says which flags there are when it is asked for another', async () => {
    const { manage, stop } = await running();
    for (const [parameter, hint] of [
      ['themes', 'perhaps "theme" is meant'],
      ['__proto__', 'known: base, theme, secret'],
      ['', 'known: base, theme, secret'],
    ]) {
      expect(() => manage('flags/:name', { parameter, query: {} })).toThrow(
        expect.objectContaining({
          code: 'FWK_CONFIG_FLAG_UNKNOWN',
          status: 404,
          message: expect.stringContaining(hint ?? ''),
        }),
      );
    }
    await stop();
  });
});

test('an application has its flags from start to after stop, and names expired ones in its health', async () => {
  const { get, steps, source, stop } = await running();
  const flags = get(flagsToken);
  expect(flags.value('theme', '', { key: 'x', attributes: {} })).toMatch(/^[dl]$/);
  const indicator = steps.health?.().find(({ name }) => name === 'flags');
  expect(await indicator?.check(background)).toEqual({ status: 'UP', details: { expired: ['theme'] } });
  source.set({ flags: { base: { default: 'off' } } });
  await expect.poll(() => flags.value('base', true)).toBe(false);
  expect(await indicator?.check(background)).toEqual({ status: 'UP' });
  await stop();
  expect(flags.value('base', true)).toBe(false);
});

test('bad flags end the start with every problem, and leave nothing behind', async () => {
  const guard = leakGuard();
  const source = memorySource('store', { flags: { a: { default: 'x' }, b: { rules: [{}] } } });
  const bench = componentBench(config({ sources: [source], environment: false }), {
    env: makeEnv({ clock: guard.clock }),
  });
  await expect(bench.steps.start?.(bench.context)).rejects.toMatchObject({
    code: 'FWK_CONFIG_INVALID',
    issues: [{ path: 'flags.a.default' }, { path: 'flags.b.rules.0' }],
  });
  expect(source.watchers).toBe(0);
  guard.check();
});

test('flags can be left out, where the name means something else', async () => {
  const bench = componentBench(config({ defaults: { flags: 'black, red, gold' }, environment: false, flags: false }));
  await bench.start();
  expect(bench.find(flagsToken)).toBeUndefined();
  expect(bench.steps.manage?.().map(({ path }) => path)).not.toContain('flags');
  await bench.stop();
  expect(() => config({ flags: { maxExposures: -1 } })).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
  );
});
