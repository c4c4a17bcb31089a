import { attemptKey, FwkError, makeEnv, type Service } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import { hedge } from './hedge.js';
import type { HedgeOptions } from './hedge-options.js';

const down = new Error('down');

function build(options: Partial<HedgeOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, path: 'shop' });
  const layer = hedge({ delayMs: 50, maxExtraRatio: 1, idempotent: true, ...options });
  const service: Service<string, string> = layer.wrap(inner, env);
  const call = (context = guard.context().context) => service.call('q', context).catch((error: unknown) => error);
  /** Calls that are paid in, so that several extra attempts can be paid for. */
  const save = async (calls: number) => {
    inner.script(...Array.from({ length: calls }, () => 'paid'));
    for (let at = 0; at < calls; at++) await call();
  };
  return { guard, clock: guard.clock, inner, events, call, save };
}

describe('more than one hedge', () => {
  test('is sent one delay after the other, up to maxHedges', async () => {
    const { guard, clock, inner, call, save } = build({ maxHedges: 2 });
    await save(5);
    const outcome = call();
    await clock.advance(50);
    expect(inner.waiting).toHaveLength(2);
    await clock.advance(49);
    expect(inner.waiting).toHaveLength(2);
    await clock.advance(1);
    expect(inner.waiting.map(({ context }) => context.get(attemptKey))).toEqual([1, 2, 3]);
    await clock.advance(1000);
    expect(inner.waiting).toHaveLength(3);
    inner.waiting[2]?.succeed('third');
    expect(await outcome).toBe('third');
    expect(inner.waiting).toHaveLength(0);
    guard.check();
  });

  test('tells the error of the first attempt when all fail', async () => {
    const { guard, clock, inner, call, save } = build({ maxHedges: 2 });
    await save(5);
    const outcome = call();
    await clock.advance(100);
    const [first, second, third] = inner.waiting;
    third?.fail(new Error('third'));
    first?.fail(down);
    second?.fail(new Error('second'));
    expect(await outcome).toBe(down);
    guard.check();
  });

  test('is never more than the share of calls that is allowed', async () => {
    const { clock, inner, call } = build({ maxHedges: 5, maxExtraRatio: 0.5 });
    const outcomes = Array.from({ length: 10 }, () => call());
    await clock.advance(1000);
    expect(inner.calls).toHaveLength(15);
    for (const waiting of [...inner.waiting]) waiting.succeed('answer');
    await Promise.all(outcomes);
  });

  test('ends with its caller, all attempts at once', async () => {
    const { guard, clock, inner, call, save } = build({ maxHedges: 3 });
    await save(5);
    const { context, cancel } = guard.context();
    const outcome = call(context);
    await clock.advance(100);
    expect(inner.waiting).toHaveLength(3);
    const reason = new Error('gone');
    cancel(reason);
    expect(await outcome).toBe(reason);
    expect(inner.waiting).toHaveLength(0);
    guard.check();
  });
});

describe('hedging on failure', () => {
  test('sends the next attempt at once when one fails', async () => {
    const { guard, inner, events, call } = build({ onFailure: true });
    inner.script(down, 'second');
    expect(await call()).toBe('second');
    expect(inner.calls.map(({ context }) => context.get(attemptKey))).toEqual([1, 2]);
    expect(events.all.map(({ name, data }) => [name, data.because])).toEqual([
      ['hedge.sent', 'failed'],
      ['hedge.won', undefined],
    ]);
    guard.check();
  });

  test('gives the new attempt its own time before the next', async () => {
    const { guard, clock, inner, call, save } = build({ onFailure: true, maxHedges: 2 });
    await save(5);
    const outcome = call();
    await clock.advance(40);
    inner.waiting[0]?.fail(down);
    await clock.settle();
    expect(inner.waiting).toHaveLength(1);
    await clock.advance(49);
    expect(inner.waiting).toHaveLength(1);
    await clock.advance(1);
    expect(inner.waiting).toHaveLength(2);
    inner.waiting[0]?.succeed('answer');
    expect(await outcome).toBe('answer');
    guard.check();
  });

  test('needs no latencies, unlike hedging what is slow', async () => {
    const { guard, inner, call } = build({ onFailure: true, delayMs: 'auto' });
    inner.script(down, 'second');
    expect(await call()).toBe('second');
    guard.check();
  });

  test('leaves alone what may not be tried again, and stops after maxHedges', async () => {
    const { inner, call, save } = build({ onFailure: true, maxHedges: 2 });
    await save(5);
    const final = new FwkError('FWK_TEST_FINAL', 'no use');
    inner.script(final);
    expect(await call()).toBe(final);
    expect(inner.calls).toHaveLength(6);
    inner.script(down, new Error('second'), new Error('third'));
    expect(await call()).toBe(down);
    expect(inner.calls).toHaveLength(9);
  });

  test('goes well with a delay that no attempt reaches', () => {
    const hedging = { idempotent: true, delayMs: 900 } as const;
    expect(() => policy('quote', { timeoutMs: 800, hedge: hedging })).toThrowError(/never be sent/);
    expect(() => policy('quote', { timeoutMs: 800, hedge: { ...hedging, onFailure: true } })).not.toThrow();
  });

  test.each([
    [{ maxHedges: 0 }, /maxHedges must be a whole number from 1 to 10, not 0/],
    [{ maxHedges: 11 }, /maxHedges/],
    [{ onFailure: 1 as never }, /onFailure must be true or false, not 1/],
  ])('refuses %j', (options, message) => {
    expect(() => hedge(options)).toThrowError(message);
  });
});
