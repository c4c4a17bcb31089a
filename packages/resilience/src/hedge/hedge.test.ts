import {
  attemptKey,
  background,
  type CallNotes,
  FwkError,
  idempotentKey,
  type Labels,
  liveValue,
  makeEnv,
  noMeter,
  notesKey,
  type Service,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { retry } from '../retry/retry.js';
import { retryBudget } from '../retry/retry-budget.js';
import { hedge } from './hedge.js';
import type { HedgeOptions } from './hedge-options.js';

const down = new Error('down');

/** By default every call may be hedged after 50 ms. */
function build(options: Partial<HedgeOptions> = {}) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const counted: string[] = [];
  const metrics = {
    ...noMeter,
    counter: (_: unknown, labels: Labels = {}) => ({ add: () => void counted.push(String(labels.result)) }),
  };
  const env = makeEnv({ clock: guard.clock, events, metrics, path: 'shop' });
  const service: Service<string, string> = hedge({ delayMs: 50, maxExtraRatio: 1, ...options }).wrap(inner, env);
  const call = (context = guard.context().context) => service.call('q', context).catch((error: unknown) => error);
  return { guard, clock: guard.clock, inner, events, counted, env, service, call };
}

describe('a hedged call', () => {
  test('is sent once when its first attempt answers in time', async () => {
    const { guard, clock, inner, call } = build();
    const outcome = call();
    await clock.advance(49);
    inner.calls[0]?.succeed('first');
    expect(await outcome).toBe('first');
    await clock.advance(10);
    expect(inner.calls).toHaveLength(1);
    guard.check();
  });

  test('is sent again after the delay, and the second answer wins if it comes first', async () => {
    const { guard, clock, inner, call, events } = build();
    const notes: CallNotes = {};
    const outcome = call(guard.context().context.with({ values: [notesKey.of(notes)] }));
    await clock.advance(50);
    expect(inner.calls.map(({ context }) => context.get(attemptKey))).toEqual([1, 2]);
    inner.calls[1]?.succeed('second');
    expect(await outcome).toBe('second');
    expect(notes.hedged).toBe(true);
    expect(events.names).toEqual(['hedge.sent', 'hedge.won']);
    expect(inner.waiting).toHaveLength(0);
    guard.check();
  });

  test('cancels the second attempt when the first answers after all, as nobody’s failure', async () => {
    const { guard, clock, inner, env, call } = build();
    const outcome = call();
    await clock.advance(50);
    inner.calls[0]?.succeed('first');
    expect(await outcome).toBe('first');
    const loser = inner.calls[1]?.context;
    expect(env.classifier.ofError(loser?.reason, loser!).outcome).toBe('ignored');
    guard.check();
  });

  test('drops and counts the answer of a loser that does not listen', async () => {
    const { guard, clock, env, counted } = build();
    const answers: ((value: string) => void)[] = [];
    const deaf: Service<string, string> = {
      call: () =>
        new Promise((resolve) => {
          answers.push(resolve);
        }),
      status: () => 'ready',
    };
    const outcome = hedge({ delayMs: 50, maxExtraRatio: 1 }).wrap(deaf, env).call('q', guard.context().context);
    await clock.advance(50);
    answers[1]?.('second');
    answers[0]?.('too late');
    expect(await outcome).toBe('second');
    await clock.settle();
    expect(counted).toEqual(['sent', 'won', 'discarded']);
    guard.check();
  });

  test('fails at once when it fails before the delay: trying again is another layer’s matter', async () => {
    const { guard, inner, call } = build();
    inner.script(down);
    expect(await call()).toBe(down);
    guard.check();
  });

  test('waits for the other attempt when one fails', async () => {
    const { guard, clock, inner, call } = build();
    const [one, other] = [call(), call()];
    await clock.advance(50);
    const [first1, first2, second1, second2] = inner.calls;
    first1?.fail(down);
    second1?.succeed('second');
    second2?.fail(down);
    first2?.succeed('first');
    expect([await one, await other]).toEqual(['second', 'first']);
    guard.check();
  });

  test.each([
    ['first', [0, 1]],
    ['second', [1, 0]],
  ])('tells the error of the first attempt when both fail, the %s one before the other', async (_, order) => {
    const { guard, clock, inner, call } = build();
    const outcome = call();
    await clock.advance(50);
    const errors = [down, new Error('the extra one')];
    for (const attempt of order) inner.calls[attempt]?.fail(errors[attempt]);
    expect(await outcome).toBe(down);
    guard.check();
  });

  test('takes an error that is no failure for an answer', async () => {
    const { guard, clock, inner, call } = build();
    const outcome = call();
    await clock.advance(50);
    const missing = new FwkError('FWK_TEST_MISSING', 'no such thing', { traits: { outcome: 'ignored' } });
    inner.calls[1]?.fail(missing);
    expect(await outcome).toBe(missing);
    expect(inner.waiting).toHaveLength(0);
    guard.check();
  });

  test('does not end by a refusal that its second attempt meets on the way', async () => {
    const { guard, clock, inner, call } = build();
    const outcome = call();
    await clock.advance(50);
    const refused = { traits: { outcome: 'ignored', notProcessed: true } } as const;
    inner.calls[1]?.fail(new FwkError('FWK_TEST_REFUSED', 'no place', refused));
    await clock.settle();
    inner.calls[0]?.succeed('first');
    expect(await outcome).toBe('first');
    guard.check();
  });

  test('ends at once with the caller’s own reason, both attempts cancelled', async () => {
    const { guard, clock, inner, call } = build();
    const { context, cancel } = guard.context();
    const outcome = call(context);
    await clock.advance(50);
    expect(inner.waiting).toHaveLength(2);
    const reason = new Error('gave up');
    cancel(reason);
    expect(await outcome).toBe(reason);
    expect(inner.calls.map((attempt) => attempt.context.reason)).toEqual([reason, reason]);
    guard.check();
  });

  test('sends no second attempt after the caller has left', async () => {
    const { guard, clock, inner, call } = build();
    const { context, cancel } = guard.context();
    const outcome = call(context);
    await clock.advance(20);
    cancel('left');
    expect(await outcome).toBe('left');
    expect(clock.pending).toBe(0);
    expect(inner.calls).toHaveLength(1);
  });
});

describe('no second attempt is sent', () => {
  const slow = async ({ clock, inner, call }: ReturnType<typeof build>, context = background) => {
    const outcome = call(context);
    await clock.advance(100);
    for (const attempt of inner.waiting) attempt.succeed('answer');
    await outcome;
    return inner.calls.length;
  };

  test('of what must not run twice, unless the layer is told that it may', async () => {
    const once = background.with({ values: [idempotentKey.of(false)] });
    expect(await slow(build(), once)).toBe(1);
    expect(await slow(build({ idempotent: true }), once)).toBe(2);
  });

  test('when the deadline leaves no time for one', async () => {
    expect(await slow(build(), background.with({ deadlineMs: 50 }))).toBe(1);
  });

  test('while the callee would only refuse it', async () => {
    const bench = build();
    bench.inner.setStatus('busy');
    expect(await slow(bench)).toBe(1);
    expect(bench.counted).toEqual(['withheld']);
  });

  test('when the shared retry budget is empty, and that is told', async () => {
    const guard = leakGuard();
    const budget = retryBudget({ reservePerSecond: 1, windowMs: 1000 }, guard.clock);
    const bench = build({ budget });
    expect([await slow(bench), await slow(bench)]).toEqual([2, 3]);
    expect(bench.events.names.filter((name) => name !== 'hedge.won')).toEqual(['hedge.sent', 'hedge.budget-exhausted']);
    expect(budget.balance).toBe(0);
  });

  test('when the budget throws, which is nobody’s business but the log’s', async () => {
    const withdraw = () => {
      throw new Error('broken budget');
    };
    const bench = build({ budget: { deposit() {}, withdraw, balance: 1 } });
    const logged = vi.spyOn(bench.env.logger, 'error');
    expect(await slow(bench)).toBe(1);
    expect(bench.events.names).toEqual([]);
    expect(bench.counted).toEqual(['withheld']);
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ path: 'shop' }), expect.any(String));
  });

  test('before enough calls have paid for it, and at most one for fifty of them', async () => {
    const bench = build({ maxExtraRatio: 0.02 });
    const sent: number[] = [];
    for (let calls = 1; calls <= 101; calls++) if ((await slow(bench)) > calls + sent.length) sent.push(calls);
    expect(sent).toEqual([50, 100]);
  });

  test('when a live ratio is set to nothing', async () => {
    const maxExtraRatio = liveValue(0);
    const bench = build({ maxExtraRatio });
    expect(await slow(bench)).toBe(1);
    maxExtraRatio.set(1);
    expect(await slow(bench)).toBe(3);
  });
});

test('a call that begins when nothing is saved is sent again if others have paid for it by then', async () => {
  const { guard, clock, inner, call } = build({ maxExtraRatio: 0.5 });
  const outcome = call();
  await clock.advance(20);
  inner.script('answer');
  await call();
  await clock.advance(30);
  expect(inner.waiting).toHaveLength(2);
  for (const attempt of inner.waiting) attempt.succeed('answer');
  expect(await outcome).toBe('answer');
  guard.check();
});

describe('for a burst of slow calls', () => {
  /** Calls at this rate, all answered at once; then many together that are slow. @returns second attempts of these */
  async function burstAfter({ clock, inner, call }: ReturnType<typeof build>, perSecond: number, seconds: number) {
    for (let n = 0; n < perSecond * seconds; n++) {
      inner.script('answer');
      await call();
      await clock.advance(1000 / perSecond);
    }
    const before = inner.calls.length;
    const outcomes = Array.from({ length: 300 }, () => call());
    await clock.advance(50);
    const sent = inner.waiting.length - outcomes.length;
    expect(inner.calls.length - before).toBe(300 + sent);
    for (const attempt of inner.waiting) attempt.succeed('answer');
    await Promise.all(outcomes);
    return sent;
  }

  test('a fast client has saved what the calls of some ten seconds paid in, and no more after a minute', async () => {
    const options = { maxExtraRatio: 0.1 };
    expect(await burstAfter(build(options), 100, 5)).toBeGreaterThan(60);
    const long = await burstAfter(build(options), 100, 60);
    expect(long).toBeGreaterThan(100);
    expect(long).toBeLessThanOrEqual(130);
  });

  test('a slow client keeps ten, and a pause leaves no more to a fast one', async () => {
    const bench = build({ maxExtraRatio: 0.1 });
    const own = 300 * 0.1;
    expect(await burstAfter(bench, 1, 200)).toBeLessThanOrEqual(10 + own);
    const fast = build({ maxExtraRatio: 0.1 });
    await burstAfter(fast, 100, 60);
    await fast.clock.advance(3_600_000);
    expect(await burstAfter(fast, 1, 1)).toBeLessThanOrEqual(10 + own + 1);
  });
});

test('second attempts stay below their share in any traffic, also when everything becomes slow', async () => {
  const { guard, clock, inner, call } = build({ maxExtraRatio: 0.1, delayMs: 20 });
  const random = seededRandom(3);
  let calls = 0;
  for (let step = 0; step < 600; step++) {
    const slowness = step > 300 ? 1 : 0.1;
    for (let burst = random() * 5; burst > 0; burst--, calls++) call();
    if (random() > slowness) for (const attempt of inner.waiting) attempt.succeed('answer');
    await clock.advance(random() * 30);
    expect(inner.calls.length - calls).toBeLessThanOrEqual(0.1 * calls);
  }
  expect(inner.calls.length - calls).toBeGreaterThan(10);
  for (const attempt of inner.waiting) attempt.succeed('answer');
  await clock.settle();
  guard.check();
});

describe('the delay by recent answers', () => {
  /** Answers each of so many calls after its own time. */
  async function train(
    { clock, inner, call }: ReturnType<typeof build>,
    calls: number,
    latencyMs: (n: number) => number,
  ) {
    for (let n = 0; n < calls; n++) {
      const outcome = call();
      await clock.advance(latencyMs(n));
      inner.waiting[0]?.succeed('answer');
      await outcome;
    }
  }

  /** Milliseconds until a slow call is sent again; undefined if it is not within a second. */
  async function delayOf({ clock, inner, call }: ReturnType<typeof build>) {
    const outcome = call();
    const startMs = clock.now();
    await clock.runNext();
    const delayMs = inner.waiting.length === 2 ? clock.now() - startMs : undefined;
    for (const attempt of inner.waiting) attempt.succeed('answer');
    await outcome;
    return delayMs;
  }

  test('hedges nothing before enough answers were seen', async () => {
    const bench = build({ delayMs: 'auto', minimumSamples: 20 });
    await train(bench, 19, () => 10);
    await bench.clock.advance(1000);
    expect(await delayOf(bench)).toBeUndefined();
    await bench.clock.advance(1000);
    expect(await delayOf(bench)).toBeCloseTo(10, 0);
  });

  test.each([
    [0.02, 99],
    [0.06, 97],
    [1, 95],
  ])(
    'at a ratio of %d waits for the %dth percentile of the recent answers, within a fiftieth',
    async (maxExtraRatio, ms) => {
      const bench = build({ delayMs: 'auto', maxExtraRatio });
      await train(bench, 200, (n) => 1 + ((n * 37) % 100));
      await bench.clock.advance(1000);
      const delayMs = (await delayOf(bench)) as number;
      expect(Math.abs(delayMs - ms) / ms).toBeLessThanOrEqual(0.02);
    },
  );

  test('never waits less than a millisecond', async () => {
    const bench = build({ delayMs: 'auto' });
    await train(bench, 60, () => 0.1);
    await bench.clock.advance(1000);
    expect(await delayOf(bench)).toBe(1);
  });

  test('forgets what was 30 seconds ago', async () => {
    const bench = build({ delayMs: 'auto' });
    await train(bench, 60, () => 10);
    await bench.clock.advance(30_000);
    expect(await delayOf(bench)).toBeUndefined();
  });

  test('does not learn from failures', async () => {
    const bench = build({ delayMs: 'auto', minimumSamples: 10 });
    bench.inner.script(...Array.from({ length: 50 }, () => down));
    for (let n = 0; n < 50; n++) await bench.call();
    await bench.clock.advance(1000);
    expect(await delayOf(bench)).toBeUndefined();
  });
});

test('inside retry, two failed attempts are one', async () => {
  const { guard, clock, inner, env, service } = build();
  const outcome = retry({ maxAttempts: 2, baseDelayMs: 0 }).wrap(service, env).call('q', guard.context().context);
  await clock.advance(50);
  for (const attempt of inner.waiting) attempt.fail(down);
  await clock.advance(0);
  expect(inner.calls).toHaveLength(3);
  inner.waiting[0]?.succeed('answer');
  expect(await outcome).toBe('answer');
  guard.check();
});

test('calls a wrapped function twice with the same arguments and `this`', async () => {
  const shop = {
    asked: [] as unknown[],
    price: hedge({ delayMs: 1, maxExtraRatio: 1 }).wrap(function (this: { asked: unknown[] }, sku: string) {
      this.asked.push(sku);
      return this.asked.length === 1 ? new Promise<string>(() => {}) : Promise.resolve('second');
    }),
  };
  expect(await shop.price('apples')).toBe('second');
  expect(shop.asked).toEqual(['apples', 'apples']);
});

test('refuses options that make no sense, all at once', () => {
  expect(() => hedge({ delayMs: 'p99', maxExtraRatio: 2, budget: {}, idempotent: false } as never)).toThrowError(
    /delayMs must be 'auto' or a number from 1 .*; maxExtraRatio must .*; budget must be a retry budget.*; idempotent must be true \(hedging sends a call twice\)/,
  );
  for (const options of [{ budget: liveValue(retryBudget()) }, { idempotent: liveValue(true) }]) {
    expect(() => hedge(options as never)).toThrowError(/must be .*, not a live value of/);
  }
});
