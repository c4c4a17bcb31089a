import { background, currentContext, liveValue, makeEnv, runInContext, type Service } from '@fwk/kernel';
import { leakGuard, scriptedService, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BulkheadOptions, bulkhead } from './bulkhead.js';

function build(options: Partial<BulkheadOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const layer = bulkhead(options);
  const service: Service<string, string> = layer.wrap(inner, makeEnv({ clock: guard.clock, path: 'shop' }));
  const begin = (request: string, context = background) =>
    service.call(request, context).catch((error: Error) => error);
  return { guard, inner, layer, service, begin };
}

describe('bulkhead', () => {
  test('refuses at once when all places are taken and nobody may wait', async () => {
    const { inner, service, begin } = build({ maxConcurrent: 2 });
    void begin('1');
    void begin('2');
    await expect(service.call('3', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_BULKHEAD_FULL',
      message: 'shop: all 2 places are taken and none may wait; send less at once or raise maxConcurrent or maxQueue',
      traits: { overloaded: true, notProcessed: true },
    });
    expect(inner.calls).toHaveLength(2);
  });

  test('lets those who wait in, first come, first served', async () => {
    const { inner, begin } = build({ maxConcurrent: 1, maxQueue: 2 });
    const calls = [begin('1'), begin('2'), begin('3')];
    for (const answer of ['a', 'b', 'c']) {
      inner.waiting[0]?.succeed(answer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    expect(inner.calls.map(({ request }) => request)).toEqual(['1', '2', '3']);
  });

  test('refuses one who has waited as long as it may, and lets the next in line go on waiting', async () => {
    const { guard, inner, begin, layer } = build({ maxConcurrent: 1, maxQueue: 2, maxWaitMs: 50 });
    void begin('running');
    const first = begin('first');
    await guard.clock.advance(30);
    const second = begin('second');
    await guard.clock.advance(20);
    expect(await first).toMatchObject({
      code: 'FWK_RESILIENCE_BULKHEAD_FULL',
      message:
        'shop: all 1 places are taken and none became free in 50 ms, the longest wait; ' +
        'send less at once or raise maxConcurrent or maxWaitMs',
      details: { waitedMs: 50 },
      traits: { notProcessed: true },
    });
    expect(layer.latest?.snapshot().queued).toBe(1);
    inner.waiting[0]?.succeed('done');
    await guard.clock.settle();
    inner.waiting[0]?.succeed('in time');
    expect(await second).toBe('in time');
    guard.check();
  });

  test.each([
    ['the deadline comes before the longest wait', 40, 'FWK_KERNEL_DEADLINE_EXCEEDED'],
    ['the longest wait comes before the deadline', 60, 'FWK_RESILIENCE_BULKHEAD_FULL'],
  ])('when %s, that ends the wait', async (_, deadlineMs, code) => {
    const { guard, begin } = build({ maxConcurrent: 1, maxQueue: 1, maxWaitMs: 50 });
    void begin('running');
    const waiting = begin('waiting', background.with({ deadlineMs }));
    await guard.clock.advance(60);
    expect(await waiting).toMatchObject({ code });
  });

  test('shows its places: in use, free, and how many wait', async () => {
    const maxConcurrent = liveValue(3);
    const { layer, begin } = build({ maxConcurrent, maxQueue: 5 });
    void begin('1');
    void begin('2');
    expect(layer.latest?.snapshot()).toEqual({
      path: 'shop',
      maxConcurrent: 3,
      maxQueue: 5,
      inUse: 2,
      free: 1,
      queued: 0,
    });
    maxConcurrent.set(1);
    void begin('3');
    expect(layer.latest?.snapshot()).toMatchObject({ inUse: 2, free: 0, queued: 1 });
  });

  test('lets nobody slip in between the one who leaves and the one who has waited', async () => {
    const { guard, inner, begin } = build({ maxConcurrent: 1, maxQueue: 1 });
    void begin('running');
    void begin('waiting');
    inner.waiting[0]?.succeed('done');
    await guard.clock.settle();
    const late = await Promise.race([begin('late'), guard.clock.settle()]);
    expect(late).toBeUndefined();
    expect(inner.calls.map(({ request }) => request)).toEqual(['running', 'waiting']);
  });

  test('lets a waiting call leave at once when its caller cancels, with the caller’s reason', async () => {
    const { guard, inner, begin } = build({ maxConcurrent: 1, maxQueue: 2 });
    void begin('running');
    const { context, cancel } = guard.context();
    const waiting = begin('waiting', context);
    const next = begin('next');
    const reason = new Error('gave up');
    cancel(reason);
    expect(await waiting).toBe(reason);
    inner.waiting[0]?.succeed('done');
    await guard.clock.settle();
    inner.waiting[0]?.succeed('next answer');
    expect(await next).toBe('next answer');
    expect(inner.calls).toHaveLength(2);
    guard.check();
  });

  test('lets those who wait in as soon as the limit is raised, although nobody has left', async () => {
    const maxConcurrent = liveValue(1);
    const { guard, inner, begin } = build({ maxConcurrent, maxQueue: 2 });
    for (const request of ['hung', 'first', 'second']) void begin(request);
    maxConcurrent.set(2);
    await guard.clock.settle();
    expect(inner.calls.map(({ request }) => request)).toEqual(['hung', 'first']);
    maxConcurrent.set(10);
    void begin('new');
    await guard.clock.settle();
    expect(inner.calls.map(({ request }) => request).toSorted()).toEqual(['first', 'hung', 'new', 'second']);
  });

  test('listens to its limit only while somebody waits', async () => {
    const maxConcurrent = liveValue(1);
    const subscribe = maxConcurrent.subscribe.bind(maxConcurrent);
    let listening = 0;
    maxConcurrent.subscribe = (listener) => {
      const subscription = subscribe(listener);
      listening++;
      return {
        [Symbol.dispose]() {
          listening--;
          subscription[Symbol.dispose]();
        },
      };
    };
    const { guard, inner, begin } = build({ maxConcurrent, maxQueue: 2 });
    void begin('1');
    expect(listening).toBe(0);
    const { context, cancel } = guard.context();
    const waiting = [begin('2', context), begin('3', context)];
    expect(listening).toBe(1);
    cancel(new Error('gave up'));
    await Promise.all(waiting);
    expect(listening).toBe(0);
    void begin('4');
    expect(listening).toBe(1);
    inner.waiting[0]?.succeed('done');
    await guard.clock.settle();
    expect(listening).toBe(0);
  });

  test('tells a call whose deadline has passed already so, instead of waiting', async () => {
    const { guard, begin } = build({ maxConcurrent: 1, maxQueue: 1 });
    void begin('running');
    await guard.clock.advance(10);
    const late = begin('late', background.with({ deadlineMs: 5 }));
    await guard.clock.advance(1);
    expect(await late).toMatchObject({ message: expect.stringContaining('passed before it was started') });
  });

  test('lets a waiting call leave when its deadline passes', async () => {
    const { guard, begin, inner } = build({ maxConcurrent: 1, maxQueue: 1 });
    const running = begin('running');
    const waiting = begin('waiting', background.with({ deadlineMs: 100 }));
    await guard.clock.advance(100);
    expect(await waiting).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    inner.waiting[0]?.succeed('done');
    expect(await running).toBe('done');
    guard.check();
  });

  test('runs a function that has waited in the context of its own caller', async () => {
    const seen: unknown[] = [];
    const call = bulkhead({ maxConcurrent: 1, maxQueue: 2 }).wrap(async () => void seen.push(currentContext()));
    const contexts = [1, 2, 3].map((deadlineMs) => background.with({ deadlineMs: deadlineMs * 1e12 }));
    await Promise.all(contexts.map((context) => runInContext(context, () => call())));
    expect(seen).toEqual(contexts);
  });

  test('reads busy while nobody more would be let in', async () => {
    const { inner, service, begin } = build({ maxConcurrent: 1, maxQueue: 1 });
    const running = begin('1');
    expect(service.status()).toBe('ready');
    void begin('2');
    expect(service.status()).toBe('busy');
    inner.waiting[0]?.succeed('done');
    await running;
    expect(service.status()).toBe('ready');
  });

  test('follows a live limit upwards and downwards', async () => {
    const maxConcurrent = liveValue(1);
    const { guard, inner, begin } = build({ maxConcurrent, maxQueue: 10 });
    const calls = ['1', '2', '3', '4'].map((request) => begin(request));
    maxConcurrent.set(3);
    inner.waiting[0]?.succeed('a');
    await guard.clock.settle();
    expect(inner.waiting.map(({ request }) => request)).toEqual(['2', '3', '4']);
    maxConcurrent.set(1);
    const fifth = begin('5');
    for (const pending of inner.waiting.slice(0, 2)) pending.succeed('b');
    await guard.clock.settle();
    expect(inner.waiting.map(({ request }) => request)).toEqual(['4']);
    inner.waiting[0]?.succeed('c');
    await guard.clock.settle();
    inner.waiting[0]?.succeed('d');
    expect(await Promise.all([...calls, fifth])).toEqual(['a', 'b', 'b', 'c', 'd']);
  });

  test('never runs more than allowed, answers everybody and gives every place back, in any order of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(4), fc.nat(), async (maxConcurrent, maxQueue, seed) => {
        const { guard, inner, begin, service } = build({ maxConcurrent, maxQueue });
        const random = seededRandom(seed);
        const calls: Promise<unknown>[] = [];
        for (let step = 0; step < 40; step++) {
          const drawn = random();
          if (drawn < 0.5) {
            const { context, cancel } = guard.context();
            calls.push(begin(String(step), context));
            if (drawn < 0.1) cancel(new Error('gave up'));
          } else {
            const { waiting } = inner;
            const pending = waiting[Math.floor(random() * waiting.length)];
            if (drawn < 0.75) pending?.succeed('answer');
            else pending?.fail(new Error('down'));
            await guard.clock.settle();
          }
          expect(inner.waiting.length).toBeLessThanOrEqual(maxConcurrent);
        }
        await guard.clock.settle();
        while (inner.waiting.length > 0) {
          for (const pending of inner.waiting) pending.succeed('answer');
          await guard.clock.settle();
        }
        await Promise.all(calls);
        expect(service.status()).toBe('ready');
        guard.check();
      }),
      { numRuns: 40 },
    );
  });

  test('refuses limits that make no sense, all at once', () => {
    expect(() => bulkhead({ maxConcurrent: 0, maxQueue: 1.5 })).toThrowError(
      /maxConcurrent .* not 0; maxQueue .* not 1.5/,
    );
  });
});
