import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { LoadGauge } from './load-gauge.js';

test('tells the calls in flight and how long the next one will take beside them', async () => {
  const clock = fakeClock();
  const gauge = new LoadGauge(clock);
  expect([gauge.inFlight, gauge.latencyMs]).toEqual([0, 0]);
  const first = gauge.begin();
  const second = gauge.begin();
  await clock.advance(20);
  gauge.answered(20, first);
  // Alone it took 20 ms, and there is one beside which the next would be.
  expect([gauge.inFlight, gauge.latencyMs]).toEqual([1, 40]);
  gauge.answered(20, second);
  // Of the same moment: no time has passed that would let the first one count less.
  expect([gauge.inFlight, gauge.latencyMs]).toEqual([0, 20]);
});

test('forgets what was long ago', async () => {
  const clock = fakeClock();
  const gauge = new LoadGauge(clock);
  gauge.answered(100, gauge.begin());
  await clock.advance(1000);
  gauge.answered(10, gauge.begin());
  expect(gauge.latencyMs).toBeCloseTo(100 / Math.E + 10 * (1 - 1 / Math.E), 6);
});

test('does not take the time of a call that was not answered as it should be', () => {
  const gauge = new LoadGauge(fakeClock());
  gauge.answered(10, gauge.begin());
  gauge.begin();
  gauge.ended();
  expect([gauge.inFlight, gauge.latencyMs]).toEqual([0, 10]);
});
