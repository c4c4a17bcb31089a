import { describe, expect, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { configSourceContract } from '../testing/source-contract.js';
import { argumentsSource } from './arguments.js';

describe('the command line', () => {
  for (const { name, run } of configSourceContract({
    open: () => ({
      source: argumentsSource(['run', '--set', 'shop.maxItems=5', '--set=greeting=a=b', '--verbose']),
      says: { shop: { maxItems: 5 }, greeting: 'a=b' },
    }),
  })) {
    test(name, run);
  }

  test('overrides everything, and is named', async () => {
    const config = await loadConfig({
      environment: { source: { FWK_A: '1' } },
      arguments: ['--set', 'a=2', '--', '--set', 'a=3'],
    });
    expect(config.current.value).toEqual({ a: 2 });
    expect(config.explain('a').winner?.where).toBe('argument --set a');
  });

  test.each([[['--set']], [['--set', 'hunter2']], [['--set==hunter2']]])(
    '%j is refused without being quoted',
    async (args) => {
      const failure = loadConfig({ environment: false, arguments: args });
      await expect(failure).rejects.toMatchObject({
        code: 'FWK_CONFIG_SYNTAX',
        message: expect.not.stringContaining('hunter2'),
      });
    },
  );
});
