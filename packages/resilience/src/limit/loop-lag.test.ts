import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { LoopLag } from './loop-lag.js';

/** A clock whose timers ring late, as they do when the event loop is busy. */
function build(lateMs: readonly number[]) {
  const clock = fakeClock();
  const late = [...lateMs];
  const lag = new LoopLag({
    ...clock,
    setTimer: (ring, delayMs) => clock.setTimer(ring, delayMs + (late.shift() ?? 0)),
  });
  return { clock, lag };
}

test('means how late its timers ring, beyond what timers always are', async () => {
  const { clock, lag } = build([0.5, 21, 11]);
  for (let probe = 0; probe < 3; probe++) {
    lag.probe(clock.now());
    await clock.advance(50);
  }
  expect(lag.take()).toBe(10);
  expect(lag.take()).toBe(0);
});

test('measures once at a time', () => {
  const { clock, lag } = build([]);
  lag.probe(0);
  lag.probe(1);
  expect(clock.pending).toBe(1);
});

test('leaves no timer when it is stopped, and can start again', async () => {
  const { clock, lag } = build([30, 41]);
  lag.probe(0);
  lag.stop();
  lag.stop();
  expect(clock.pending).toBe(0);
  lag.probe(clock.now());
  await clock.advance(100);
  expect(lag.take()).toBe(40);
});
