import { makeEnv } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { Exposures, longestExposedKey } from './exposures.js';

const half = { default: 'off', rules: [{ rollout: { on: 100 } }] };

const exposed = (events: { readonly all: readonly { readonly name: string; readonly data: object }[] }) =>
  events.all.filter(({ name }) => name === 'flag.exposed').map(({ data }) => data);

test('are told once for a flag, a variant and a key in a window', async () => {
  const { flags, events, clock, edit } = await flagsInMemory({ f: half, g: half }, { exposureWindowMs: 1000 });
  for (let time = 0; time < 3; time++) {
    flags.value('f', false, { key: 'me' });
    flags.value('f', false, { key: 'you' });
    flags.value('g', false, { key: 'me' });
  }
  expect(exposed(events)).toEqual([
    { flag: 'f', variant: 'on', reason: 'SPLIT', contextId: 'me' },
    { flag: 'f', variant: 'on', reason: 'SPLIT', contextId: 'you' },
    { flag: 'g', variant: 'on', reason: 'SPLIT', contextId: 'me' },
  ]);
  await edit({ f: { default: 'off', rules: [{ serve: 'off' }] }, g: half });
  flags.value('f', false, { key: 'me' });
  await edit({ f: half, g: half });
  flags.value('f', false, { key: 'me' });
  expect(exposed(events).slice(3)).toEqual([{ flag: 'f', variant: 'off', reason: 'TARGETING_MATCH', contextId: 'me' }]);
  await clock.advance(1000);
  flags.value('f', false, { key: 'me' });
  expect(exposed(events)).toHaveLength(5);
});

test('tell of those outside of a roll-out too, and of nobody where it says nothing', async () => {
  const { flags, events } = await flagsInMemory({
    f: { default: 'off', rules: [{ rollout: { on: 0 } }] },
    still: { default: 'on' },
    quiet: { ...half, exposures: false },
    bare: { rules: [{ rollout: { on: 0 } }] },
    out: { ...half, enabled: false, off: 'off' },
  });
  for (const name of ['f', 'still', 'quiet', 'bare', 'out']) flags.value(name, false, { key: 'me' });
  for (const context of [{}, { key: 'k'.repeat(longestExposedKey + 1) }]) flags.value('f', false, context);
  flags.explain('f', { key: 'you' });
  expect(exposed(events)).toEqual([{ flag: 'f', variant: 'off', reason: 'DEFAULT', contextId: 'me' }]);
});

test('are not told at all where none is remembered', async () => {
  const { flags, events } = await flagsInMemory({ f: half }, { maxExposures: 0 });
  expect(flags.value('f', false, { key: 'me' })).toBe(true);
  expect(exposed(events)).toEqual([]);
});

test('that are remembered never exceed their bound, and the oldest goes first', async () => {
  const { flags, events } = await flagsInMemory({ f: half, g: half }, { maxExposures: 3 });
  const ask = (flag: string, key: string) => {
    flags.value(flag, false, { key });
    return exposed(events).length;
  };
  expect([ask('f', '1'), ask('g', '2'), ask('f', '3'), ask('f', '1')]).toEqual([1, 2, 3, 3]);
  expect([ask('f', '4'), ask('g', '2'), ask('f', '3')]).toEqual([4, 4, 4]);
  expect(ask('f', '1')).toBe(5);
});

test('leave nothing behind: of flags that are no more, of windows that are over, after disposal', async () => {
  const guard = leakGuard();
  const exposures = new Exposures(1000, 5);
  let told = 0;
  exposures.tellTo(makeEnv({ clock: guard.clock, events: { emit: () => void told++ } }));
  const tell = (key: string) => {
    const outcome = { variant: 'on', reason: 'SPLIT', answer: undefined, told: exposures.among('f', 'on') } as const;
    exposures.tell('f', outcome, key);
  };
  for (let index = 0; index < 20; index++) tell(`k${index}`);
  expect([exposures.size, exposures.among('f', 'on').size, told]).toEqual([5, 5, 20]);
  await guard.clock.advance(500);
  tell('late');
  await guard.clock.advance(500);
  expect([exposures.size, [...exposures.among('f', 'on')]]).toEqual([1, ['late']]);
  await guard.clock.advance(510);
  expect(exposures.size).toBe(0);
  guard.check();
  tell('last');
  exposures.keepOnly(new Map());
  expect(exposures.among('f', 'on').size).toBe(0);
  exposures[Symbol.dispose]();
  tell('never');
  expect(told).toBe(22);
  guard.check();
});

test('are told each time where the window is 0', async () => {
  const { flags, events } = await flagsInMemory({ f: half }, { exposureWindowMs: 0 });
  for (let time = 0; time < 3; time++) flags.value('f', false, { key: 'me' });
  expect(exposed(events)).toHaveLength(3);
});
