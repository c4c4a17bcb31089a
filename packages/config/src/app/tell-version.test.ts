import { type InstanceFacts, instanceFactsToken, liveValue, makeEnv } from '@fwk/kernel';
import { componentBench, fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { memorySource } from '../sources/memory.js';
import { config } from './component.js';
import { loadConfig } from './load-config.js';
import { tellVersion } from './tell-version.js';

test('tells version and hash at once, and after a change about a second later, once for several', async () => {
  const clock = fakeClock();
  const env = makeEnv({ clock, random: () => 0.5 });
  const store = memorySource('store', { a: 1 });
  const settings = await loadConfig({ sources: [store], environment: false }, env);
  const facts = liveValue<InstanceFacts>({ colour: 'blue' });
  const said: InstanceFacts[] = [];
  facts.subscribe((value) => said.push(value));
  const telling = tellVersion(settings, env, facts);
  expect(facts.value).toEqual({ colour: 'blue', 'config-version': '1', 'config-hash': settings.hash });
  const change = async (a: number) => {
    store.set({ a });
    await settings.reload();
  };
  await change(2);
  await change(3);
  await clock.advance(999);
  expect(said).toHaveLength(1);
  await clock.advance(1);
  expect(said).toHaveLength(2);
  expect(facts.value).toEqual({ colour: 'blue', 'config-version': '3', 'config-hash': settings.hash });
  await change(4);
  telling[Symbol.dispose]();
  await settings[Symbol.asyncDispose]();
  await clock.advance(5000);
  expect(said).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test('config() tells them of its application', async () => {
  const bench = componentBench(config({ defaults: { a: 1 }, environment: false }));
  await bench.start();
  expect(bench.get(instanceFactsToken).value).toEqual({
    'config-version': '1',
    'config-hash': expect.stringMatching(/^[0-9a-f]{12}$/),
  });
  await bench.stop();
});
