/** Live options of a policy while what they hold is refused: the last valid value is in force and is what all readers see. */
import { type Live, type LogFields, liveValue, makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { policy } from './policy.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyLayer } from './policy-layer.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

let warnings: MockInstance;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

/** A number that cannot be read while its source says 'bad'. */
function option(initial: number) {
  const source = liveValue<unknown>(initial);
  const live: Live<number> = source.map((value) => {
    if (value === 'bad') throw new Error('not a number: bad');
    return value as number;
  });
  return { source, live };
}

const shown = ({ settings }: Pick<PolicyLayer, 'settings'>) =>
  Object.fromEntries(settings.map(({ setting, value }) => [setting, value]));

const makers: Readonly<Record<string, (options: PolicyOptions) => PolicyLayer>> = {
  'a policy': (options) => policy('quote', options),
  'a named policy, at the place of use': (options) => policyRegistry(makeEnv(), { quote: {} }).named('quote', options),
  'a named policy, where it is defined': (options) => policyRegistry(makeEnv(), { quote: options }).named('quote'),
  'a named policy, in the defaults': (options) => policyRegistry(makeEnv(), { quote: {} }, options).named('quote'),
};

describe.each(Object.entries(makers))('%s', (_, make) => {
  test.each(['bad', -1, Number.NaN, '7'])('shows the value in force when a live option becomes %j', async (value) => {
    const { source, live } = option(50);
    const quote = make({ timeoutMs: live, bulkhead: { maxConcurrent: live } });
    const call = quote.wrap(async () => 'answer');
    source.set(value);
    expect(await call()).toBe('answer');
    expect(shown(quote)).toMatchObject({ timeoutMs: 50, 'bulkhead.maxConcurrent': 50 });
    expect(quote.layers.map(({ settings }) => settings)).toMatchObject([{ maxConcurrent: 50 }, { timeoutMs: 50 }]);
    source.set(60);
    expect(shown(quote)).toMatchObject({ timeoutMs: 60, 'bulkhead.maxConcurrent': 60 });
  });

  test('tells the log and the events of what calls it, once for each option', async () => {
    const { source, live } = option(50);
    const events = recordEvents();
    const logged: unknown[] = [];
    const logger = { ...noLogger, warn: (fields: LogFields) => void logged.push(fields.option) };
    const quote = make({ timeoutMs: live, bulkhead: { maxConcurrent: live } });
    const call = quote.wrap(async () => 'answer', makeEnv({ events, logger }));
    source.set(-1);
    await call();
    await call();
    const told = events.all.filter(({ name }) => name === 'option.refused').map(({ data }) => data);
    expect(told).toHaveLength(2);
    expect(told).toContainEqual(
      expect.objectContaining({ option: expect.stringMatching(/timeoutMs$/), problem: expect.any(String), kept: '50' }),
    );
    expect(logged).toHaveLength(2);
  });

  test('warns once for each option, by its name', async () => {
    const { source, live } = option(50);
    const quote = make({ timeoutMs: live, bulkhead: { maxConcurrent: live } });
    source.set(-1);
    await quote.wrap(async () => 'answer')();
    shown(quote);
    expect(warnings.mock.calls.map(([text]) => (text as string).replace(/^policy "\w+": /, '')).toSorted()).toEqual([
      expect.stringMatching(/^bulkhead: maxConcurrent must be .*, not -1; it stays 50$/),
      expect.stringMatching(/^timeoutMs must be .*, not -1; it stays 50$/),
    ]);
  });

  test('is refused when a live option is out of range from the start', () => {
    expect(() => make({ timeoutMs: liveValue(-1) })).toThrowError(/timeoutMs must be a number from 1/);
  });
});

test.each<[string, (limit: Live<number>) => PolicyOptions]>([
  ['bulkhead', (limit) => ({ bulkhead: { maxConcurrent: limit, maxQueue: 5 } })],
  ['limit', (limit) => ({ limit: { minLimit: limit, maxLimit: limit, initialLimit: 1, maxQueue: 5 } })],
])(
  'a call that waits for a place of a %s is let in once a limit is raised that could not be read as it came',
  async (_, options) => {
    const { source, live } = option(1);
    const clock = fakeClock();
    let running = 0;
    const call = policy('quote', options(live)).wrap(() => {
      running++;
      return new Promise(() => {});
    }, makeEnv({ clock }));
    void call();
    source.set('bad');
    void call();
    await clock.settle();
    expect(running).toBe(1);
    source.set(3);
    await clock.settle();
    expect(running).toBe(2);
  },
);

describe('a changed set of policies', () => {
  test.each(['bad', -5])('is taken on while a live option at a place of use is %j', (value) => {
    const policies = liveValue({ quote: { retry: { maxAttempts: 3 } }, pay: { deadlineMs: 100 } });
    const registry = policyRegistry(makeEnv(), policies);
    const { source, live } = option(50);
    const [quote, pay] = [registry.named('quote', { timeoutMs: live }), registry.named('pay')];
    source.set(value);
    policies.set({ quote: { retry: { maxAttempts: 2 } }, pay: { deadlineMs: 200 } });
    expect(registry.refusal).toBeUndefined();
    expect(shown(quote)).toMatchObject({ 'retry.maxAttempts': 2, timeoutMs: 50 });
    expect(shown(pay)).toEqual({ deadlineMs: 200 });
    source.set(60);
    expect(shown(quote)).toMatchObject({ timeoutMs: 60 });
    expect(registry.inspect('quote').uses[0]?.settings).toContainEqual({
      setting: 'timeoutMs',
      value: 60,
      from: 'call-site',
    });
  });

  test('is taken on while a live option that code defines is out of range', () => {
    const defaults = liveValue({ retry: { maxAttempts: 3 } });
    const { source, live } = option(50);
    const registry = policyRegistry(makeEnv(), { quote: { timeoutMs: live } }, defaults);
    const quote = registry.named('quote');
    source.set(-5);
    defaults.set({ retry: { maxAttempts: 2 } });
    expect(registry.refusal).toBeUndefined();
    expect(shown(quote)).toMatchObject({ 'retry.maxAttempts': 2, timeoutMs: 50 });
  });
});

describe('live options that contradict others', () => {
  const told = (events: ReturnType<typeof recordEvents>) =>
    events.all.filter(({ name }) => name === 'option.refused').map(({ data }) => data);

  test.each<[string, (live: Live<number>) => PolicyOptions, number, number, string, string]>([
    [
      'a smallest number of calls above the window of calls',
      (live) => ({ breaker: { windowCalls: 10, minimumCalls: live } }),
      5,
      11,
      'breaker.minimumCalls',
      'minimumCalls 11 is above windowCalls 10: no ratio would ever be judged',
    ],
    [
      'an open time above the longest',
      (live) => ({ breaker: { openMs: 500, maxOpenMs: live } }),
      600,
      400,
      'breaker.maxOpenMs',
      'openMs 500 is above maxOpenMs 400',
    ],
    [
      'a longest pause below the first',
      (live) => ({ retry: { baseDelayMs: 50, maxDelayMs: live } }),
      60,
      40,
      'retry.maxDelayMs',
      'baseDelayMs 50 is above maxDelayMs 40: lower it, or raise maxDelayMs',
    ],
    [
      'a lower bound above the upper',
      (live) => ({ limit: { minLimit: live, maxLimit: 50 } }),
      50,
      51,
      'limit.minLimit',
      'minLimit 51 is above maxLimit 50',
    ],
    [
      'an attempt longer than the whole call',
      (live) => ({ deadlineMs: 100, timeoutMs: live }),
      50,
      200,
      'timeoutMs',
      'timeoutMs 200 is above deadlineMs 100: no attempt could ever reach its own limit',
    ],
  ])('%s is told and not taken, for no reader', async (_, options, good, bad, setting, problem) => {
    for (const make of Object.values(makers)) {
      const source = liveValue(good);
      const events = recordEvents();
      const quote = make(options(source));
      const call = quote.wrap(async () => 'answer', makeEnv({ events }));
      source.set(bad);
      expect(await call()).toBe('answer');
      expect(shown(quote)).toMatchObject({ [setting]: good });
      expect(told(events)).toEqual([
        expect.objectContaining({ kept: String(good), problem: expect.stringContaining(problem) }),
      ]);
    }
  });

  test('do not stand in the way of a changed set of policies', () => {
    const policies = liveValue({ quote: { deadlineMs: 100 } });
    const registry = policyRegistry(makeEnv(), policies);
    const timeoutMs = liveValue(50);
    const quote = registry.named('quote', { timeoutMs });
    timeoutMs.set(150);
    policies.set({ quote: { deadlineMs: 120 } });
    expect([registry.refusal, shown(quote)]).toEqual([undefined, { deadlineMs: 120, timeoutMs: 50 }]);
    policies.set({ quote: { deadlineMs: 200 } });
    expect(shown(quote)).toEqual({ deadlineMs: 200, timeoutMs: 150 });
  });

  test('in definitions of code do not stand in the way of changed defaults', () => {
    const timeoutMs = liveValue(50);
    const defaults = liveValue({ deadlineMs: 100 });
    const registry = policyRegistry(makeEnv(), { quote: { timeoutMs } }, defaults);
    const quote = registry.named('quote');
    timeoutMs.set(150);
    defaults.set({ deadlineMs: 120 });
    expect([registry.refusal, shown(quote)]).toEqual([undefined, { deadlineMs: 120, timeoutMs: 50 }]);
  });

  test('which are equal now stay apart: of an operation and of all', () => {
    const [all, own] = [liveValue(50), liveValue(50)];
    const registry = policyRegistry(makeEnv());
    const kind: PolicyKind = {
      name: 'client',
      scopes: ['call', 'endpoint'],
      operations: { names: ['get', 'list'], nameOf: String },
    };
    const use = registry.use('shop', kind, { timeoutMs: all, operations: { list: { timeoutMs: own } } });
    const limits = () => use.describe(use.places('endpoint')).map(({ settings }) => settings)[0];
    own.set(70);
    expect(limits()).toEqual({ timeoutMs: 50, operations: { list: { timeoutMs: 70 } } });
  });
});

test('a smaller longest pause alone is built and followed: the first pause, which nobody set, is cut to it', () => {
  const policies = liveValue<Record<string, PolicyOptions>>({ quote: { retry: { maxDelayMs: 10 } } });
  const registry = policyRegistry(makeEnv(), policies);
  const quote = registry.named('quote');
  policies.set({ quote: { retry: { maxDelayMs: 5 } } });
  expect(registry.refusal).toBeUndefined();
  expect(shown(quote)).toMatchObject({ 'retry.maxDelayMs': 5, 'retry.baseDelayMs': 25 });
  policies.set({ quote: { retry: { maxDelayMs: 5, baseDelayMs: 6 } } });
  expect(registry.refusal?.reasons).toEqual([
    expect.stringContaining('baseDelayMs 6 is above maxDelayMs 5: lower it, or raise maxDelayMs'),
  ]);
});
