import { createDigest } from '@fwk/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingLatency } from './rolling-latency.js';

const WINDOW_MS = 3000;
const SLICES = 6;
const SLICE_MS = WINDOW_MS / SLICES;

test('shows exactly the latencies that lie in the slices of the window', () => {
  const steps = fc.array(fc.record({ passMs: fc.oneof(fc.nat(200), fc.nat(9000)), ms: fc.nat(10_000) }), {
    maxLength: 100,
  });
  fc.assert(
    fc.property(fc.nat(100_000), steps, (startMs, all) => {
      const rolling = new RollingLatency(WINDOW_MS, SLICES);
      const added: { slice: number; ms: number }[] = [];
      let nowMs = startMs;
      for (const { passMs, ms } of all) {
        nowMs += passMs;
        rolling.record(ms, nowMs);
        const slice = Math.floor(nowMs / SLICE_MS);
        added.push({ slice, ms });
        const naive = createDigest();
        for (const each of added) if (each.slice > slice - SLICES) naive.record(each.ms);
        const { meanMs, ...shown } = rolling.digest(nowMs).snapshot();
        expect(shown).toEqual((({ meanMs: _, ...rest }) => rest)(naive.snapshot()));
        expect(meanMs).toBeCloseTo(naive.snapshot().meanMs, 6);
      }
    }),
  );
});

test('forgets everything once the window has passed', () => {
  const rolling = new RollingLatency(WINDOW_MS, SLICES);
  rolling.record(10, 0);
  expect(rolling.digest(2999).count).toBe(1);
  expect(rolling.digest(3000).count).toBe(0);
});

test('counts on when time stands still or goes back', () => {
  const rolling = new RollingLatency(WINDOW_MS, SLICES);
  rolling.record(10, 50_000);
  rolling.record(20, 40_000);
  expect(rolling.digest(50_000).count).toBe(2);
});

test('starts again after it was cleared', () => {
  const rolling = new RollingLatency(WINDOW_MS, SLICES);
  rolling.record(10, 0);
  rolling.clear();
  rolling.record(20, 100);
  expect(rolling.digest(100).snapshot()).toMatchObject({ count: 1, minMs: 20 });
});
