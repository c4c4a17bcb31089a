import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeCalls, makePacedCalls } from './calls.mjs';

test('makes as many calls as it is told, and never more of them at once than it is told', async () => {
  let [made, underWay, most] = [0, 0, 0];
  const { rps, p50Us, p99Us } = await makeCalls(
    async () => {
      made++;
      most = Math.max(most, ++underWay);
      await sleep(2);
      underWay--;
    },
    { calls: 25, concurrency: 4 },
  );
  expect([made, most]).toEqual([25, 4]);
  expect(p50Us).toBeGreaterThan(1000);
  expect(p99Us).toBeGreaterThanOrEqual(p50Us);
  expect(rps).toBeLessThan(4000);
});

test('counts the time of a paced call from when it was due, though the one before it held up the process', async () => {
  let made = 0;
  const { p99Us } = await makePacedCalls(
    async () => {
      if (++made !== 5) return;
      const untilMs = performance.now() + 60;
      while (performance.now() < untilMs);
    },
    { perSecond: 200, durationMs: 200 },
  );
  expect(made).toBe(40);
  expect(p99Us).toBeGreaterThan(50_000);
});

test('fails when a call does', async () => {
  const wrong = async () => {
    throw new Error('a wrong answer');
  };
  await expect(makeCalls(wrong, { calls: 2, concurrency: 2 })).rejects.toThrow('a wrong answer');
});
