/** What the opossum object of a breaker does when somebody uses it as they would a breaker of opossum itself. */
import { liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { BreakerOptions } from './breaker-options.js';
import { circuitBreaker } from './circuit-breaker.js';
import type { OpossumEngine } from './opossum.js';

function build(options: Partial<BreakerOptions> = {}) {
  const layer = circuitBreaker({ minimumCalls: 2, ...options });
  const call = layer.wrap(
    async (error?: Error) => {
      if (error) throw error;
    },
    makeEnv({ clock: fakeClock() }),
  );
  const fail = () => call(new Error('down')).catch((error: Error) => error.name);
  return { layer, fail, engine: layer.engine as OpossumEngine, breaker: layer.latest! };
}

describe('the opossum object', () => {
  test('forgets nothing when it is told to close while it is closed, as a health check may every second', async () => {
    const { fail, engine, breaker } = build();
    await fail();
    engine.close();
    await fail();
    expect(breaker.state).toBe('open');
    engine.close();
    expect(breaker.state).toBe('closed');
  });

  test.each(['disabled', 'forced-closed', 'metrics-only'] as const)('leaves a breaker that is %s so', (state) => {
    const { engine, breaker } = build();
    breaker.force(state);
    engine.close();
    engine.open();
    expect(breaker.state).toBe(state);
  });

  test.each([
    ['fallback', /fallback layer/],
    ['clearCache', /cache layer/],
    ['healthCheck', /health indicator/],
    ['fire', /wrapped service/],
    ['call', /wrapped service/],
  ] as const)('says of %s that it does nothing here, and what does', async (method, instead) => {
    const { engine } = build();
    const called = async () => (Reflect.get(engine, method) as (given: unknown) => unknown).call(engine, () => 1);
    await expect(called()).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_ENGINE_METHOD',
      message: expect.stringMatching(instead),
      details: { method },
    });
    expect(engine.stats).toMatchObject({ fires: 0, failures: 0 });
  });

  test.each([
    ['closed', { opened: false, closed: true, halfOpen: false, enabled: true }],
    ['open', { opened: true, closed: false, halfOpen: false, enabled: true }],
    ['half-open', { opened: false, closed: false, halfOpen: true, enabled: true }],
    ['forced-open', { opened: true, closed: false, halfOpen: false, enabled: true }],
    ['disabled', { opened: false, closed: true, halfOpen: false, enabled: false }],
  ] as const)('has the state of a breaker that is %s by the time it is first asked for', async (state, shown) => {
    const clock = fakeClock();
    const layer = circuitBreaker({ minimumCalls: 2, openMs: 100, halfOpenPermits: 1 });
    const call = layer.wrap(async (work: Promise<void>) => work, makeEnv({ clock }));
    const breaker = layer.latest!;
    let end: (() => void) | undefined;
    const fail = () => call(Promise.reject(new Error('down'))).catch(() => {});
    if (state === 'forced-open' || state === 'disabled') breaker.force(state);
    else if (state !== 'closed') await Promise.all([fail(), fail()]);
    if (state === 'half-open') {
      await clock.advance(200);
      call(new Promise((resolve) => (end = resolve))).catch(() => {});
    }
    expect(breaker.state).toBe(state);
    const { opened, closed, halfOpen, enabled } = breaker.engine;
    expect({ opened, closed, halfOpen, enabled }).toEqual(shown);
    end?.();
  });

  test('counts calls from before it was first asked for', async () => {
    const layer = circuitBreaker({ minimumCalls: 5 });
    const call = layer.wrap(async () => 1, makeEnv({ clock: fakeClock() }));
    await call();
    expect(layer.latest!.engine.stats).toMatchObject({ fires: 1, successes: 1 });
  });

  test('tells minimumCalls as the threshold of its volume', () => {
    const minimumCalls = liveValue(7);
    const { engine } = build({ minimumCalls });
    minimumCalls.set(9);
    expect(engine.volumeThreshold).toBe(9);
  });
});
