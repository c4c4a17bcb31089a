import {
  background,
  currentContext,
  FwkError,
  liveValue,
  makeEnv,
  operationKey,
  type Priority,
  priorityKey,
  runInContext,
  type Service,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { BulkheadFullError } from '../bulkhead/bulkhead-full-error.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { functionLayer } from '../layer/function-layer.js';
import { adaptiveLimit } from './adaptive-limit.js';
import { type AdaptiveLimitOptions, adaptiveLimitDefaults } from './adaptive-limit-options.js';
import { priorities } from './priority-shedding.js';

const overloaded = new FwkError('FWK_TEST_OVERLOADED', 'too much', { traits: { overloaded: true } });
const gaveUp = new Error('gave up');

function build(options: Partial<AdaptiveLimitOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const layer = adaptiveLimit({ lag: () => 0, windowMs: 1000, ...options });
  const env = makeEnv({ clock: guard.clock, events, random: seededRandom(1), path: 'shop' });
  const service: Service<string, string> = layer.wrap(inner, env);
  const begin = (request: string, priority: Priority = 'default', context = background) =>
    service
      .call(request, context.with({ values: [priorityKey.of(priority)] }))
      .catch((error: Error) => (error instanceof FwkError ? error.code : error));
  const sent = () => inner.calls.map(({ request }) => request);
  const snapshot = () => layer.latest!.snapshot();
  /** Keeps as many calls in flight as allowed for some windows; all of a round end together. */
  const saturate = async (windows: number, roundMs: number, ending: string | Error = 'answer') => {
    for (let passedMs = 0; passedMs < windows * 1000; passedMs += roundMs) {
      while (snapshot().inFlight < snapshot().limit) void begin('load', 'critical');
      await guard.clock.advance(roundMs);
      for (const call of inner.waiting) {
        if (ending instanceof Error) call.fail(ending);
        else call.succeed(ending);
      }
      await guard.clock.settle();
    }
  };
  return { guard, clock: guard.clock, inner, events, layer, service, begin, sent, snapshot, saturate };
}

describe('an adaptive limit', () => {
  test('lets as many through as its limit, refuses the next and says why', async () => {
    const { service, begin, sent, events, snapshot } = build({ initialLimit: 2 });
    void begin('1');
    void begin('2');
    expect(service.status()).toBe('busy');
    await expect(service.call('3', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_LIMIT_EXCEEDED',
      message: expect.stringMatching(/^shop: 2 calls are in flight where 2 were found .*none may wait \(default\)/),
      details: { limit: 2, inFlight: 2, priority: 'default', reason: 'limit' },
      traits: { overloaded: true, retryable: true, notProcessed: true },
    });
    expect(sent()).toEqual(['1', '2']);
    expect(events.names).toEqual(['limit.rejected']);
    expect(snapshot()).toEqual({
      path: 'shop',
      algorithm: 'gradient2',
      limit: 2,
      inFlight: 2,
      queued: 0,
      calls: 3,
      admitted: 2,
      gaveUp: 0,
      rejected: { critical: 0, default: 1, sheddable: 0, background: 0 },
      shedRatio: 0,
      frozenWindows: 0,
    });
  });

  test('rises while all goes well, and says so', async () => {
    const { saturate, events, snapshot } = build({ algorithm: 'aimd' });
    await saturate(2, 100);
    expect(snapshot().limit).toBe(21);
    expect(events.all).toMatchObject([
      { name: 'limit.changed', data: { path: 'shop', algorithm: 'aimd', from: 20, to: 21, rttMs: 100, inFlight: 20 } },
    ]);
  });

  test.each([
    ['the callee is overloaded', overloaded],
    ['attempts time out', new FwkError('FWK_RESILIENCE_TIMEOUT', 'slow', { traits: { timedOut: true } })],
  ])('falls when %s', async (_what, error) => {
    const { saturate, snapshot } = build({ algorithm: 'aimd' });
    await saturate(2, 100, error);
    expect(snapshot().limit).toBe(18);
  });

  test('learns nothing from what another layer refused, which the callee never saw', async () => {
    const { saturate, snapshot } = build({ algorithm: 'aimd' });
    await saturate(2, 100, new BulkheadFullError('shop', 1, 0));
    expect(snapshot().limit).toBe(20);
  });

  test('learns nothing from failures that are no sign of load, nor from calls that were cancelled', async () => {
    const { guard, clock, saturate, begin, snapshot, events } = build({ algorithm: 'aimd' });
    await saturate(3, 100, new Error('broken'));
    for (let call = 0; call < 20; call++) {
      const { context, cancel } = guard.context();
      void begin('cancelled', 'default', context);
      await clock.advance(100);
      cancel(gaveUp);
      await clock.settle();
    }
    expect(events.names).toEqual([]);
    expect(snapshot()).toMatchObject({ limit: 20, inFlight: 0 });
    guard.check();
  });

  test('learns nothing while its lag function throws, and leaves calls alone', async () => {
    const lag = () => {
      throw new Error('no histogram');
    };
    const { saturate, snapshot } = build({ algorithm: 'aimd', lag });
    await saturate(2, 100, overloaded);
    expect(snapshot()).toMatchObject({ limit: 20, frozenWindows: 1, inFlight: 0 });
  });

  test('measures the lag itself while much is in flight, and leaves no timer when nothing is', async () => {
    const { guard, inner, begin } = build({ lag: undefined, initialLimit: 4 });
    const first = begin('1');
    guard.check();
    const second = begin('2');
    expect(guard.clock.pending).toBe(1);
    for (const call of inner.waiting) call.succeed('answer');
    await Promise.all([first, second]);
    guard.check();
  });

  test('follows live bounds', async () => {
    const maxLimit = liveValue(21);
    const { saturate, snapshot } = build({ algorithm: 'aimd', maxLimit });
    await saturate(6, 100);
    expect(snapshot().limit).toBe(21);
    maxLimit.set(10);
    await saturate(2, 100);
    expect(snapshot().limit).toBe(10);
  });

  test('lets in who waits as soon as a bound is raised', async () => {
    const maxLimit = liveValue(1);
    const { guard, begin, sent } = build({ maxLimit, maxQueue: 5 });
    for (const request of ['hung', '1', '2', '3']) void begin(request);
    maxLimit.set(3);
    await guard.clock.settle();
    expect(sent()).toEqual(['hung', '1', '2']);
  });

  test('keeps the place of a function that timed out until it ends, with a bulkhead inside as well', async () => {
    const { clock } = leakGuard();
    const layer = adaptiveLimit({ initialLimit: 1 });
    const inside = [attemptTimeout({ timeoutMs: 10 }), bulkhead()];
    const together = functionLayer({
      role: 'together',
      endsInTime: 'always',
      describe: () => ({}),
      build: (next, env) =>
        layer.wrap(
          inside.reduce((inner, part) => part.wrap(inner, env), next),
          env,
        ),
    });
    let finish = () => {};
    const work = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const call = together.wrap(work, makeEnv({ clock }));
    const outcome = call().catch((error: FwkError) => error.code);
    await clock.advance(10);
    expect(await outcome).toBe('FWK_RESILIENCE_TIMEOUT');
    expect(layer.latest?.snapshot().inFlight).toBe(1);
    finish();
    await clock.settle();
    expect(layer.latest?.snapshot().inFlight).toBe(0);
  });

  test('tells of each limit that is built', () => {
    const built: string[] = [];
    const layer = adaptiveLimit({ onBuilt: ({ path }) => built.push(path) });
    for (const path of ['a', 'b']) layer.wrap(scriptedService<string, string>(), makeEnv({ path }));
    expect(built).toEqual(['a', 'b']);
    expect(layer.latest?.path).toBe('b');
  });

  test('refuses options that make no sense, all at once', () => {
    const options = { algorithm: 'magic', minLimit: 0, windowMs: Number.NaN, lag: 3, partitions: { shares: { a: 2 } } };
    expect(() => adaptiveLimit(options as never)).toThrowError(
      /algorithm .* not "magic"; minLimit .* not 0; windowMs .* not NaN; partitions .*partitionOf must be a function.*shares must be .*; lag .* not 3/,
    );
    expect(() => adaptiveLimit({ windowMs: liveValue(250) as never })).toThrowError(
      /windowMs .* not a live value of 250/,
    );
    const once = { lag: liveValue(() => 0), onBuilt: liveValue(() => {}), partitions: liveValue({}) };
    expect(() => adaptiveLimit(once as never)).toThrowError(/partitions .*; lag .* a live .*; onBuilt .* a live/);
    const shares = { a: '0.5' };
    expect(() => adaptiveLimit({ partitions: { partitionOf: () => 'a', shares } } as never)).toThrowError(
      /shares must/,
    );
    expect(() => adaptiveLimit({ minLimit: 10, maxLimit: 5 })).toThrowError('minLimit 10 is above maxLimit 5');
    expect(() => adaptiveLimit({ initialLimit: 50, maxLimit: 30 })).toThrowError('initialLimit 50 is not from');
    expect(() => adaptiveLimit({ maxLimit: 5 })).not.toThrow();
  });

  test('prints its settings', () => {
    expect(adaptiveLimit().describe()).toEqual({
      algorithm: 'gradient2',
      initialLimit: 20,
      minLimit: 1,
      maxLimit: 1000,
      maxQueue: 0,
    });
    expect(Object.isFrozen(adaptiveLimitDefaults)).toBe(true);
  });
});

describe('waiting for a place', () => {
  test('lets the most important in first, and equals in order', async () => {
    const { guard, inner, begin, sent } = build({ initialLimit: 1, maxQueue: 4 });
    void begin('running');
    void begin('b1', 'background');
    void begin('d1');
    void begin('c1', 'critical');
    void begin('d2');
    for (let call = 0; call < 5; call++) {
      inner.waiting[0]?.succeed('answer');
      await guard.clock.settle();
    }
    expect(sent()).toEqual(['running', 'c1', 'd1', 'd2', 'b1']);
  });

  test('displaces who came last of the least important when the line is full', async () => {
    const { begin, snapshot } = build({ initialLimit: 1, maxQueue: 2 });
    void begin('running');
    void begin('s1', 'sheddable');
    const displaced = begin('s2', 'sheddable');
    void begin('c1', 'critical');
    expect(await displaced).toBe('FWK_RESILIENCE_LIMIT_EXCEEDED');
    expect(await begin('s3', 'sheddable')).toBe('FWK_RESILIENCE_LIMIT_EXCEEDED');
    expect(snapshot()).toMatchObject({ queued: 2, rejected: { critical: 0, default: 0, sheddable: 2, background: 0 } });
  });

  test('refuses who has waited as long as calls may, although no place is free', async () => {
    const { begin, clock, snapshot, service } = build({ initialLimit: 1, maxQueue: 2, newestFirstAfterMs: 100 });
    void begin('running');
    const waiting = service.call('waits', background);
    const failure = waiting.catch((error: unknown) => error);
    await clock.advance(99);
    expect(snapshot()).toMatchObject({ queued: 1 });
    await clock.advance(1);
    expect(await failure).toMatchObject({
      details: { reason: 'waited' },
      message: expect.stringContaining('it waited in line as long as calls may (default)'),
    });
    expect(snapshot()).toMatchObject({ queued: 0, gaveUp: 0, rejected: { default: 1 } });
  });

  test('goes by turns while the line is empty now and then, and newest first once it stands', async () => {
    const { begin, clock, inner, sent, snapshot } = build({ initialLimit: 1, maxQueue: 9, newestFirstAfterMs: 100 });
    const next = async () => {
      inner.waiting[0]?.succeed('answer');
      await clock.settle();
    };
    void begin('running');
    void begin('a');
    await clock.advance(60);
    void begin('b');
    await next();
    expect(sent().at(-1)).toBe('a');
    await clock.advance(35);
    const late = begin('c');
    await clock.advance(4);
    void begin('d');
    void begin('e');
    await clock.advance(1);
    // The line has not been empty for 100 ms now: b has waited 40 ms, c 5 ms.
    await next();
    expect(sent().at(-1)).toBe('e');
    await next();
    expect(sent().at(-1)).toBe('d');
    expect(snapshot()).toMatchObject({ rejected: { default: 1 } });
    await next();
    expect(sent().at(-1)).toBe('c');
    await next();
    await late;
    // Empty: what comes now waits its turn again.
    void begin('f');
    void begin('g');
    void begin('h');
    await next();
    expect(sent().at(-1)).toBe('g');
  });

  test('lets important calls wait their time while the line of others stands', async () => {
    const { begin, clock, inner, sent, snapshot } = build({ initialLimit: 1, maxQueue: 9, newestFirstAfterMs: 100 });
    void begin('running');
    for (let at = 0; at < 6; at++) {
      void begin(`s${at}`, 'sheddable');
      await clock.advance(25);
    }
    void begin('c', 'critical');
    const late = begin('s', 'sheddable');
    // Longer than anybody may wait in a line that stands.
    await clock.advance(60);
    expect(await late).toBe('FWK_RESILIENCE_LIMIT_EXCEEDED');
    inner.waiting[0]?.succeed('answer');
    await clock.settle();
    expect(sent().at(-1)).toBe('c');
    expect(snapshot()).toMatchObject({ rejected: { critical: 0 } });
  });

  test('names the call that it displaces by its own operation', async () => {
    const { service, begin } = build({ initialLimit: 1, maxQueue: 1 });
    void begin('running');
    const values = [operationKey.of('inventory.low'), priorityKey.of('sheddable')];
    const displaced = service.call('waits', background.with({ values })).catch((error: unknown) => error);
    void begin('c1', 'critical');
    expect(await displaced).toMatchObject({ details: { what: 'inventory.low', reason: 'displaced' } });
  });

  test('ends at once when the caller cancels, with its reason', async () => {
    const { guard, begin, inner, snapshot } = build({ initialLimit: 1, maxQueue: 2 });
    const running = begin('running');
    const { context, cancel } = guard.context();
    const waiting = begin('waiting', 'default', context);
    cancel(gaveUp);
    expect(await waiting).toBe(gaveUp);
    inner.waiting[0]?.succeed('answer');
    await running;
    expect(snapshot()).toMatchObject({ queued: 0, gaveUp: 1, admitted: 1, inFlight: 0 });
    guard.check();
  });

  test('ends at the deadline', async () => {
    const { guard, begin } = build({ initialLimit: 1, maxQueue: 2 });
    void begin('running');
    const waiting = begin('waiting', 'default', background.with({ deadlineMs: 50 }));
    await guard.clock.advance(50);
    expect(await waiting).toBe('FWK_KERNEL_DEADLINE_EXCEEDED');
    guard.check();
  });

  test('leaves a function in the context of its own caller', async () => {
    const seen: unknown[] = [];
    const call = adaptiveLimit({ initialLimit: 1, maxQueue: 2 }).wrap(async () => void seen.push(currentContext()));
    const contexts = [1, 2, 3].map((deadlineMs) => background.with({ deadlineMs: deadlineMs * 1e12 }));
    await Promise.all(contexts.map((context) => runInContext(context, () => call())));
    expect(seen).toEqual(contexts);
  });
});

describe('priorities', () => {
  test('refuse the least important first under overload, and leave the most important alone', async () => {
    const { guard, inner, begin, snapshot } = build({ algorithm: 'aimd', initialLimit: 20, maxLimit: 20 });
    const random = seededRandom(3);
    const came = { critical: 0, default: 0, sheddable: 0, background: 0 };
    let before = snapshot().rejected;
    // Two come while one is answered: the critical and the usual ones alone would fit.
    for (let step = 0; step < 1600; step++) {
      if (step === 600) before = snapshot().rejected;
      inner.waiting[0]?.succeed('answer');
      for (const drawn of [random(), random()]) {
        const priority = drawn < 0.1 ? 'critical' : drawn < 0.4 ? 'default' : 'background';
        if (step >= 600) came[priority]++;
        void begin('load', priority);
      }
      await guard.clock.advance(1);
    }
    const after = snapshot().rejected;
    const refused = (priority: Priority) => (after[priority] - before[priority]) / came[priority];
    expect(refused('critical')).toBeLessThan(0.02);
    expect(refused('default')).toBeLessThan(0.1);
    expect(refused('background')).toBeGreaterThan(0.75);
  });

  test('count no more once the overload is over', async () => {
    const { guard, inner, begin } = build({ algorithm: 'aimd', initialLimit: 20, maxLimit: 20 });
    for (let step = 0; step < 1000; step++) {
      inner.waiting[0]?.succeed('answer');
      void begin('load', 'critical');
      void begin('load', 'background');
      await guard.clock.advance(1);
    }
    for (const call of inner.waiting) call.succeed('answer');
    await guard.clock.settle();
    const late = begin('late', 'background');
    inner.waiting[0]?.succeed('answer');
    expect(await late).toBe('answer');
  });
});

describe('partitions', () => {
  const partitions = { partitionOf: (request: string) => request[0] as string, shares: { a: 0.5, b: 0.25 } };

  test('bind only when there is no place left', async () => {
    const { begin, sent } = build({ initialLimit: 4, partitions });
    for (const request of ['x1', 'x2', 'x3', 'a1', 'a2', 'a3', 'b1', 'b2', 'x4']) void begin(request);
    expect(sent()).toEqual(['x1', 'x2', 'x3', 'a1', 'a2', 'b1']);
  });

  test('give their places back', async () => {
    const { guard, inner, begin, sent } = build({ initialLimit: 1, partitions });
    for (const request of ['x1', 'a1', 'a2']) void begin(request);
    inner.waiting.find(({ request }) => request === 'a1')?.succeed('answer');
    await guard.clock.settle();
    void begin('a3');
    expect(sent()).toEqual(['x1', 'a1', 'a3']);
  });

  test('let in who waits for the share that is free again, before who comes', async () => {
    const { guard, inner, begin, sent, snapshot } = build({ initialLimit: 4, maxQueue: 3, partitions });
    const requests = ['x1', 'x2', 'x3', 'x4', 'a1', 'a2', 'x5', 'a3', 'a4'];
    for (const request of requests) void begin(request);
    expect(sent()).toEqual(['x1', 'x2', 'x3', 'x4', 'a1', 'a2']);
    for (const call of inner.waiting.filter(({ request }) => request.startsWith('a'))) call.succeed('answer');
    await guard.clock.settle();
    expect(sent().slice(6)).toEqual(['a3', 'a4']);
    expect(snapshot()).toMatchObject({ inFlight: 6, queued: 1 });
    for (const call of inner.waiting) call.succeed('answer');
    await guard.clock.settle();
    expect(sent().slice(8)).toEqual(['x5']);
    for (const call of inner.waiting) call.succeed('answer');
    await guard.clock.settle();
    expect(snapshot()).toMatchObject({ inFlight: 0, queued: 0, admitted: 9 });
  });

  test('give what has become free to the more important of their own', async () => {
    const { guard, inner, begin, sent } = build({ initialLimit: 1, maxQueue: 3, partitions });
    for (const request of ['x1', 'a1', 'a2']) void begin(request);
    void begin('a3', 'critical');
    inner.waiting.find(({ request }) => request === 'a1')?.succeed('answer');
    await guard.clock.settle();
    expect(sent()).toEqual(['x1', 'a1', 'a3']);
  });

  test('forget who has left the line or was displaced', async () => {
    const { guard, inner, begin, sent } = build({ initialLimit: 1, maxQueue: 2, partitions });
    for (const request of ['x1', 'a1']) void begin(request);
    const { context, cancel } = guard.context();
    const cancelled = begin('a2', 'default', context);
    const displaced = begin('a3', 'background');
    void begin('x2', 'critical');
    expect(await displaced).toBe('FWK_RESILIENCE_LIMIT_EXCEEDED');
    cancel(gaveUp);
    expect(await cancelled).toBe(gaveUp);
    inner.waiting.find(({ request }) => request === 'a1')?.succeed('answer');
    await guard.clock.settle();
    expect(sent()).toEqual(['x1', 'a1']);
  });

  test('know no partition by a name that only an object’s prototype has', async () => {
    const { begin, sent } = build({
      initialLimit: 1,
      partitions: { partitionOf: (request: string) => request, shares: { a: 1 } },
    });
    for (const request of ['a', '__proto__', 'constructor']) void begin(request);
    expect(sent()).toEqual(['a']);
  });

  test('tell the caller when their key function throws, and send nothing', async () => {
    const partitionOf = () => {
      throw new Error('no tenant');
    };
    const { service, snapshot } = build({ partitions: { partitionOf, shares: { a: 1 } } });
    await expect(service.call('q', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_KEY_INVALID',
      message: expect.stringContaining('partitionOf'),
      cause: { message: 'no tenant' },
    });
    expect(snapshot()).toMatchObject({ inFlight: 0, queued: 0, gaveUp: 0 });
  });
});

test('never lets more in than the limit, answers everybody, and keeps its counts, in any order of events', async () => {
  const algorithm = fc.constantFrom('gradient2', 'vegas', 'aimd');
  await fc.assert(
    fc.asyncProperty(
      algorithm,
      fc.nat(4),
      fc.nat(),
      fc.constantFrom(0, 20),
      async (chosen, maxQueue, seed, newestFirstAfterMs) => {
        const options = {
          algorithm: chosen,
          initialLimit: 4,
          maxQueue,
          newestFirstAfterMs,
          windowMs: 20,
          lag: undefined,
        } as const;
        const { guard, inner, begin, snapshot, service } = build(options);
        const random = seededRandom(seed);
        const calls: Promise<unknown>[] = [];
        const cancels: ((reason: unknown) => void)[] = [];
        for (let step = 0; step < 60; step++) {
          const drawn = random();
          if (drawn < 0.6) {
            const { context, cancel } = guard.context(random() < 0.2 ? { deadlineMs: guard.clock.now() + 15 } : {});
            const { inFlight, limit, admitted } = snapshot();
            calls.push(begin(String(step), priorities[Math.floor(random() * 4)], context));
            if (snapshot().admitted > admitted) expect(inFlight).toBeLessThan(limit);
            cancels.push(cancel);
          } else if (drawn < 0.7) {
            cancels.splice(Math.floor(random() * cancels.length), 1)[0]?.(gaveUp);
          } else {
            const { waiting } = inner;
            const pending = waiting[Math.floor(random() * waiting.length)];
            if (drawn < 0.85) pending?.succeed('answer');
            else pending?.fail(drawn < 0.92 ? overloaded : new Error('down'));
            await guard.clock.advance(Math.floor(random() * 10));
          }
        }
        for (let left = snapshot(); left.inFlight + left.queued > 0; left = snapshot()) {
          for (const pending of inner.waiting) pending.succeed('answer');
          await guard.clock.settle();
        }
        const ended = await Promise.all(calls);
        const count = (kind: unknown) => ended.filter((ending) => ending === kind).length;
        const { calls: came, admitted, gaveUp: left, rejected } = snapshot();
        const refused = Object.values(rejected).reduce((sum, one) => sum + one, 0);
        expect(came).toBe(calls.length);
        expect(admitted + left + refused).toBe(came);
        expect(count('FWK_RESILIENCE_LIMIT_EXCEEDED')).toBe(refused);
        expect(inner.calls.length).toBe(admitted);
        expect(service.status()).toBe('ready');
        guard.check();
      },
    ),
    { numRuns: 40 },
  );
});
