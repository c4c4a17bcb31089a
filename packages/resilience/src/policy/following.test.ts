/** Named policies that follow a live value, as one from configuration: what changes, what stays, what is refused. */
import { followersOf, type Live, liveValue, makeEnv } from '@fwk/kernel';
import { leakGuard, recordEvents, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

function following(initial: unknown, defaults: PolicyOptions | Live<unknown> = {}) {
  const guard = leakGuard();
  const events = recordEvents();
  const policies = liveValue(initial);
  const env = makeEnv({ clock: guard.clock, random: seededRandom(1), events, path: 'shop' });
  const registry = policyRegistry(env, policies, defaults);
  const told = (prefix = 'policy.') =>
    events.all.filter(({ name }) => name.startsWith(prefix)).map(({ name, data }) => [name, data]);
  return { guard, clock: guard.clock, policies, registry, told };
}

const down = async () => {
  throw new Error('down');
};
const nameOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: Error) => error.name,
  );

describe('a changed set of policies', () => {
  test('is in force for the next call, without a restart', async () => {
    const { policies, registry, clock, told } = following({ quote: { timeoutMs: 800 } });
    const call = registry.named('quote').wrap(() => new Promise(() => {}));
    policies.set({ quote: { timeoutMs: 50 } });
    const outcome = nameOf(call());
    await clock.advance(50);
    expect(await outcome).toBe('TimeoutError');
    expect(told()).toEqual([['policy.changed', { path: 'shop', changed: ['policies.quote.timeoutMs'] }]]);
  });

  test('puts layers in and takes them out', async () => {
    const { policies, registry, guard } = following({ quote: { timeoutMs: 800 } });
    const quote = registry.named('quote');
    let attempts = 0;
    const call = quote.wrap(() => {
      attempts++;
      return down();
    });
    policies.set({ quote: { retry: { maxAttempts: 3, baseDelayMs: 0 }, breaker: {} } });
    const outcome = nameOf(call());
    await guard.clock.advance(0);
    expect([await outcome, attempts]).toEqual(['Error', 3]);
    expect(quote.layers.map(({ role }) => role)).toEqual(['retry', 'circuit-breaker']);
    expect(quote.breakers).toHaveLength(1);
    policies.set({ quote: {} });
    await nameOf(call());
    expect([attempts, quote.layers.length, quote.breakers.length]).toEqual([4, 0, 0]);
    guard.check();
  });

  test('keeps what a breaker has measured, also when other layers come and go', async () => {
    const { policies, registry } = following({ quote: { breaker: { minimumCalls: 4 } } });
    const quote = registry.named('quote');
    const call = quote.wrap(down);
    await nameOf(call());
    policies.set({ quote: { breaker: { minimumCalls: 2 }, deadlineMs: 1000, timeoutMs: 500 } });
    expect(quote.breakers.map((breaker) => breaker.snapshot().failures)).toEqual([1]);
    await nameOf(call());
    expect(quote.breakers.map(({ state }) => state)).toEqual(['open']);
    expect(await nameOf(call())).toBe('BreakerOpenError');
  });

  test('makes a breaker anew whose window means something else', async () => {
    const { policies, registry } = following({ quote: { breaker: { windowMs: 10_000 } } });
    const quote = registry.named('quote');
    const call = quote.wrap(down);
    await nameOf(call());
    policies.set({ quote: { breaker: { windowMs: 20_000 } } });
    expect(quote.breakers.map((breaker) => breaker.snapshot().failures)).toEqual([0]);
    await nameOf(call());
    expect(quote.breakers.map((breaker) => breaker.snapshot().failures)).toEqual([1]);
  });

  test('keeps the places that are taken, and lets a call under way end with what it began', async () => {
    const { policies, registry } = following({ quote: { bulkhead: { maxConcurrent: 1 } } });
    let answer: (value: string) => void = () => {};
    const call = registry.named('quote').wrap(() => new Promise<string>((resolve) => (answer = resolve)));
    const first = call();
    policies.set({ quote: { bulkhead: { maxConcurrent: 1 }, breaker: {}, timeoutMs: 100 } });
    expect(await nameOf(call())).toBe('BulkheadFullError');
    answer('begun before');
    expect(await first).toBe('begun before');
    const second = call();
    answer('begun after');
    expect(await second).toBe('begun after');
  });

  test('lets an attempt end under the limits with which it began, and the next one of the call meet the new ones', async () => {
    const settings = { deadlineMs: 5000, timeoutMs: 1000, retry: { maxAttempts: 2, baseDelayMs: 100 } };
    const { policies, registry, clock } = following({ quote: settings });
    const begunAtMs: number[] = [];
    const call = registry.named('quote').wrap(() => {
      begunAtMs.push(clock.now());
      return new Promise(() => {});
    });
    const startMs = clock.now();
    const outcome = nameOf(call());
    await clock.advance(10);
    policies.set({ quote: { ...settings, timeoutMs: 50 } });
    await clock.advance(989);
    expect(begunAtMs).toHaveLength(1);
    await clock.advance(101);
    expect(begunAtMs).toHaveLength(2);
    await clock.advance(50);
    expect(await outcome).toBe('TimeoutError');
    expect(clock.now() - startMs).toBeLessThan(1200);
  });

  test('keeps the budget of a retry', async () => {
    const budget = { ratio: 0, reservePerSecond: 0.1 };
    const { policies, registry, clock } = following({ quote: { retry: { maxAttempts: 2, baseDelayMs: 0, budget } } });
    let attempts = 0;
    const call = registry.named('quote').wrap(() => {
      attempts++;
      return down();
    });
    const attemptsOf = async () => {
      attempts = 0;
      const outcome = nameOf(call());
      await clock.advance(0);
      await outcome;
      return attempts;
    };
    expect(await attemptsOf()).toBe(2);
    policies.set({ quote: { retry: { maxAttempts: 5, baseDelayMs: 0, budget }, timeoutMs: 100 } });
    expect(await attemptsOf()).toBe(1);
  });

  test('gives up a wrapped function that listens to nothing, whichever layers stand round it', async () => {
    const { policies, registry, clock } = following({ quote: { deadlineMs: 100, timeoutMs: 100, breaker: {} } });
    const call = registry.named('quote').wrap(() => new Promise(() => {}));
    policies.set({ quote: { deadlineMs: 50, breaker: {} } });
    const outcome = nameOf(call());
    await clock.advance(50);
    expect(await outcome).toBe('DeadlineExceededError');
  });

  test.each<[string, PolicyOptions]>([
    ['waits between two attempts', { retry: { maxAttempts: 2, baseDelayMs: 50, backoff: 'fixed' } }],
    ['waits for a permit', { rateLimit: { permitsPerSecond: 20, burst: 1, maxWaitMs: 100 } }],
  ])('that takes out the limit of attempts lets a call that %s end by its deadline', async (_, settings) => {
    const { policies, registry, guard, clock } = following({ quote: { ...settings, deadlineMs: 300, timeoutMs: 100 } });
    let calls = 0;
    const call = registry.named('quote').wrap(() => (++calls === 1 ? down() : new Promise<never>(() => {})));
    const outcomes = [nameOf(call()), nameOf(call())];
    await clock.advance(10);
    policies.set({ quote: { ...settings, deadlineMs: 300 } });
    await clock.advance(290);
    expect(await outcomes[settings.retry ? 0 : 1]).toBe('DeadlineExceededError');
    await Promise.all(outcomes);
    expect(calls).toBeGreaterThan(1);
    guard.check();
  });

  test('that takes out the retry leaves hedging to its own share, not to a budget that nobody pays into', async () => {
    const hedge = { idempotent: true, delayMs: 5, maxExtraRatio: 1 } as const;
    const retry = { budget: { ratio: 0, reservePerSecond: 0.1 } };
    const { policies, registry, clock } = following({ quote: { retry, hedge: { delayMs: 5, maxExtraRatio: 1 } } });
    let sent = 0;
    const call = registry.named('quote', { hedge }).wrap(async () => {
      sent++;
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 10));
    });
    const sentBy = async (calls: number) => {
      sent = 0;
      for (let made = 0; made < calls; made++) {
        const work = call();
        await clock.advance(20);
        await work;
      }
      return sent;
    };
    expect(await sentBy(3)).toBe(4);
    policies.set({ quote: { hedge: { delayMs: 5, maxExtraRatio: 1 } } });
    expect(await sentBy(3)).toBe(6);
  });

  test.each([[[]], [null], [{ offers: [{ sku: 'none' }] }]])('brings %j as a fallback', async (value) => {
    const { policies, registry, told } = following({ quote: {} });
    const call = registry.named('quote').wrap(down);
    policies.set({ quote: { fallback: { value } } });
    expect(await call()).toEqual(value);
    policies.set({ quote: { fallback: { value: structuredClone(value) } } });
    expect(told()).toHaveLength(1);
    policies.set({ quote: { fallback: false } });
    expect(await nameOf(call())).toBe('Error');
  });

  test('says nothing when nothing differs', () => {
    const { policies, told } = following({ quote: { timeoutMs: 800 } });
    policies.set({ quote: { timeoutMs: 800 } });
    expect(told()).toEqual([]);
  });

  test('keeps answers, permits and counts when other layers come and go', async () => {
    const settings = { cache: { ttlMs: 1000 }, rateLimit: { burst: 2, permitsPerSecond: 0.001 }, throttle: {} };
    const { policies, registry } = following({ quote: settings });
    let sent = 0;
    const quote = registry.named('quote', { cache: { keyOf: (key: string) => key } });
    const call = quote.wrap(async (_key: string) => ++sent);
    expect(await call('apple')).toBe(1);
    policies.set({ quote: { ...settings, cache: { ttlMs: 2000 }, coalesce: false, timeoutMs: 100, breaker: {} } });
    expect(await call('apple')).toBe(1);
    expect(await call('pear')).toBe(2);
    expect(await nameOf(call('plum'))).toBe('RateLimitedError');
    expect(quote.statistics().total).toMatchObject({ calls: 4, cacheHits: 1, rateRejections: 1, rejected: 1 });
  });

  test('say so when fault injection is taken out or made anew, and never that it is off while it is on', () => {
    const fault = { enabled: true, ratio: 1, latencyMs: 10 };
    const { policies, registry, told } = following({ quote: { fault } });
    registry.named('quote').wrap(async () => 1);
    policies.set({ quote: { fault: { ...fault, error: true } } });
    policies.set({ quote: {} });
    expect(told('fault.').map(([name]) => name)).toEqual([
      'fault.switched-on',
      'fault.switched-off',
      'fault.switched-on',
      'fault.switched-off',
    ]);
  });

  test('may leave to the place of use what only code can say, which must then say it', () => {
    const { registry } = following({ quote: { cache: { ttlMs: 1000 }, hedge: { delayMs: 20 } } });
    expect(() => registry.named('quote')).toThrowError(/cache: keyOf must be a function.*; hedge sends a call twice/);
    const quote = registry.named('quote', { cache: { keyOf: () => 'all' }, hedge: { idempotent: true } });
    expect(quote.layers.map(({ role }) => role)).toEqual(['cache', 'hedge']);
  });

  test('may come from the defaults', () => {
    const defaults = liveValue<unknown>({ timeoutMs: 800 });
    const { registry, told } = following({ quote: {} }, defaults);
    const quote = registry.named('quote');
    defaults.set({ timeoutMs: 300 });
    expect(quote.print()).toBe('attempt-timeout(timeoutMs=300)');
    expect(told()).toEqual([['policy.changed', { path: 'shop', changed: ['defaults.timeoutMs'] }]]);
  });
});

describe('a bad set', () => {
  const good = { quote: { timeoutMs: 800 }, pay: { retry: {} } };

  test.each<[string, unknown, RegExp]>([
    ['with a number out of range', { ...good, quote: { timeoutMs: -1 } }, /policy "quote": timeoutMs: .* not -1/],
    ['with an option nobody knows', { ...good, pay: { retries: {} } }, /policy "pay": unknown option "retries"/],
    ['with text for a number', { ...good, pay: { retry: { maxAttempts: '3' } } }, /policy "pay": retry: maxAttempts/],
    ['with functions', { ...good, pay: { fallback: () => 1 } }, /policies.pay.fallback must be plain data/],
    ['with functions deep inside', { ...good, pay: { fallback: { value: [down] } } }, /fallback must be plain data/],
    ['with data without end', { ...good, pay: { fallback: { value: Array(1000).fill(0) } } }, /1000 parts/],
    ['with nothing', { ...good, pay: { retry: null } }, /policies.pay.retry must be .* such as {} .*, not null/],
    ['with a list', { ...good, pay: [] }, /policies.pay must be plain data/],
    [
      'with something else than options',
      { ...good, pay: 7 },
      /policy "pay" must be a plain object with options, not 7/,
    ],
    ['that is no set', 7, /policies must be an object of options by name/],
    ['without a policy that is in use', { pay: good.pay }, /policy "quote" is in use and cannot be taken away/],
    ['that contradicts a place of use', { ...good, quote: { deadlineMs: 10 } }, /timeoutMs 20 is above deadlineMs 10/],
    [
      'with a key that would reach a prototype',
      { ...good, pay: { retry: JSON.parse('{"__proto__": {"maxAttempts": 9}}') } },
      /policy "pay": retry: unknown option "__proto__"/,
    ],
  ])('%s is refused whole, with the reason, and the one before it stays', (_, bad, reason) => {
    const { policies, registry, told } = following(good);
    const quote = registry.named('quote', { timeoutMs: 20 });
    const before = quote.print();
    policies.set(bad);
    expect(told()).toEqual([['policy.refused', { path: 'shop', reasons: [expect.stringMatching(reason)] }]]);
    expect(registry.refusal?.reasons).toEqual([expect.stringMatching(reason)]);
    expect([quote.print(), registry.names]).toEqual([before, ['quote', 'pay']]);
    policies.set({ ...good, more: {} });
    expect(registry.refusal).toBeUndefined();
  });

  test('says all its problems at once', () => {
    const { policies, registry } = following(good);
    policies.set({ quote: { timeoutMs: -1 }, pay: { retry: { maxAttempts: 0 } } });
    expect(registry.refusal?.reasons).toHaveLength(2);
    policies.set({
      quote: { timeoutMs: -1, breaker: null, retry: { maxAttempts: 0, budget: [] } },
      pay: 7,
      more: { bogus: 1, breaker: { openMs: 0 } },
    });
    expect(registry.refusal?.reasons).toEqual([
      expect.stringMatching(/^policies.quote.breaker must be plain data/),
      expect.stringMatching(/^policies.quote.retry.budget must be plain data, not an array/),
      expect.stringMatching(/^policy "pay" must be/),
      expect.stringMatching(/^policy "quote": retry: maxAttempts/),
      expect.stringMatching(/^policy "quote": timeoutMs: timeoutMs/),
      expect.stringMatching(/^policy "more": unknown option "bogus"/),
      expect.stringMatching(/^policy "more": breaker: openMs/),
    ]);
  });

  test('names all places of use that it breaks', () => {
    const { policies, registry } = following(good);
    for (const name of ['quote', 'pay', 'pay']) registry.named(name, { timeoutMs: 500 });
    policies.set({ quote: { deadlineMs: 10 }, pay: { deadlineMs: 20 } });
    expect(registry.refusal?.reasons).toEqual([
      expect.stringMatching(/^policy "quote" where it is used: timeoutMs 500 is above deadlineMs 10/),
      expect.stringMatching(/^policy "pay" where it is used: timeoutMs 500 is above deadlineMs 20/),
    ]);
  });

  test('is refused from the start', () => {
    expect(() => policyRegistry(undefined, liveValue({ quote: { timeoutMs: -1 } }))).toThrowError(/timeoutMs/);
    expect(() => policyRegistry(undefined, { quote: null as never })).toThrowError(
      /policy "quote" must be a plain object with options, {} for the defaults, not null/,
    );
    expect(() => policyRegistry(undefined, {}, { breaker: { openMs: 0 } })).toThrowError(/defaults: .*openMs/);
  });
});

describe('settings', () => {
  const defaults: PolicyOptions = { timeoutMs: 900, retry: { maxAttempts: 5, baseDelayMs: 10 }, bulkhead: {} };

  test('are merged field by field, the nearest level last, and say where they were set', () => {
    const registry = policyRegistry(undefined, { quote: { retry: { baseDelayMs: 20 } } }, defaults);
    const { settings } = registry.named('quote', { bulkhead: { maxQueue: 3 }, timeoutMs: 50 });
    expect(Object.fromEntries(settings.map(({ setting, value, from }) => [setting, [value, from]]))).toEqual({
      'retry.maxAttempts': [5, 'defaults'],
      'retry.backoff': ['exponential', 'built-in'],
      'bulkhead.maxWaitMs': ['Infinity', 'built-in'],
      'retry.baseDelayMs': [20, 'policy'],
      'retry.maxDelayMs': [1000, 'built-in'],
      'retry.maxRetryAfterMs': [60_000, 'built-in'],
      'retry.budget': [{}, 'built-in'],
      'bulkhead.maxConcurrent': [25, 'built-in'],
      'bulkhead.maxQueue': [3, 'call-site'],
      timeoutMs: [50, 'call-site'],
    });
  });

  test('are taken out by false, and what is put in over that begins anew', () => {
    const registry = policyRegistry(undefined, { quote: { retry: false, bulkhead: false } }, defaults);
    const quote = registry.named('quote', { retry: {}, timeoutMs: false });
    expect(quote.layers.map(({ role }) => role)).toEqual(['retry']);
    expect(quote.settings[0]).toEqual({ setting: 'retry.maxAttempts', value: 3, from: 'built-in' });
  });

  test('leave out what has no say beside the others', () => {
    const registry = policyRegistry(undefined, {
      quote: { rateLimit: { algorithm: 'fixed-window' }, breaker: { halfOpenFailureRatio: 0.5 } },
      pay: { rateLimit: {}, breaker: {} },
    });
    const settingsOf = (name: string) => registry.named(name).settings.map(({ setting }) => setting);
    const quote = ['rateLimit.permitsPerWindow', 'rateLimit.windowMs', 'breaker.halfOpenFailureRatio'];
    const pay = ['rateLimit.permitsPerSecond', 'rateLimit.burst', 'breaker.successesToClose'];
    expect(settingsOf('quote').filter((setting) => [...quote, ...pay].includes(setting))).toEqual(quote);
    expect(settingsOf('pay').filter((setting) => [...quote, ...pay].includes(setting))).toEqual(pay);
  });

  test('are shown as plain data', () => {
    const registry = policyRegistry(undefined, {
      quote: {
        breaker: {
          keyOf: function byTenant() {
            return 'a';
          },
          failureRatio: liveValue(0.4),
        },
      },
    });
    const shown = new Map(registry.named('quote').settings.map(({ setting, value }) => [setting, value]));
    expect(shown.get('breaker.keyOf')).toBe('byTenant');
    expect(shown.get('breaker.failureRatio')).toBe(0.4);
    expect(shown.get('breaker.slowCallMs')).toBe('Infinity');
    expect(JSON.parse(JSON.stringify([...shown]))).toEqual([...shown]);
  });

  test('of fallbacks form one chain, the nearest asked first', async () => {
    const asked: string[] = [];
    const failing = (name: string) => () => {
      asked.push(name);
      throw new Error(name);
    };
    const registry = policyRegistry(undefined, { quote: { fallback: failing('policy') } });
    await nameOf(registry.named('quote', { fallback: [failing('first'), failing('second')] }).wrap(down)());
    expect(asked).toEqual(['first', 'second', 'policy']);
  });
});

test('a named policy that is disposed is taken off the list, no longer follows and goes on', async () => {
  const { policies, registry, told } = following({ quote: { timeoutMs: 800 } });
  const kept = registry.named('quote');
  const gone = registry.named('quote', { timeoutMs: 50 });
  const call = gone.wrap(async () => 'answer');
  gone[Symbol.dispose]();
  expect(registry.inspect('quote').uses).toHaveLength(1);
  policies.set({ quote: { deadlineMs: 10 } });
  expect(told()).toEqual([['policy.changed', expect.anything()]]);
  expect([kept.print(), gone.print()]).toEqual(['deadline(timeoutMs=10)', 'attempt-timeout(timeoutMs=50)']);
  expect(await call()).toBe('answer');
});

test('a policy that is no longer followed stays as it is', () => {
  const { policies, registry } = following({ quote: { timeoutMs: 800 } });
  const quote = registry.named('quote');
  registry[Symbol.dispose]();
  policies.set({ quote: { timeoutMs: 50 } });
  expect(quote.print()).toBe('attempt-timeout(timeoutMs=800)');
});

describe('those who ask what a change would touch', () => {
  const touched = (live: Live<unknown>, next: unknown) =>
    followersOf(live).flatMap(({ kind, name, touches }) => [
      [kind, name],
      ...(touches?.(next) ?? []).map((each) => each.name),
    ]);

  test('are told the policies whose options would be others, and why a set would be refused', () => {
    const { policies, registry, guard } = following({ quote: { timeoutMs: 800 }, stock: {} });
    registry.named('quote');
    expect(touched(policies, { quote: { timeoutMs: 800 }, stock: { timeoutMs: 5 }, more: {} })).toEqual([
      ['component', 'resilience'],
      'stock',
      'more',
    ]);
    expect(() => touched(policies, { quote: { timeoutMs: 'long' }, stock: {} })).toThrow('timeoutMs');
    expect(() => touched(policies, { stock: {} })).toThrow('policy "quote" is in use and cannot be taken away');
    expect(registry.refusal).toBeUndefined();
    registry[Symbol.dispose]();
    expect(followersOf(policies)).toEqual([]);
    guard.check();
  });

  test('are told that defaults touch every policy, those in use without a definition too', () => {
    const defaults = liveValue<unknown>({});
    const { registry } = following({ quote: {} }, defaults);
    registry.use('inventory', { name: 'function', scopes: ['call'] });
    expect(touched(defaults, { timeoutMs: 5 })).toEqual([['component', 'resilience'], 'quote', 'inventory']);
  });

  test('are told of policies with live options in code', () => {
    const timeoutMs = liveValue(100);
    policyRegistry(makeEnv(), { quote: { timeoutMs, operations: { ask: { retry: { maxAttempts: liveValue(2) } } } } });
    expect(followersOf(timeoutMs)).toMatchObject([{ kind: 'policy', name: 'quote' }]);
  });
});
