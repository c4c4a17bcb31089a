/** Work that was given up but runs on counts for every bulkhead and limit round it, whatever layers stand between. */
import { cancellable, type Env, makeEnv, runInContext } from '@fwk/kernel';
import { leakGuard, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { coalesce } from '../coalesce/coalesce.js';
import { hedge } from '../hedge/hedge.js';
import { policy } from '../policy/policy.js';
import type { PolicyOptions } from '../policy/policy-options.js';

type Work = () => Promise<string>;
type Wrap = (fn: Work, env: Env) => Work;

/** Calls of a function that never looks at its context. */
function build(wrap: Wrap, workMs: (at: number) => number, failsFirst = false) {
  const guard = leakGuard();
  const { clock } = guard;
  const env = makeEnv({ clock, random: seededRandom(3), path: 'shop' });
  const seen = { running: 0, most: 0, begun: 0 };
  const fn = async () => {
    const at = seen.begun++;
    if (failsFirst && at % 2 === 0) throw new Error('down');
    seen.running++;
    seen.most = Math.max(seen.most, seen.running);
    await new Promise<void>((resolve) => void clock.setTimer(resolve, workMs(at)));
    seen.running--;
    return 'answer';
  };
  return { guard, clock, seen, call: wrap(fn, env) };
}

const named =
  (name: string, options: PolicyOptions): Wrap =>
  (fn, env) =>
    policy(name, options).wrap(fn, env);
const round =
  (outer: Wrap, inner: Wrap): Wrap =>
  (fn, env) =>
    outer(inner(fn, env), env);
const one: Wrap = (fn, env) => bulkhead({ maxConcurrent: 1 }).wrap(fn, env);
const limit = { initialLimit: 1, minLimit: 1, maxLimit: 1, lag: () => 0 };
const disabled = { enabled: false, ratio: 0.1, error: true };
const places = { bulkhead: { maxConcurrent: 1 } };
const queue = { bulkhead: { maxConcurrent: 1, maxQueue: 1 } };
const eager = { baseDelayMs: 5, budget: false } as const;
const twice = { maxAttempts: 2, baseDelayMs: 1, budget: false } as const;
const long = () => 1000;

describe('no more runs at once than allowed when time-outs give up', () => {
  test.each<[string, Wrap, (at: number) => number]>([
    ['one policy', named('o', { ...places, timeoutMs: 10 }), long],
    ['one policy with faults switched off', named('o', { ...places, timeoutMs: 10, fault: disabled }), long],
    ['a retry inside', round(named('o', { ...places, timeoutMs: 10 }), named('i', { retry: {} })), long],
    ['a breaker inside', round(named('o', { ...places, timeoutMs: 10 }), named('i', { breaker: {} })), long],
    ['a longer timeout inside', round(named('o', { ...places, timeoutMs: 10 }), named('i', { timeoutMs: 500 })), long],
    ['a limit with a breaker inside', round(named('o', { limit, timeoutMs: 10 }), named('i', { breaker: {} })), long],
    ['a limit with a retry inside', round(named('o', { limit, timeoutMs: 10 }), named('i', { retry: {} })), long],
    ['a limit and faults switched off', named('o', { limit, timeoutMs: 10, fault: disabled }), long],
    ['a deadline and a breaker inside', round(one, named('i', { deadlineMs: 10, breaker: {} })), long],
    ['a coalescing layer inside', round(one, named('i', { timeoutMs: 10, coalesce: { keyOf: () => 'a' } })), long],
    [
      'a policy inside whose first attempt hangs and whose second answers',
      round(one, named('i', { timeoutMs: 10, retry: twice, bulkhead: {} })),
      (at) => (at % 2 ? 2 : 1000),
    ],
    [
      'two attempts that hang, of which the second ends first',
      round(one, named('i', { timeoutMs: 10, retry: twice })),
      (at) => (at % 2 ? 30 : 1000),
    ],
  ])('in %s', async (_, wrap, workMs) => {
    const { guard, clock, seen, call } = build(wrap, workMs);
    // A second attempt runs beside the first of the same call.
    const allowed = workMs === long ? 1 : 2;
    const outcomes: Promise<unknown>[] = [];
    for (let n = 0; n < 4; n++) {
      outcomes.push(call().catch(() => {}));
      await clock.advance(60);
    }
    expect(seen.most).toBeLessThanOrEqual(allowed);
    await Promise.all(outcomes);
    await clock.advance(1000);
    const before = seen.begun;
    void call().catch(() => {});
    expect(seen.begun).toBe(before + 1);
    await clock.advance(3000);
    guard.check();
  });
});

describe('no more runs at once than allowed when callers cancel', () => {
  test.each<[string, boolean, Wrap]>([
    ['the second attempt', true, named('o', { deadlineMs: 5000, retry: eager, ...places })],
    [
      'the second attempt in an inner policy',
      true,
      round(named('o', { deadlineMs: 5000 }), named('i', { retry: eager, ...places })),
    ],
    ['the second attempt under a limit', true, named('o', { deadlineMs: 5000, retry: eager, limit })],
    ['a call that has waited', false, named('o', { deadlineMs: 5000, ...queue })],
    ['a call that has waited in an inner policy', false, round(named('o', { deadlineMs: 5000 }), named('i', queue))],
    [
      'a call that has waited, with a timeout outside',
      false,
      round(named('o', { timeoutMs: 5000 }), named('i', queue)),
    ],
  ])('%s', async (_, failsFirst, wrap) => {
    const { guard, clock, seen, call } = build(wrap, (at) => (at === 0 ? 20 : 10_000), failsFirst);
    if (!failsFirst) void call();
    for (let n = 0; n < 4; n++) {
      const { context, cancel } = cancellable();
      void runInContext(context, call).catch(() => {});
      await clock.advance(30);
      cancel(new Error('gave up'));
      await clock.settle();
    }
    expect(seen.most).toBe(1);
    await clock.advance(10_000);
    expect(seen.running).toBe(0);
    guard.check();
  });
});

test('the place of an attempt does not wait for what an earlier attempt has left', async () => {
  const options = { timeoutMs: 10, retry: twice, bulkhead: { maxConcurrent: 2 } };
  const { guard, clock, seen, call } = build(named('o', options), (at) => (at === 0 ? 1000 : 2));
  for (let n = 0; n < 3; n++) {
    const outcome = call();
    await clock.advance(20);
    expect(await outcome).toBe('answer');
  }
  expect([seen.running, seen.begun]).toEqual([1, 4]);
  await clock.advance(1000);
  guard.check();
});

describe('of a hedged call whose first attempt lost but runs on', () => {
  const hedged: Wrap = (fn, env) => hedge({ idempotent: true, delayMs: 10, maxExtraRatio: 1 }).wrap(fn, env);
  const two: Wrap = (fn, env) => bulkhead({ maxConcurrent: 2 }).wrap(fn, env);
  const firstHangs = (at: number) => (at === 0 ? 1000 : 2);

  test('a bulkhead outside keeps the place', async () => {
    const { guard, clock, seen, call } = build(round(one, hedged), firstHangs);
    const outcome = call();
    await clock.advance(12);
    expect([await outcome, seen.running]).toEqual(['answer', 1]);
    await expect(call()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    await clock.advance(1000);
    const next = call();
    await clock.advance(2);
    expect(await next).toBe('answer');
    guard.check();
  });

  test('a bulkhead inside keeps the place of the first attempt and gives that of the second back', async () => {
    const { guard, clock, seen, call } = build(round(hedged, two), firstHangs);
    for (let n = 0; n < 3; n++) {
      const outcome = call();
      await clock.advance(12);
      expect([await outcome, seen.running]).toEqual(['answer', 1]);
    }
    const rest = [call(), call().catch((error) => error.code)];
    expect(await rest[1]).toBe('FWK_RESILIENCE_BULKHEAD_FULL');
    await clock.advance(1000);
    expect(await rest[0]).toBe('answer');
    guard.check();
  });
});

test('the sender of a shared call that has left keeps its place, one who joined gives it back', async () => {
  const shared: Wrap = (fn, env) => coalesce({ keyOf: () => 'a' }).wrap(fn, env);
  const { guard, clock, seen, call } = build(
    round((fn, env) => bulkhead({ maxConcurrent: 2 }).wrap(fn, env), shared),
    long,
  );
  const first = cancellable();
  const second = cancellable();
  const sent = runInContext(first.context, call).catch(() => 'left');
  const joined = runInContext(second.context, call).catch(() => 'left');
  second.cancel();
  expect(await joined).toBe('left');
  const stays = call();
  first.cancel();
  expect(await sent).toBe('left');
  await expect(call()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
  await clock.advance(1000);
  expect([await stays, seen.begun]).toEqual(['answer', 1]);
  guard.check();
});

test('the last to leave a shared call keeps its place for the attempt that runs on', async () => {
  const shared: Wrap = (fn, env) =>
    coalesce({ keyOf: () => 'a' }).wrap(policy('i', { retry: eager }).wrap(fn, env), env);
  const two: Wrap = (fn, env) => bulkhead({ maxConcurrent: 2 }).wrap(fn, env);
  const { guard, clock, seen, call } = build(round(two, shared), long, true);
  const first = cancellable();
  const last = cancellable();
  const outcomes = [first, last].map(({ context }) => runInContext(context, call).catch(() => 'left'));
  await clock.settle();
  first.cancel();
  await clock.advance(20);
  last.cancel();
  expect([await Promise.all(outcomes), seen.running]).toEqual([['left', 'left'], 1]);
  const next = call();
  await expect(call()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
  await clock.advance(2000);
  expect(await next).toBe('answer');
  guard.check();
});
