import { background, FwkError, makeEnv, type Service } from '@fwk/kernel';
import { leakGuard, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { BreakerHandle } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

type Traits = ConstructorParameters<typeof FwkError>[2];

const errorOf = (traits: NonNullable<Traits>['traits']) => new FwkError('FWK_TEST_ENDED', 'ended', { traits });
const late = errorOf({ timedOut: true, noticedLate: true, retryable: true });
const lateUnsent = errorOf({ timedOut: true, noticedLate: true, retryable: true, notProcessed: true });
const punctual = errorOf({ timedOut: true, retryable: true });
const unavailable = new Error('503');

/** Each step is one end of a call: at the same time as the one before, or so many milliseconds later. */
async function after(steps: readonly (readonly [end: Error | string, afterMs: number])[]): Promise<BreakerHandle> {
  const { clock } = leakGuard();
  const inner = scriptedService<string, string>();
  const layer = circuitBreaker({ name: 'prices', minimumCalls: 4, consecutiveFailures: 4 });
  const service: Service<string, string> = layer.wrap(inner, makeEnv({ clock }));
  for (const [end, afterMs] of steps) {
    await clock.advance(afterMs);
    inner.script(end);
    await service.call('q', background).catch(() => {});
  }
  return layer.latest as BreakerHandle;
}

const times = (count: number, end: Error | string, afterMs: number) =>
  Array.from({ length: count }, () => [end, afterMs] as const);

describe('time-outs that were noticed late', () => {
  test.each([200, 700, 3000])('count once it happened, every %d ms, several times in a row', async (afterMs) => {
    expect((await after(times(5, late, afterMs))).snapshot()).toMatchObject({ state: 'closed', failures: 0 });
    expect((await after(times(9, late, afterMs))).state).toBe('open');
  });

  test('do not count however many are noticed at one time', async () => {
    const steps = [...times(1, late, 700), ...times(200, late, 0)];
    expect((await after(steps)).snapshot()).toMatchObject({ state: 'closed', failures: 0 });
  });

  test.each([
    ['an answer', 'answer'],
    ['an error of the callee', unavailable],
  ])('count anew after %s', async (_what, heard) => {
    const breaker = await after([...times(5, late, 700), [heard, 50], ...times(5, late, 700)]);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', totals: { ignored: 10 } });
  });

  test('go on counting when one was noticed in time, which is no word of the callee', async () => {
    expect((await after([...times(5, late, 700), [punctual, 700], ...times(3, late, 700)])).state).toBe('open');
  });

  test('never count when nothing had been sent', async () => {
    expect((await after(times(50, lateUnsent, 700))).snapshot()).toMatchObject({ state: 'closed', failures: 0 });
  });
});
