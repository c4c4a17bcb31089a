/** When a breaker opens, closes and opens again: each threshold at its boundary, the warm-up, probes judged together. */
import { background, liveValue, makeEnv } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerHandle } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

const small: Partial<BreakerOptions> = { name: 'prices', minimumCalls: 4, openMs: 1000, openJitter: 0 };

function build(options: Partial<BreakerOptions> = {}) {
  const guard = leakGuard();
  const { clock } = guard;
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const layer = circuitBreaker({ ...small, ...options });
  const service = layer.wrap(inner, makeEnv({ clock, random: () => 0, events }));
  const breaker = layer.latest as BreakerHandle;
  /** Makes calls that end at once: `+` succeeds, `-` fails. */
  const calls = async (outcomes: string) => {
    for (const outcome of outcomes) {
      inner.script(outcome === '+' ? 'answer' : new Error('down'));
      await service.call('q', background).catch(() => {});
    }
    return breaker.state;
  };
  const taking = async (ms: number) => {
    const call = service.call('q', background);
    await clock.advance(ms);
    inner.waiting[0]?.succeed('answer');
    await call;
    return breaker.state;
  };
  const begin = () => service.call('q', background).catch((error: Error) => error);
  return { clock, inner, layer, service, breaker, events, calls, taking, begin };
}

describe('at its threshold', () => {
  test.each<[string, Partial<BreakerOptions>, below: string, at: string]>([
    ['failures / calls >= failureRatio', { failureRatio: 0.5 }, '++-', '-'],
    ['failures / calls >= failureRatio of a third', { failureRatio: 1 / 3, minimumCalls: 3 }, '++', '-'],
    ['failures / calls >= failureRatio 1, when all failed', { failureRatio: 1 }, '---', '-'],
    ['calls >= minimumCalls', { minimumCalls: 5 }, '----', '-'],
    ['failures in a row >= consecutiveFailures', { consecutiveFailures: 3, minimumCalls: 100 }, '--+--', '-'],
  ])('a breaker opens when %s', async (_, options, below, at) => {
    const { calls } = build(options);
    expect(await calls(below)).toBe('closed');
    expect(await calls(at)).toBe('open');
  });

  test('a breaker with failureRatio 1 stays closed while one of all calls succeeds', async () => {
    expect(await build({ failureRatio: 1 }).calls('+-----------')).toBe('closed');
  });

  test('a call is slow when it takes longer than slowCallMs, and slow calls open by slow / calls >= slowCallRatio', async () => {
    const { taking, breaker } = build({ slowCallMs: 100, slowCallRatio: 0.5, minimumCalls: 2 });
    await taking(100);
    expect(breaker.snapshot().slow).toBe(0);
    expect(await taking(101)).toBe('open');
  });

  test('a breaker probes as soon as openMs has passed', async () => {
    const { calls, clock } = build();
    await calls('----');
    await clock.advance(999);
    expect(await calls('+')).toBe('open');
    await clock.advance(1);
    expect(await calls('+')).toBe('half-open');
  });

  test('a probe hangs when it takes longer than probeTimeoutMs', async () => {
    const { calls, clock, taking } = build({ probeTimeoutMs: 50 });
    await calls('----');
    await clock.advance(1000);
    expect(await taking(50)).toBe('half-open');
    expect(await taking(51)).toBe('open');
  });
});

describe('a breaker that warms up', () => {
  test('opens by no rule, counts and shows, and begins anew when the time is over', async () => {
    const { calls, clock, breaker, events } = build({ warmUpMs: 5000, consecutiveFailures: 3 });
    expect(await calls('----------')).toBe('closed');
    expect(breaker.snapshot()).toMatchObject({ warmingUp: true, calls: 10, failures: 10 });
    await clock.advance(4999);
    expect(await calls('-')).toBe('closed');
    await clock.advance(1);
    expect(breaker.snapshot().warmingUp).toBe(false);
    expect(await calls('--')).toBe('closed');
    expect(breaker.snapshot()).toMatchObject({ calls: 2, consecutiveFailures: 2 });
    expect(await calls('-')).toBe('open');
    expect(events.names).toEqual(['breaker.opened']);
  });

  test('does so once: closing and resetting begin no other warm-up', async () => {
    const { calls, clock, breaker } = build({ warmUpMs: 100 });
    await clock.advance(100);
    expect(await calls('----')).toBe('open');
    breaker.reset();
    expect(await calls('----')).toBe('open');
  });

  test('may be opened by hand, and says nothing while it only measures', async () => {
    const { calls, breaker, events } = build({ warmUpMs: 100 });
    breaker.force('metrics-only');
    await calls('--------');
    expect(events.names).toEqual(['breaker.forced']);
    breaker.force('forced-open');
    expect(breaker.state).toBe('forced-open');
  });

  test('takes a longer or shorter time while it warms up', async () => {
    const warmUpMs = liveValue(1000);
    const { calls, clock } = build({ warmUpMs });
    await clock.advance(500);
    warmUpMs.set(400);
    expect(await calls('----')).toBe('open');
  });

  test('is shown, also as opossum shows it', async () => {
    const { layer, clock } = build({ warmUpMs: 100 });
    expect(layer.describe()).toMatchObject({ warmUpMs: 100 });
    expect(layer.engine?.toJSON().state).toMatchObject({ warmUp: true });
    await clock.advance(100);
    expect(layer.engine?.toJSON().state).toMatchObject({ warmUp: false });
  });
});

describe('probes that are judged together', () => {
  async function halfOpen(options: Partial<BreakerOptions>) {
    const bench = build({ halfOpenPermits: 10, halfOpenFailureRatio: 0.5, ...options });
    await bench.calls('----');
    await bench.clock.advance(1000);
    return bench;
  }

  test.each<[string, Partial<BreakerOptions>, probes: string, state: string]>([
    ['closes when too few are left to reach the ratio', {}, '----++++++', 'closed'],
    ['goes on while it may still go either way', {}, '----+++++', 'half-open'],
    ['opens again when the ratio is reached exactly', {}, '-+-+-+-+-', 'open'],
    ['opens again only when all fail', { halfOpenFailureRatio: 1, halfOpenPermits: 3 }, '---', 'open'],
    ['closes at the first success', { halfOpenFailureRatio: 1, halfOpenPermits: 3 }, '--+', 'closed'],
    ['opens at the first failure', { halfOpenFailureRatio: 0.1 }, '++-', 'open'],
    ['judges a single one', { halfOpenPermits: 1 }, '+', 'closed'],
  ])('%s', async (_, options, probes, state) => {
    expect(await (await halfOpen(options)).calls(probes)).toBe(state);
  });

  test('say in the record how many failed', async () => {
    const { calls, breaker } = await halfOpen({});
    await calls('-----');
    expect(breaker.opening).toMatchObject({ rule: 'probe-failed', measured: 0.5, threshold: 0.5, times: 2 });
  });

  test('are as many as permitted in all; more are refused until they are judged', async () => {
    const { inner, begin, calls, breaker, clock } = await halfOpen({ halfOpenPermits: 3 });
    const probes = [begin(), begin(), begin()];
    expect(await begin()).toMatchObject({ message: expect.stringMatching(/3 of 3 probes in flight, 0 have ended/) });
    inner.waiting[0]?.fail(new Error('down'));
    await clock.settle();
    expect(await begin()).toMatchObject({ details: { probesInFlight: 2, probesEnded: 1, halfOpenPermits: 3 } });
    for (const waiting of [...inner.waiting]) waiting.succeed('answer');
    await Promise.all(probes);
    expect(breaker.state).toBe('closed');
    expect(await calls('+')).toBe('closed');
  });

  test('count slow ones as failed, and those that their callers gave up not at all', async () => {
    const slow = await halfOpen({ halfOpenPermits: 2, slowCallMs: 10 });
    expect(await slow.taking(11)).toBe('open');
    const { service, breaker, calls } = await halfOpen({ halfOpenPermits: 2 });
    const { context, cancel } = leakGuard().context();
    const given = service.call('q', context).catch(() => {});
    cancel(new Error('gone'));
    await given;
    expect(breaker.state).toBe('half-open');
    expect(await calls('++')).toBe('closed');
  });

  test('count hung ones as failed when nobody else may try', async () => {
    const { begin, calls, clock, breaker } = await halfOpen({ halfOpenPermits: 3, probeTimeoutMs: 100 });
    void begin();
    void begin();
    await clock.advance(101);
    expect(await calls('+')).toBe('half-open');
    await clock.advance(101);
    expect(await begin()).toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    expect(breaker.opening).toMatchObject({ rule: 'probe-failed', measured: 2 / 3, threshold: 0.5 });
  });

  test('do not wait for hung ones that can change nothing any more', async () => {
    const { begin, calls } = await halfOpen({ halfOpenPermits: 3, probeTimeoutMs: 100 });
    void begin();
    expect(await calls('++')).toBe('closed');
  });

  test('decide also when fewer are permitted meanwhile than have ended', async () => {
    const halfOpenPermits = liveValue(10);
    const { calls, breaker } = await halfOpen({ halfOpenPermits, halfOpenFailureRatio: 0.5 });
    await calls('+-+-');
    halfOpenPermits.set(2);
    expect(await calls('+')).toBe('closed');
    expect(breaker.snapshot().calls).toBe(0);
  });

  test('are judged so from the next probe on when the option changes', async () => {
    const halfOpenFailureRatio = liveValue<number | undefined>(undefined);
    const { calls, layer } = await halfOpen({ halfOpenFailureRatio });
    expect(layer.describe()).toMatchObject({ successesToClose: 3 });
    halfOpenFailureRatio.set(0.5);
    expect(layer.describe()).toMatchObject({ halfOpenFailureRatio: 0.5 });
    expect(await calls('-')).toBe('half-open');
  });

  test.each([0, 1.1, -1, Number.NaN, '0.5', null])('refuses %j as a ratio', (halfOpenFailureRatio) => {
    expect(() => circuitBreaker({ halfOpenFailureRatio: halfOpenFailureRatio as never })).toThrowError(
      /halfOpenFailureRatio must be a number above 0 and up to 1/,
    );
  });
});
