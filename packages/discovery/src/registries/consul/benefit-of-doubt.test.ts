import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { BenefitOfDoubt } from './benefit-of-doubt.js';

test('is given for half a minute from when a check was first seen to say nothing, each time anew', async () => {
  const clock = fakeClock();
  const doubt = new BenefitOfDoubt(clock);
  const has = (...ids: string[]) => doubt.during((given) => ids.map(given));
  expect(has('a')).toEqual([true]);
  await clock.advance(20_000);
  expect(has('a', 'b')).toEqual([true, true]);
  expect(doubt.endsInMs).toBe(10_000);
  await clock.advance(10_000);
  expect(has('a', 'b')).toEqual([false, true]);
  expect(doubt.endsInMs).toBe(20_000);
  await clock.advance(60_000);
  expect(has('a', 'b')).toEqual([false, false]);
  expect(doubt.endsInMs).toBeUndefined();
  has();
  expect(has('a')).toEqual([true]);
});
