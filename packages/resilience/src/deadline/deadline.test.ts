import {
  background,
  type CallContext,
  type Clock,
  cancellable,
  currentContext,
  type Env,
  type ErrorTraits,
  type FwkError,
  idempotentKey,
  liveValue,
  makeEnv,
  operationKey,
  runInContext,
  type Service,
  serviceOf,
  tellNotSent,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { retry } from '../retry/retry.js';
import { attemptTimeout } from './attempt-timeout.js';
import { deadline } from './deadline.js';

const never = serviceOf<string, string>(() => new Promise(() => {}));
const expired = { code: 'FWK_KERNEL_DEADLINE_EXCEEDED' };

function build() {
  const guard = leakGuard();
  const events = recordEvents();
  return {
    guard,
    clock: guard.clock,
    events,
    env: makeEnv({ clock: guard.clock, random: () => 0.5, events, path: 'shop' }),
  };
}

describe('deadline', () => {
  test('ends a call when its time is over, also when the work below listens to nothing', async () => {
    const { clock, env, guard } = build();
    const call = deadline({ timeoutMs: 300 }).wrap(never, env).call('q', guard.context().context);
    const outcome = expect(call).rejects.toMatchObject(expired);
    await clock.advance(299);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await outcome;
    guard.check();
  });

  test('tells the work below of it within the call that it belongs to', async () => {
    const { clock, env } = build();
    const seen: CallContext[] = [];
    const contexts = [1, 2].map((at) => background.with({ values: [operationKey.of(`call ${at}`)] }));
    const service = deadline({ timeoutMs: 300 }).wrap(
      serviceOf<string, string>((_, context) => {
        context.onCancel(() => void seen.push(currentContext()));
        return new Promise(() => {});
      }),
      env,
    );
    const calls = contexts.map((context) => runInContext(context, () => service.call('q', context)).catch(() => {}));
    await clock.advance(300);
    await Promise.all(calls);
    expect(seen).toEqual(contexts);
  });

  test('cancels the work below with the same error', async () => {
    const { clock, env } = build();
    const inner = scriptedService<string, string>();
    const call = deadline({ timeoutMs: 300 }).wrap(inner, env).call('q', background);
    const outcome = call.catch((error: unknown) => error);
    await clock.advance(300);
    expect(inner.calls[0]?.context.reason).toBe(await outcome);
  });

  test('tells the work below how long it may take', async () => {
    const { clock, env } = build();
    const inner = scriptedService<string, string>('answer');
    await clock.advance(50);
    await deadline({ timeoutMs: 300 }).wrap(inner, env).call('q', background);
    expect(inner.calls[0]?.context.deadlineMs).toBe(350);
  });

  test('keeps a nearer deadline that the caller brought, and enforces it', async () => {
    const { clock, env } = build();
    const call = deadline({ timeoutMs: 300 })
      .wrap(never, env)
      .call('q', background.with({ deadlineMs: 100 }));
    const outcome = expect(call).rejects.toMatchObject(expired);
    await clock.advance(100);
    await outcome;
  });

  test('enforces only what the caller brought when it has no limit of its own', async () => {
    const { clock, env } = build();
    const service = deadline({ timeoutMs: Number.POSITIVE_INFINITY }).wrap(never, env);
    service.call('no limit', background).catch(() => {});
    expect(clock.pending).toBe(0);
    const outcome = expect(service.call('q', background.with({ deadlineMs: 10 }))).rejects.toMatchObject(expired);
    await clock.advance(10);
    await outcome;
  });

  test('does not start what is too late already', async () => {
    const { clock, env } = build();
    const inner = scriptedService<string, string>();
    await clock.advance(100);
    const call = deadline()
      .wrap(inner, env)
      .call('q', background.with({ deadlineMs: 100 }));
    await expect(call).rejects.toMatchObject(expired);
    expect(inner.calls).toHaveLength(0);
  });

  test('bounds all attempts and pauses together', async () => {
    const { clock, env, guard } = build();
    const service = deadline({ timeoutMs: 250 }).wrap(
      retry({ maxAttempts: 5, baseDelayMs: 0 }).wrap(attemptTimeout({ timeoutMs: 100 }).wrap(never, env), env),
      env,
    );
    const outcome = expect(service.call('q', guard.context().context)).rejects.toMatchObject(expired);
    await clock.advance(250);
    await outcome;
    expect(clock.now()).toBe(250);
    guard.check();
  });

  test('follows a live limit', async () => {
    const { clock, env } = build();
    const timeoutMs = liveValue(1000);
    const service = deadline({ timeoutMs }).wrap(never, env);
    timeoutMs.set(10);
    const outcome = expect(service.call('q', background)).rejects.toMatchObject(expired);
    await clock.advance(10);
    await outcome;
  });

  test('sets no timer above an attempt timeout, which ends the call in time by its own', async () => {
    const { clock, env } = build();
    const service = deadline({ timeoutMs: 30 }).wrap(attemptTimeout({ timeoutMs: 100 }).wrap(never, env), env);
    const outcome = expect(service.call('q', background)).rejects.toMatchObject(expired);
    expect(clock.pending).toBe(1);
    await clock.advance(30);
    await outcome;
  });

  test.each([
    ['has no limit', Number.POSITIVE_INFINITY, background],
    ['has one beyond the longest timer', Number.POSITIVE_INFINITY, background.with({ deadlineMs: 2 ** 33 })],
  ])('gives a function up when its caller cancels, also when the call %s', async (_, timeoutMs, parent) => {
    const { clock, env, guard } = build();
    const { context, cancel } = cancellable(parent);
    const call = deadline({ timeoutMs }).wrap(() => new Promise(() => {}), env);
    const outcome = runInContext(context, call).catch((error: unknown) => error);
    const reason = new Error('no longer needed');
    cancel(reason);
    expect(await outcome).toBe(reason);
    expect(clock.pending).toBe(0);
    guard.check();
  });

  test('counts the time that a function takes before it answers a promise', async () => {
    const { clock, env } = build();
    let busyMs = 0;
    const busy: Clock = {
      ...clock,
      now: () => clock.now() + busyMs,
      setTimer: (callback, ms) => clock.setTimer(callback, busyMs + ms),
    };
    const compute = () => {
      busyMs = 150;
      return new Promise((resolve) => void busy.setTimer(() => resolve('late'), 90));
    };
    const call = deadline({ timeoutMs: 100 }).wrap(compute, { ...env, clock: busy });
    const outcome = expect(call()).rejects.toMatchObject(expired);
    await clock.advance(240);
    await outcome;
  });

  test.each([
    ['alone', (inner: typeof never) => inner],
    [
      'above an attempt timeout that it cannot see',
      (inner: typeof never, env: Env) => {
        const attempt = attemptTimeout().wrap(inner, env);
        return serviceOf<string, string>((request, context) => attempt.call(request, context));
      },
    ],
  ])('tells once of an answer that comes too late: %s', async (_, below) => {
    const { clock, env, events } = build();
    const slow = serviceOf<string, string>(
      () => new Promise<string>((resolve) => void clock.setTimer(() => resolve('late'), 60)),
    );
    const call = deadline({ timeoutMs: 20 }).wrap(below(slow, env), env).call('q', background);
    const outcome = expect(call).rejects.toMatchObject(expired);
    await clock.advance(60);
    await outcome;
    expect(events.names).toEqual(['deadline.exceeded', 'attempt.answered-late']);
  });
});

describe('attempt timeout', () => {
  test('gives an attempt up when it takes too long, and names it', async () => {
    const { clock, env, events } = build();
    const context = background.with({ values: [operationKey.of('inventory.stock')] });
    const call = attemptTimeout({ timeoutMs: 80 }).wrap(never, env).call('q', context);
    const outcome = expect(call).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_TIMEOUT',
      message:
        'inventory.stock: the attempt took longer than 80 ms and was given up; raise timeoutMs or find what was slow',
    });
    await clock.advance(80);
    await outcome;
    expect(events.names).toEqual(['attempt.timed-out']);
  });

  test('cancels the context of the attempt, and of no other', async () => {
    const { clock, env, guard } = build();
    const inner = scriptedService<string, string>();
    const { context } = guard.context();
    const call = attemptTimeout({ timeoutMs: 80 }).wrap(inner, env).call('q', context);
    call.catch(() => {});
    await clock.advance(80);
    expect(inner.calls[0]?.context.cancelled).toBe(true);
    expect(context.cancelled).toBe(false);
    guard.check();
  });

  test('drops the answer of an attempt that was given up, and counts it', async () => {
    const { clock, env, events } = build();
    let answer = (_: string) => {};
    const slow = serviceOf<string, string>(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const counted: string[] = [];
    const metrics = {
      ...env.metrics,
      counter: ({ name }: { name: string }) => ({ add: () => void counted.push(name) }),
    };
    const call = attemptTimeout({ timeoutMs: 80 })
      .wrap(slow, { ...env, metrics })
      .call('q', background);
    const outcome = expect(call).rejects.toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
    await clock.advance(80);
    await outcome;
    answer('late');
    await clock.settle();
    expect(counted).toEqual(['resilience.attempts.timed_out', 'resilience.attempts.late']);
    expect(events.names).toEqual(['attempt.timed-out', 'attempt.answered-late']);
  });

  test('gives an attempt no more than what remains of the deadline, and says which limit it was', async () => {
    const { clock, env } = build();
    const call = attemptTimeout({ timeoutMs: 80 })
      .wrap(never, env)
      .call('q', background.with({ deadlineMs: 30 }));
    const outcome = expect(call).rejects.toMatchObject(expired);
    await clock.advance(30);
    await outcome;
  });

  test('does not say that what remained for it was all that the call had', async () => {
    const { clock, env } = build();
    const attempt = attemptTimeout({ timeoutMs: 80 }).wrap(never, env);
    const service = deadline({ timeoutMs: 100 }).wrap(retry({ baseDelayMs: 0 }).wrap(attempt, env), env);
    const outcome = service.call('q', background).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await outcome).toMatchObject({
      message: 'shop: the deadline passed after 20 ms of the attempt; raise it or find what was slow',
    });
  });

  test('takes its timer away with the answer', async () => {
    const { env, guard } = build();
    const inner = scriptedService<string, string>('answer');
    expect(await attemptTimeout().wrap(inner, env).call('q', guard.context().context)).toBe('answer');
    guard.check();
  });
});

describe.each([
  ['deadline', () => deadline({ timeoutMs: 300 })],
  ['attemptTimeout', () => attemptTimeout({ timeoutMs: 300 })],
] as const)('%s', (_name, layer) => {
  /** A clock on which timers ring so much later than they are due. */
  const lateBy = (clock: Clock, lateMs: number): Clock => ({
    ...clock,
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs + lateMs),
  });

  test.each([
    [0, undefined],
    [30, undefined],
    [31, true],
    [700, true],
  ])('that is noticed %d ms late says so beyond a tenth of itself', async (lateMs, noticedLate) => {
    const { clock, env, guard } = build();
    const call = layer().wrap(never, makeEnv({ ...env, clock: lateBy(clock, lateMs) }));
    const outcome = call.call('q', guard.context().context).catch((error: FwkError) => error.traits);
    await clock.advance(300 + lateMs);
    expect(await outcome).toMatchObject({ timedOut: true });
    expect(((await outcome) as ErrorTraits).noticedLate).toBe(noticedLate);
    guard.check();
  });
});

describe('an attempt of which nothing was sent', () => {
  /** As a transport that is cancelled while it waits for a connection. */
  const connecting = (): Service<string, string> => ({
    call: (_request, context) =>
      new Promise((_resolve, reject) => {
        context.onCancel((reason) => {
          tellNotSent(context);
          reject(reason);
        });
      }),
    status: () => 'ready',
  });

  test('says so when its time is over, so that any call may be tried elsewhere', async () => {
    const { clock, env } = build();
    const inner = scriptedService<string, string>();
    let calls = 0;
    const first = connecting();
    const next: Service<string, string> = {
      call: (request, context) => (++calls === 1 ? first.call(request, context) : inner.call(request, context)),
      status: () => 'ready',
    };
    const service = retry({ baseDelayMs: 0 }).wrap(attemptTimeout({ timeoutMs: 100 }).wrap(next, env), env);
    inner.script('answer');
    const call = service.call('q', background.with({ values: [idempotentKey.of(false)] }));
    await clock.advance(101);
    expect(await call).toBe('answer');
  });

  test('is told of the attempt itself, not of one inside that a caller’s limit has ended', async () => {
    const { clock, env } = build();
    const inside = attemptTimeout({ timeoutMs: 1000 }).wrap(connecting(), env);
    const outside = attemptTimeout({ timeoutMs: 100 }).wrap(inside, env);
    const outcome = outside.call('q', background).catch((error: FwkError) => error);
    await clock.advance(100);
    const error = (await outcome) as FwkError;
    expect(error.code).toBe('FWK_RESILIENCE_TIMEOUT');
    expect(error.traits.notProcessed).toBeUndefined();
  });

  test('is told of what was left of a deadline too', async () => {
    const { clock, env } = build();
    const service = attemptTimeout({ timeoutMs: 1000 }).wrap(connecting(), env);
    const outcome = service.call('q', background.with({ deadlineMs: 50 })).catch((error: FwkError) => error);
    await clock.advance(50);
    expect(await outcome).toMatchObject({ ...expired, traits: { timedOut: true, notProcessed: true } });
  });
});
