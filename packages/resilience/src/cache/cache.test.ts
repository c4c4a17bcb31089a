import {
  background,
  type CallNotes,
  type Classifier,
  type Clock,
  contextKey,
  defaultClassifier,
  FwkError,
  idempotentKey,
  liveValue,
  makeEnv,
  note,
  notesKey,
  runInContext,
  type Service,
  verdicts,
} from '@fwk/kernel';
import { fakeClock, leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { coalesce } from '../coalesce/coalesce.js';
import { cache } from './cache.js';
import type { CacheHandle, CacheOptions } from './cache-options.js';

const keyOf = (request: string) => request;
const down = new Error('down');

function build(options: Partial<CacheOptions> = {}, classifier: Classifier = defaultClassifier) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, classifier, path: 'shop' });
  const layer = cache({ keyOf, ttlMs: 100, ...options });
  const service: Service<string, string> = layer.wrap(inner, env);
  const handle = layer.latest as CacheHandle;
  /** What the caller gets, with what it finds in its notes. */
  const ask = async (sku = 'apples') => {
    const notes: CallNotes = {};
    const got = await service
      .call(sku, background.with({ values: [notesKey.of(notes)] }))
      .catch((error: unknown) => error);
    return [got, notes];
  };
  return { guard, clock: guard.clock, inner, events, layer, handle, service, ask };
}

const hit = { cached: true };
const old = { cached: true, stale: true };

describe('a fresh answer', () => {
  test('is given again without a call, and says that it comes from the cache', async () => {
    const { clock, inner, ask } = build();
    inner.script('first', 'second');
    expect(await ask()).toEqual(['first', {}]);
    await clock.advance(99);
    expect(await ask()).toEqual(['first', hit]);
    await clock.advance(1);
    expect(await ask()).toEqual(['second', {}]);
  });

  test('belongs to its key', async () => {
    const { inner, ask } = build();
    inner.script('first', 'second');
    expect([await ask('apples'), await ask('pears')]).toEqual([
      ['first', {}],
      ['second', {}],
    ]);
  });

  test('may be nothing at all', async () => {
    const { inner, ask } = build();
    inner.script(undefined as never);
    await ask();
    expect(await ask()).toEqual([undefined, hit]);
  });

  test('is as old as its call, so that a slow callee does not make it younger', async () => {
    const { clock, inner, ask } = build();
    const slow = ask();
    await clock.advance(99);
    inner.calls[0]?.succeed('slow');
    await slow;
    expect(await ask()).toEqual(['slow', hit]);
    await clock.advance(1);
    inner.script('next');
    expect(await ask()).toEqual(['next', {}]);
  });

  test('is not replaced by the later answer of an older call', async () => {
    const { clock, inner, ask } = build();
    const older = ask();
    await clock.advance(10);
    const younger = ask();
    inner.calls[1]?.succeed('younger');
    inner.calls[0]?.succeed('older');
    expect([(await older)[0], (await younger)[0]]).toEqual(['older', 'younger']);
    expect(await ask()).toEqual(['younger', hit]);
  });

  test('follows a live lifetime', async () => {
    const ttlMs = liveValue(100);
    const { clock, inner, ask } = build({ ttlMs });
    inner.script('first', 'second');
    await ask();
    await clock.advance(50);
    ttlMs.set(40);
    expect(await ask()).toEqual(['second', {}]);
  });
});

describe('never kept is', () => {
  test('an error', async () => {
    const { inner, ask } = build();
    inner.script(down, 'answer');
    expect(await ask()).toEqual([down, {}]);
    expect(await ask()).toEqual(['answer', {}]);
  });

  test('a result that the classifier does not call a success', async () => {
    const { inner, ask } = build({}, { ...defaultClassifier, ofResult: () => verdicts.ignored });
    inner.script('no such thing', 'here it is');
    await ask();
    expect(await ask()).toEqual(['here it is', {}]);
  });

  test('the answer of what must not run twice, nor is such a call answered', async () => {
    const { inner, service, ask } = build();
    inner.script('read', 'effect', 'effect again');
    await ask();
    const effect = background.with({ values: [idempotentKey.of(false)] });
    expect([await service.call('apples', effect), await service.call('apples', effect)]).toEqual([
      'effect',
      'effect again',
    ]);
    expect(await ask()).toEqual(['read', hit]);
  });
});

describe('while it revalidates', () => {
  const staleWhileRevalidateMs = 50;

  test('an old answer is given at once and renewed by one call, however many ask', async () => {
    const { clock, inner, ask, handle } = build({ staleWhileRevalidateMs });
    inner.script('first');
    await ask();
    await clock.advance(149);
    expect([await ask(), await ask()]).toEqual([
      ['first', old],
      ['first', old],
    ]);
    expect(inner.calls).toHaveLength(2);
    inner.calls[1]?.succeed('second');
    await clock.settle();
    expect(await ask()).toEqual(['second', hit]);
    expect(handle.snapshot()).toMatchObject({ stale: 2, refreshed: 1, fresh: 1 });
  });

  test('an answer that is even older is not given', async () => {
    const { clock, inner, ask } = build({ staleWhileRevalidateMs });
    inner.script('first', 'second');
    await ask();
    await clock.advance(150);
    expect(await ask()).toEqual(['second', {}]);
  });

  test('a renewal outlives the call that set it off: it has neither its deadline nor its cancellation, notes or trace', async () => {
    const { guard, clock, inner, ask, service } = build({ staleWhileRevalidateMs });
    inner.script('first');
    await ask();
    await clock.advance(100);
    const { context, cancel } = guard.context({ deadlineMs: 101 });
    const notes: CallNotes = {};
    const trace = contextKey('trace', 'none', true);
    const tenant = contextKey('tenant', 'none');
    const caller = context.with({ values: [notesKey.of(notes), trace.of('its'), tenant.of('acme')] });
    await runInContext(caller, () => service.call('apples', caller));
    cancel('left');
    const renewing = inner.waiting[0]!;
    note(renewing.context, 'attempts', 3);
    expect([notes, renewing.context.deadlineMs]).toEqual([old, 250]);
    expect([renewing.context.get(trace), renewing.context.get(tenant)]).toEqual(['none', 'acme']);
    await clock.advance(10);
    expect(renewing.context.cancelled).toBe(false);
    renewing.succeed('second');
    await clock.settle();
    expect(await ask()).toEqual(['second', hit]);
    guard.check();
  });

  test('a failed renewal disturbs nobody, is told, and is tried again', async () => {
    const { clock, inner, ask, events, handle } = build({ staleWhileRevalidateMs });
    inner.script('first', down, 'second');
    await ask();
    await clock.advance(100);
    expect(await ask()).toEqual(['first', old]);
    await clock.settle();
    expect(events.all.map(({ name, data }) => [name, data.error])).toEqual([['cache.refresh-failed', 'down']]);
    expect(await ask()).toEqual(['first', old]);
    await clock.settle();
    expect(await ask()).toEqual(['second', hit]);
    expect(handle.snapshot()).toMatchObject({ refreshed: 1, refreshFailed: 1 });
  });

  test('a renewal that hangs ends after a minute, however long its answer may be given, and is tried again', async () => {
    const { guard, clock, inner, ask, events, handle } = build({ staleWhileRevalidateMs: 86_400_000 });
    inner.script('first');
    await ask();
    await clock.advance(100);
    await ask();
    await clock.advance(59_999);
    await ask();
    expect(inner.calls).toHaveLength(2);
    await clock.advance(1);
    expect(inner.calls[1]?.context.cancelled).toBe(true);
    expect(events.names).toEqual(['deadline.exceeded', 'cache.refresh-failed']);
    inner.script('second');
    expect(await ask()).toEqual(['first', old]);
    await clock.settle();
    expect(await ask()).toEqual(['second', hit]);
    expect(handle.snapshot()).toMatchObject({ refreshed: 1, refreshFailed: 1 });
    guard.check();
  });

  test('a renewal ends when its answer would be too old to be given', async () => {
    const { guard, clock, inner, ask, handle } = build({ staleWhileRevalidateMs });
    inner.script('first');
    await ask();
    await clock.advance(100);
    await ask();
    await clock.advance(149);
    expect([inner.waiting.length, handle.snapshot().refreshFailed]).toEqual([1, 0]);
    await clock.advance(1);
    expect([inner.waiting.length, handle.snapshot().refreshFailed]).toEqual([0, 1]);
    guard.check();
  });

  test('a renewal that hangs does not keep the process alive', async () => {
    const fake = fakeClock();
    const timers: (boolean | undefined)[] = [];
    const clock: Clock = {
      ...fake,
      setTimer(callback, delayMs, inBackground) {
        timers.push(inBackground);
        return fake.setTimer(callback, delayMs);
      },
    };
    const inner = scriptedService<string, string>('first');
    const layer = cache({ keyOf, ttlMs: 1, staleWhileRevalidateMs: 1000 });
    const service: Service<string, string> = layer.wrap(inner, makeEnv({ clock }));
    await service.call('apples', background);
    await fake.advance(1);
    await service.call('apples', background);
    expect([inner.calls.length, timers]).toEqual([2, [true]]);
  });
});

describe('instead of a failure', () => {
  const staleIfErrorMs = 50;

  test('an old answer is given, marked as such', async () => {
    const { clock, inner, ask, events, handle } = build({ staleIfErrorMs });
    inner.script('first', down, down);
    await ask();
    await clock.advance(149);
    expect(await ask()).toEqual(['first', old]);
    expect(events.all.map(({ name, data }) => [name, data])).toEqual([
      ['cache.answered-stale', { path: 'shop', ageMs: 149, error: 'down' }],
    ]);
    await clock.advance(1);
    expect(await ask()).toEqual([down, {}]);
    expect(handle.snapshot()).toMatchObject({ staleOnError: 1, missed: 2 });
  });

  test('an old answer is given also where the classifier sees the failure in the result', async () => {
    const classifier: Classifier = {
      ...defaultClassifier,
      ofResult: (result) => (result === '503' ? verdicts.failure : verdicts.success),
    };
    const { clock, inner, ask } = build({ staleIfErrorMs }, classifier);
    inner.script('first', '503');
    await ask();
    await clock.advance(100);
    expect(await ask()).toEqual(['first', old]);
  });

  test('nothing is hidden that the classifier ignores: a wrong request stays wrong', async () => {
    const { clock, inner, ask } = build({ staleIfErrorMs });
    const gone = new FwkError('FWK_TEST_GONE', 'gone', { traits: { outcome: 'ignored' } });
    inner.script('first', gone);
    await ask();
    await clock.advance(100);
    expect(await ask()).toEqual([gone, {}]);
  });

  test('a caller who cancels gets its own reason', async () => {
    const { guard, clock, inner, ask, service } = build({ staleIfErrorMs });
    inner.script('first');
    await ask();
    await clock.advance(100);
    const { context, cancel } = guard.context();
    const outcome = service.call('apples', context).catch((error: unknown) => error);
    cancel(down);
    expect(await outcome).toBe(down);
    guard.check();
  });
});

describe('the handle', () => {
  test('forgets one answer or all of them', async () => {
    const { inner, ask, handle } = build();
    inner.script('a1', 'p1', 'a2', 'a3', 'p2');
    await ask('apples');
    await ask('pears');
    expect([handle.delete('apples'), handle.delete('plums')]).toEqual([true, false]);
    expect([(await ask('apples'))[0], (await ask('pears'))[0]]).toEqual(['a2', 'p1']);
    handle.clear();
    expect([(await ask('apples'))[0], (await ask('pears'))[0]]).toEqual(['a3', 'p2']);
  });

  test.each([
    ['deleted', (handle: CacheHandle) => void handle.delete('apples')],
    ['cleared', (handle: CacheHandle) => handle.clear()],
  ])('does not keep an answer that was on its way when its key was %s', async (_, forget) => {
    const { inner, ask, handle } = build();
    const before = ask();
    forget(handle);
    const after = ask();
    inner.calls[0]?.succeed('before the change');
    await before;
    expect(handle.snapshot().entries).toBe(0);
    inner.calls[1]?.succeed('after it');
    await after;
    expect(await ask()).toEqual(['after it', hit]);
  });

  test('keeps no more than allowed and drops what was used least recently', async () => {
    const maxEntries = liveValue(2);
    const { inner, ask, handle } = build({ maxEntries });
    inner.script('a', 'b', 'c', 'b again', 'd');
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);
    expect(inner.calls.map(({ request }) => request)).toEqual(['a', 'b', 'c', 'b']);
    maxEntries.set(1);
    await ask('d');
    expect(handle.snapshot()).toMatchObject({
      path: 'shop',
      entries: 1,
      maxEntries: 1,
      evicted: 4,
      missed: 5,
      fresh: 2,
    });
  });

  test('is that of each stack: they share nothing', async () => {
    const built: CacheHandle[] = [];
    const layer = cache({ keyOf, ttlMs: 100, onBuilt: (handle) => built.push(handle) });
    const [one, other] = [layer.wrap(async (key: string) => key), layer.wrap(async (key: string) => key)];
    await one('a');
    await other('a');
    expect(built.map((handle) => handle.snapshot().missed)).toEqual([1, 1]);
    expect(layer.latest).toBe(built[1]);
  });
});

test('above coalesce, a crowd of misses is one call', async () => {
  const { guard, clock, inner } = build();
  const env = makeEnv({ clock });
  const service: Service<string, string> = cache({ keyOf, ttlMs: 100 }).wrap(coalesce({ keyOf }).wrap(inner, env), env);
  const crowd = Array.from({ length: 5 }, () => service.call('apples', guard.context().context));
  expect(inner.calls).toHaveLength(1);
  inner.calls[0]?.succeed('answer');
  expect(new Set(await Promise.all(crowd))).toEqual(new Set(['answer']));
  expect(await service.call('apples', background)).toBe('answer');
  expect(inner.calls).toHaveLength(1);
  guard.check();
});

test('finds the key of a wrapped function among its arguments', async () => {
  let calls = 0;
  const price = cache({ keyOf: (_: number, sku: string) => sku, ttlMs: 100 }).wrap(async (_: number, sku: string) => {
    calls++;
    return sku;
  });
  expect([await price(1, 'apples'), await price(2, 'apples'), calls]).toEqual(['apples', 'apples', 1]);
});

test('tells the caller when the key function throws, with its error as cause', async () => {
  const { inner, service } = build({
    keyOf: () => {
      throw down;
    },
  });
  await expect(service.call('q', background)).rejects.toMatchObject({
    code: 'FWK_RESILIENCE_KEY_INVALID',
    cause: down,
  });
  expect(inner.calls).toHaveLength(0);
});

test('refuses options that make no sense, all at once', () => {
  expect(() => cache({ ttlMs: 0, staleIfErrorMs: -1, maxEntries: 1.5 } as never)).toThrowError(
    /keyOf must be a function, not undefined; ttlMs must be .* not 0; staleIfErrorMs must be .* not -1; maxEntries must/,
  );
});
