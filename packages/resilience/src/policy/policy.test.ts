import {
  background,
  type CallNotes,
  type Classifier,
  cancellable,
  currentContext,
  FwkError,
  isFwkError,
  liveValue,
  makeEnv,
  notesKey,
  type OptionsError,
  runInContext,
  stack,
  verdicts,
} from '@fwk/kernel';
import { fakeClock, leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { retry } from '../retry/retry.js';
import { policy } from './policy.js';
import type { PolicyOptions } from './policy-options.js';

function problemsOf(build: () => unknown): readonly string[] {
  try {
    build();
  } catch (error) {
    return (error as OptionsError).problems;
  }
  return [];
}

const keyOf = (...args: unknown[]) => JSON.stringify(args);

const everything: PolicyOptions = {
  fault: { ratio: 1, error: true },
  timeoutMs: 800,
  throttle: {},
  limit: {},
  rateLimit: {},
  hedge: { idempotent: true },
  coalesce: { keyOf },
  cache: { keyOf, ttlMs: 1000 },
  bulkhead: {},
  retry: {},
  fallback: [() => 'a', function last() {}],
  breaker: {},
  deadlineMs: 2000,
};

describe('policy', () => {
  test('stands in the canonical order, whatever the order of its options', () => {
    const roles = policy('quote', everything).layers.map(({ role }) => role);
    expect(roles).toEqual([
      'deadline',
      'fallback',
      'fallback',
      'cache',
      'coalesce',
      'retry',
      'hedge',
      'rate-limit',
      'throttle',
      'circuit-breaker',
      'adaptive-limit',
      'bulkhead',
      'attempt-timeout',
      'fault-injection',
    ]);
  });

  test.each([
    ['no retry', undefined, 'hedge.sent'],
    ['a retry whose budget has something left', {}, 'hedge.sent'],
    ['a retry whose budget is spent', { budget: { ratio: 0, reservePerSecond: 0 } }, 'hedge.budget-exhausted'],
    ['a retry without budget', { budget: false }, 'hedge.sent'],
  ] as const)('lets hedges draw on the budget of the retries: %s', async (_, retryOptions, event) => {
    const guard = leakGuard();
    const events = recordEvents();
    const env = makeEnv({ clock: guard.clock, events });
    const slow = () => new Promise((resolve) => guard.clock.setTimer(() => resolve('late'), 50));
    const hedged = { hedge: { idempotent: true, delayMs: 10, maxExtraRatio: 1 } };
    const call = policy('quote', { ...hedged, retry: retryOptions }, env).wrap(slow)();
    await guard.clock.advance(60);
    expect(await call).toBe('late');
    expect(events.names).toEqual([event]);
  });

  test('prints itself one layer a line', () => {
    expect(policy('quote', { timeoutMs: 800, bulkhead: { maxConcurrent: 3 } }).print()).toBe(
      'bulkhead(maxConcurrent=3, maxQueue=0)\nattempt-timeout(timeoutMs=800)',
    );
    expect(policy('quote', { timeoutMs: 800, retry: {} }).describe()).toEqual({
      name: 'quote',
      layers: 'retry > attempt-timeout',
    });
  });

  test('asks the first fallback of a chain first', async () => {
    const asked: number[] = [];
    const failing = (at: number) => () => {
      asked.push(at);
      throw new Error(`fallback ${at}`);
    };
    const call = policy('chain', { fallback: [failing(1), failing(2)] }).wrap(async () => {
      throw new Error('down');
    });
    await call().catch(() => {});
    expect(asked).toEqual([1, 2]);
  });

  test('has fallbacks by error, each under its name', async () => {
    const call = policy('by error', {
      fallback: [
        { handler: () => 'no such thing', when: (error: unknown) => isFwkError(error), name: 'empty' },
        { handler: () => 'out of range', when: (error) => error instanceof RangeError },
        () => 'down',
      ],
    }).wrap(async (error: Error): Promise<string> => {
      throw error;
    });
    const ignored = new FwkError('FWK_TEST_NOT_FOUND', 'no such thing', { traits: { outcome: 'ignored' } });
    const notes: CallNotes = {};
    expect(await runInContext(background.with({ values: [notesKey.of(notes)] }), () => call(ignored))).toBe(
      'no such thing',
    );
    expect(notes.fallback).toBe('empty');
    expect([await call(new RangeError()), await call(new Error())]).toEqual(['out of range', 'down']);
  });

  test('keeps this, parameters and result of a wrapped function', async () => {
    const wrapped = policy('quote', everything).wrap(async function (
      this: { rate: number },
      price: number,
      tax?: number,
    ) {
      return this.rate * price + (tax ?? 0);
    });
    expectTypeOf(wrapped).toEqualTypeOf<(this: { rate: number }, price: number, tax?: number) => Promise<number>>();
    expect(await wrapped.call({ rate: 2 }, 10, 1)).toBe(21);
    expect(wrapped.name).toBe('');
    const named = policy('quote').wrap(function fetchQuote() {
      return 'synchronous';
    });
    expect([named.name, await named()]).toEqual(['fetchQuote', 'synchronous']);
  });

  test('turns a synchronous throw of a wrapped function into a rejection', async () => {
    const call = policy('quote', { breaker: {} }).wrap((): string => {
      throw new Error('thrown');
    });
    await expect(call()).rejects.toThrowError('thrown');
  });

  test('gives a wrapped function the deadline and the cancellation of its attempt as ambient context', async () => {
    const clock = fakeClock();
    const call = policy('quote', { deadlineMs: 2000, timeoutMs: 100 }).wrap(async () => {
      const context = currentContext();
      await new Promise((resolve) => context.onCancel(resolve));
      return seen(context.deadlineMs, currentContext() === context);
    }, makeEnv({ clock }));
    let observed: unknown;
    const seen = (...facts: unknown[]) => {
      observed = facts;
      return 'stopped';
    };
    const outcome = call().catch((error: Error) => error.name);
    await clock.advance(100);
    expect(await outcome).toBe('TimeoutError');
    expect(observed).toEqual([2000, true]);
  });

  test('ends a wrapped function that listens to nothing when the ambient caller cancels', async () => {
    for (const options of [
      {},
      { retry: {} },
      { breaker: {} },
      { bulkhead: {} },
      everything,
    ] satisfies PolicyOptions[]) {
      const guard = leakGuard();
      const call = policy('quote', options).wrap(() => new Promise(() => {}), makeEnv({ clock: guard.clock }));
      const { context, cancel } = guard.context();
      const outcome = runInContext(context, () => call()).catch((error: unknown) => error);
      const reason = new Error('gave up');
      cancel(reason);
      expect(await outcome).toBe(reason);
      guard.check();
    }
  });

  test('is a layer of a stack as well, and adds its name to the path', async () => {
    const events = recordEvents();
    const service = stack<string, number>({ path: 'shop', events })
      .use(policy('lengths', { retry: { maxAttempts: 2, baseDelayMs: 0 } }))
      .use(retry({ maxAttempts: 1 }))
      .into(async () => {
        throw new Error('down');
      });
    await expect(service.call('four', background)).rejects.toThrowError('down');
    expect(events.all.map(({ data }) => data.path)).toContain('shop/lengths');
  });

  test('judges by its own classifier', async () => {
    const lenient: Classifier = { ofResult: () => verdicts.success, ofError: () => verdicts.ignored };
    let attempts = 0;
    const call = policy('quote', { classifier: lenient, retry: {} }).wrap(async () => {
      attempts++;
      throw new Error('down');
    });
    await call().catch(() => {});
    expect(attempts).toBe(1);
  });

  test('has state of its own for each function it wraps', async () => {
    const strict = policy('quote', { breaker: { consecutiveFailures: 1 } });
    const failing = strict.wrap(async () => {
      throw new Error('down');
    });
    const other = strict.wrap(async () => 'answer');
    await failing().catch(() => {});
    expect(strict.breakers.map(({ state }) => state)).toEqual(['open', 'closed']);
    expect(await other()).toBe('answer');
  });

  test('does not start a call whose ambient caller has given up', async () => {
    const { context, cancel } = cancellable();
    cancel(new Error('gave up'));
    let started = false;
    const call = policy('quote').wrap(async () => {
      started = true;
    });
    await expect(runInContext(context, () => call())).rejects.toThrowError('gave up');
    expect(started).toBe(false);
  });
});

describe('bad input', () => {
  test.each<[PolicyOptions, RegExp]>([
    [{ timeoutMs: 3000, deadlineMs: 2000 }, /timeoutMs 3000 is above deadlineMs 2000: no attempt could ever reach/],
    [{ timeoutMs: liveValue(3000), deadlineMs: 2000 }, /timeoutMs 3000 is above deadlineMs 2000/],
    [{ retry: { baseDelayMs: 500 }, deadlineMs: 400 }, /retry.baseDelayMs 500 is not below deadlineMs 400/],
    [{ retry: { baseDelayMs: 500, maxDelayMs: 100 } }, /retry: baseDelayMs 500 is above maxDelayMs 100/],
    [{ retry: { baseDelayMs: 60_000 } }, /retry: baseDelayMs 60000 is above maxDelayMs 1000/],
    [{ rateLimit: { maxWaitMs: 1000 }, deadlineMs: 10 }, /rateLimit.maxWaitMs 1000 is above deadlineMs 10/],
    [{ breaker: { slowCallMs: 500 }, timeoutMs: 100 }, /breaker.slowCallMs 500 is above timeoutMs 100: no call could/],
    [
      { breaker: { slowCallMs: 500 }, deadlineMs: 400, bulkhead: { maxQueue: 1 } },
      /slowCallMs 500 is above deadlineMs 400/,
    ],
    [{ hedge: {} }, /hedge sends a call twice: say hedge.idempotent true if that does no harm/],
    [{ hedge: { idempotent: true, delayMs: 100 }, timeoutMs: 100 }, /hedge.delayMs 100 is not below timeoutMs 100/],
    [{ hedge: { idempotent: true, delayMs: 300 }, deadlineMs: 200 }, /hedge.delayMs 300 is not below deadlineMs 200/],
    [{ cache: { keyOf } }, /cache: ttlMs must be/],
    [{ coalesce: {} }, /coalesce: keyOf must be a function/],
    [{ fault: { ratio: 0.5 } }, /fault: one of latencyMs, error, result and abort must say what to inject/],
    [{ timeout: 5 } as never, /unknown option "timeout", did you mean "timeoutMs"\?/],
    [{ retries: {} } as never, /unknown option "retries", did you mean "retry"\?/],
    [{ retry: 3 as never }, /retry must be a plain object with options, not 3/],
    [{ breaker: null as never }, /breaker must be a plain object with options, {} for the defaults, not null/],
    [{ retry: new Map([['maxAttempts', 9]]) as never }, /retry must be a plain object with options, not an object/],
    [{ retry: liveValue({}) as never }, /retry must be a plain object with options, not a live value/],
    [
      { fallback: 'quoteFromCache' as never },
      /fallback must be a function, an object with a handler or a value, or a list/,
    ],
    [
      { fallback: [{ when: () => true }] as never },
      /fallback must be a function, an object with a handler or a value, or a list/,
    ],
    [{ fallback: { handler: () => 1, name: '' } }, /fallback: name must be a non-empty string/],
    [{ classifier: {} as never }, /classifier must be a classifier/],
    [JSON.parse('{"__proto__": {"timeoutMs": 1}}') as never, /unknown option "__proto__"/],
  ])('refuses %o with the reason', (options, message) => {
    expect(() => policy('quote', options)).toThrowError(message);
  });

  test('is not refused for a pause that nobody asked for', () => {
    expect(() => policy('quote', { retry: {}, deadlineMs: 20 })).not.toThrow();
    expect(() => policy('quote', { retry: { maxDelayMs: 10 } })).not.toThrow();
  });

  test('is refused with the problems of all layers at once', () => {
    const bad: PolicyOptions = {
      timeoutMs: -1,
      deadlineMs: Number.NaN,
      retry: { maxAttempts: 0 },
      breaker: { openMs: 0 },
    };
    expect(() => policy('quote', bad)).toThrowError(
      /^policy "quote": deadlineMs: .*; retry: maxAttempts .*; breaker: openMs .*; timeoutMs: timeoutMs .* not -1$/,
    );
  });

  test('is refused with what is wrong inside a layer beside what nobody knows', () => {
    const bad = { bogus: 1, bulkhead: 5, retry: { maxAttempts: 0 }, breaker: { failureRatio: 2 } } as never;
    expect(problemsOf(() => policy('', bad))).toEqual([
      'name must be a non-empty string, not ""; write policy(name, options)',
      expect.stringContaining('unknown option "bogus"'),
      'bulkhead must be a plain object with options, not 5',
      expect.stringMatching(/^retry: maxAttempts must be/),
      expect.stringMatching(/^breaker: failureRatio must be/),
    ]);
    expect(problemsOf(() => policy('quote', null as never))).toEqual(['options must be an object, not null']);
  });

  test('is no call that is slow because it waits for its place', () => {
    const queued: PolicyOptions = { timeoutMs: 100, breaker: { slowCallMs: 500 }, bulkhead: { maxQueue: 1 } };
    expect(problemsOf(() => policy('quote', queued))).toEqual([]);
    expect(problemsOf(() => policy('quote', { ...queued, bulkhead: {}, limit: { maxQueue: 5 } }))).toEqual([]);
    expect(problemsOf(() => policy('quote', { ...queued, bulkhead: {} }))).toHaveLength(1);
  });

  test('includes a name that is none', () => {
    expect(() => policy('', {})).toThrowError(/name must be a non-empty string/);
  });
});

test('needs its name before its options', () => {
  expect(() => policy({ timeoutMs: 5 } as never)).toThrow(
    'policy: name must be a non-empty string, not an object; write policy(name, options)',
  );
});

test.each<[unknown, string]>([
  [undefined, 'layers cannot stand round undefined. Give a function'],
  [Promise.resolve(1), 'that was called: name it without parentheses). Give a function'],
  [{ call: () => {} }, 'Give a function, or an object with `call(request, context)` and `status()`'],
])('refuses to stand round %s', (given, message) => {
  expect(() => policy('quote').wrap(given as () => void)).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_SERVICE_INVALID', message: expect.stringContaining(message) }),
  );
});
