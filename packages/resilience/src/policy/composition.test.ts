/**
 * Every ordered pair of layers, met by success, failure, the caller's cancellation and a callee that never answers:
 * how often the callee is reached, and what the caller gets. What is expected is said once for each layer alone; a pair
 * must do what its two members do, whichever is outside.
 */
import { background, type Env, isFwkError, makeEnv, type Service } from '@fwk/kernel';
import { leakGuard, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import {
  adaptiveLimit,
  attemptTimeout,
  bulkhead,
  cache,
  circuitBreaker,
  coalesce,
  deadline,
  type FunctionLayer,
  fallback,
  faultInjection,
  hedge,
  policy,
  rateLimit,
  retry,
  throttle,
} from '../index.js';

interface Traits {
  readonly make: () => FunctionLayer;
  /** Attempts of a call that keeps failing. */
  readonly attempts?: number;
  /** Ends a call that never answers after so long. */
  readonly limitMs?: number;
  /** Answers failed calls. */
  readonly answers?: boolean;
}

const DEADLINE_MS = 1000;
const ATTEMPT_MS = 100;

const keyOf = (request: string) => request;

const layers: Readonly<Record<string, Traits>> = {
  deadline: { make: () => deadline({ timeoutMs: DEADLINE_MS }), limitMs: DEADLINE_MS },
  fallback: { make: () => fallback(() => 'instead'), answers: true },
  cache: { make: () => cache({ keyOf, ttlMs: 1000 }) },
  coalesce: { make: () => coalesce({ keyOf }) },
  hedge: { make: () => hedge() },
  'rate limit': { make: () => rateLimit() },
  throttle: { make: () => throttle() },
  'adaptive limit': { make: () => adaptiveLimit({ lag: () => 0 }) },
  'fault injection': { make: () => faultInjection({ ratio: 1, error: true }) },
  retry: { make: () => retry({ maxAttempts: 3, baseDelayMs: 0 }), attempts: 3 },
  breaker: { make: () => circuitBreaker() },
  bulkhead: { make: () => bulkhead() },
  timeout: { make: () => attemptTimeout({ timeoutMs: ATTEMPT_MS }), limitMs: ATTEMPT_MS },
};

const pairs = Object.keys(layers).flatMap((outer) =>
  Object.keys(layers)
    .filter((inner) => inner !== outer)
    .map((inner) => [outer, inner] as const),
);

function build(outer: string, inner: string) {
  const guard = leakGuard();
  const callee = scriptedService<string, string>();
  const env: Env = makeEnv({ clock: guard.clock, random: seededRandom(3) });
  const service: Service<string, string> = layers[outer]!.make().wrap(layers[inner]!.make().wrap(callee, env), env);
  return { guard, callee, service, clock: guard.clock };
}

const outcomeOf = (call: Promise<string>) => call.catch((error: unknown) => error);

describe.each(pairs)('%s outside %s', (outer, inner) => {
  const both = [layers[outer]!, layers[inner]!];
  const answers = both.some((traits) => traits.answers);
  /** A fallback inside a retry turns the failure into an answer before the retry sees it. */
  const attempts = inner === 'fallback' ? 1 : Math.max(...both.map((traits) => traits.attempts ?? 1));

  test('success: one call reaches the callee and its answer comes back', async () => {
    const { callee, service, guard } = build(outer, inner);
    callee.script('answer');
    expect(await service.call('q', guard.context().context)).toBe('answer');
    expect(callee.calls).toHaveLength(1);
    guard.check();
  });

  test('failure: the caller gets the callee’s own error, or the fallback’s answer', async () => {
    const { callee, service, guard, clock } = build(outer, inner);
    const error = new Error('down');
    callee.script(error, error, error);
    const outcome = outcomeOf(service.call('q', guard.context().context));
    await clock.advance(ATTEMPT_MS / 2);
    expect(await outcome).toBe(answers ? 'instead' : error);
    expect(callee.calls).toHaveLength(attempts);
    guard.check();
  });

  test('cancel: the caller gets its own reason at once and the callee is told', async () => {
    const { callee, service, guard, clock } = build(outer, inner);
    const { context, cancel } = guard.context();
    const outcome = outcomeOf(service.call('q', context));
    await clock.settle();
    const reason = new Error('gave up');
    cancel(reason);
    expect(await outcome).toBe(reason);
    expect(callee.waiting).toHaveLength(0);
    expect(callee.calls).toHaveLength(1);
    guard.check();
  });

  test('timeout: a callee that never answers is given up by the nearest limit, if there is one', async () => {
    const { callee, service, guard, clock } = build(outer, inner);
    const limits = both.flatMap((traits) => traits.limitMs ?? []);
    const { context, cancel } = guard.context();
    const outcome = outcomeOf(service.call('q', context));
    await clock.advance(DEADLINE_MS);
    if (limits.length === 0) {
      expect(callee.waiting).toHaveLength(1);
      cancel(new Error('end of the test'));
    }
    const result = await outcome;
    if (limits.length === 0) expect(result).toEqual(new Error('end of the test'));
    // A fallback inside the limit that ran out has no say any more.
    else if (outer === 'fallback') expect(result).toBe('instead');
    else expect(isFwkError(result) && result.code).toMatch(/TIMEOUT|DEADLINE_EXCEEDED/);
    expect(callee.calls).toHaveLength(outer === 'retry' && inner === 'timeout' ? 3 : 1);
    expect(callee.waiting).toHaveLength(0);
    guard.check();
  });
});

test('all layers together in a policy do the same, whatever the order of the options', async () => {
  const { guard, callee } = build('retry', 'breaker');
  const all = policy('all', {
    timeoutMs: ATTEMPT_MS,
    fault: { ratio: 1, error: true },
    throttle: {},
    limit: { lag: () => 0 },
    rateLimit: {},
    hedge: { idempotent: true },
    coalesce: { keyOf },
    cache: { keyOf, ttlMs: 1000 },
    bulkhead: {},
    breaker: {},
    retry: { maxAttempts: 3, baseDelayMs: 0 },
    fallback: () => 'instead',
    deadlineMs: DEADLINE_MS,
  });
  const service: Service<string, string> = all.wrap(callee, makeEnv({ clock: guard.clock }));
  const outcome = outcomeOf(service.call('q', background));
  await guard.clock.advance(ATTEMPT_MS * 3);
  expect(await outcome).toBe('instead');
  expect(callee.calls).toHaveLength(3);
  guard.check();
});
