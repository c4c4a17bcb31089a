import { liveValue, makeEnv, type StandardSchema } from '@fwk/kernel';
import { leakGuard, seededRandom } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import type { ConfigSource } from '../source/source.js';

/** Both halves always have the same round, and the sum is right: a torn or invalid value would show. */
interface Pair {
  readonly one: { readonly round: number };
  readonly other: { readonly round: number; readonly double: number };
}

const schema: StandardSchema<unknown, Pair> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      isGood(value as Pair) ? { value: value as Pair } : { issues: [{ message: 'torn', path: ['one'] }] },
  },
};

function isGood({ one, other }: Partial<Pair>): boolean {
  return one !== undefined && one.round === other?.round && other.double === 2 * one.round;
}

test('10 000 random edits, half of them invalid, never show one of 1000 readers anything invalid or torn', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(7);
  const guard = leakGuard();
  const pair = (round: number): object => ({ one: { round }, other: { round, double: 2 * round } });
  const said = liveValue<object | Error>(pair(0));
  const store: ConfigSource = {
    name: 'store',
    async load() {
      if (said.value instanceof Error) throw said.value;
      return { tree: said.value };
    },
    watch: () => ({ [Symbol.dispose]() {} }),
  };
  const config = await loadConfig<Pair>(
    { schema, sources: [store], environment: false },
    makeEnv({ clock: guard.clock }),
  );
  let bad = 0;
  let told = 0;
  const readers = Array.from({ length: 1000 }, (_, index) => {
    const part =
      index % 2 === 0 ? config.live((settings) => settings.one.round) : config.live((settings) => settings.other.round);
    return part.subscribe((round) => {
      told++;
      if (round !== config.current.value.one.round || !isGood(config.current.value)) bad++;
    });
  });
  const faults: ((round: number) => object | Error)[] = [
    () => new Error('unreachable'),
    (round) => ({ one: { round }, other: { round: round - 1, double: 2 * round } }),
    (round) => ({ one: { round } }),
    () => ({ one: null, other: 'x' }),
    (round) => ({ one: { round: `${'$'}{no.such}` }, other: { round, double: 2 * round } }),
  ];
  let last = 0;
  for (let round = 1; round <= 10_000; round++) {
    const fault = faults[Math.floor(random() * 2 * faults.length)];
    // Most good edits change nothing, as when a file is saved again.
    if (!fault && random() < 0.2) last = round;
    said.set(fault ? fault(round) : pair(last));
    await config.reload();
    if (config.current.value.one.round !== last || (fault !== undefined) !== (config.lastRefusal !== undefined)) bad++;
  }
  expect(bad).toBe(0);
  expect(config.current.value).toEqual(pair(last));
  expect(told).toBe((config.version - 1) * 1000);
  expect(config.version).toBeGreaterThan(800);
  for (const reader of readers) reader[Symbol.dispose]();
  await config[Symbol.asyncDispose]();
  guard.check();
});
