import { expect, test, vi } from 'vitest';
import { retryStorm } from './retry-storm.js';

const named = (name: string) => retryStorm.cases.find((each) => each.name === name)!;

test('gives the same figures for the same seed, whatever the real time is and however long it takes', async () => {
  const storm = named('3 deep, 3 attempts by hand');
  const first = await storm.simulate(7);
  const readings = [
    vi.spyOn(Date, 'now').mockImplementation(() => 0),
    vi.spyOn(performance, 'now').mockImplementation(() => 5e9),
    vi.spyOn(Math, 'random').mockImplementation(() => 0.5),
  ];
  const timers = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setImmediate')];
  try {
    expect(await storm.simulate(7)).toEqual(first);
    for (const spy of [...readings, ...timers]) expect(spy).not.toHaveBeenCalled();
    expect(await storm.simulate(8)).not.toEqual(first);
  } finally {
    for (const spy of [...readings, ...timers]) spy.mockRestore();
  }
});

test('multiplies by three on each link when attempts are made by hand', async () => {
  const { amplification } = await named('3 deep, 3 attempts by hand').simulate(1);
  expect(amplification).toBeCloseTo(27, 5);
});
