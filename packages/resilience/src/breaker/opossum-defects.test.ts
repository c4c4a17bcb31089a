/** opossum's known defects, each shown to be absent here. The README's table names these tests. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { background, type CallContext, makeEnv, type Service, serviceOf } from '@fwk/kernel';
import { fakeClock, scriptedService } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { policy } from '../policy/policy.js';
import type { BreakerOptions } from './breaker-options.js';
import type { ManualState } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';
import type { OpossumEngine } from './opossum.js';

const options: Partial<BreakerOptions> = { name: 'prices', minimumCalls: 2, openMs: 1000, openJitter: 0 };

function build(given: Partial<BreakerOptions> = {}) {
  const clock = fakeClock();
  const inner = scriptedService<string, string>();
  const layer = circuitBreaker({ ...options, ...given });
  const service = layer.wrap(inner, makeEnv({ clock }));
  const engine = layer.engine as OpossumEngine;
  const call = (answer: string | Error) => {
    inner.script(answer);
    return service.call('q', background).catch((error: Error) => error.name);
  };
  return { clock, inner, service, layer, engine, call };
}

afterEach(() => void vi.restoreAllMocks());

describe('unlike a bare opossum', () => {
  test('a breaker starts no timer, neither when it is made nor when it opens', async () => {
    const timers = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'setTimeout')];
    const { clock, call, engine } = build();
    await call(new Error('down'));
    await call(new Error('down'));
    expect(engine.opened).toBe(true);
    expect(timers.map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });

  test('a breaker adds no listener of its own', () => {
    const { engine } = build();
    expect(engine.eventNames().map((name) => engine.listenerCount(name))).toEqual(engine.eventNames().map(() => 0));
  });

  test('statistics keep no latencies, so that a failure costs the same however many calls the window holds', async () => {
    const { call, engine } = build({ failureRatio: 1 });
    await call('answer');
    for (let index = 0; index < 2000; index++) await call(new Error('down'));
    expect(engine.stats).toMatchObject({ fires: 2001, failures: 2000, successes: 1, latencyTimes: [] });
    expect(engine.status.window).toHaveLength(1);
  });

  test('the options stay as they were given, and breakers made of the same options share nothing', async () => {
    const given = Object.freeze({ ...options });
    const layer = circuitBreaker(given);
    const failing = layer.wrap(async () => {
      throw new Error('down');
    });
    const engine = layer.engine;
    layer.wrap(async () => 'other');
    await failing().catch(() => {});
    await failing().catch(() => {});
    expect([engine?.opened, layer.engine?.opened]).toEqual([true, false]);
    expect(given).toEqual(options);
    const held = [engine, layer.engine].map((each): unknown => each && Reflect.get(each, 'options'));
    expect(held[0]).toBeTypeOf('object');
    expect(held[0]).not.toBe(held[1]);
    expect(held).not.toContain(given);
  });

  test('a call that times out does not abort another that runs beside it', async () => {
    const clock = fakeClock();
    const contexts: CallContext[] = [];
    const env = makeEnv({ clock });
    const inner = serviceOf<string, string>((_, context) => {
      contexts.push(context);
      return new Promise(() => {});
    });
    const service = circuitBreaker(options).wrap(attemptTimeout({ timeoutMs: 100 }).wrap(inner, env), env);
    const first = service.call('first', background).catch((error: Error) => error.name);
    await clock.advance(60);
    service.call('second', background).catch(() => {});
    await clock.advance(40);
    expect(await first).toBe('TimeoutError');
    expect(contexts.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    await clock.advance(60);
  });

  test('a late success from before the opening does not close it', async () => {
    const { clock, inner, service, layer, call } = build({ successesToClose: 1 });
    const early = service.call('q', background);
    await call(new Error('down'));
    await call(new Error('down'));
    await clock.advance(1000);
    const probe = service.call('q', background);
    inner.waiting[0]?.succeed('late');
    await early;
    expect(layer.latest?.snapshot()).toMatchObject({ state: 'half-open', probesInFlight: 1, totals: { stale: 1 } });
    inner.waiting[0]?.succeed('probe');
    await probe;
    expect(layer.latest?.state).toBe('closed');
  });

  test('a hung probe does not block for ever', async () => {
    const { clock, service, call, engine } = build({ halfOpenPermits: 1, probeTimeoutMs: 500, successesToClose: 1 });
    await call(new Error('down'));
    await call(new Error('down'));
    await clock.advance(1000);
    service.call('hangs', background).catch(() => {});
    await clock.advance(501);
    expect(await call('answer')).toBe('BreakerOpenError');
    await clock.advance(2000);
    expect(await call('answer')).toBe('answer');
    expect(engine.closed).toBe(true);
  });

  test('closing clears the window, so that old failures cannot open it at once', async () => {
    const { clock, call, engine, layer } = build({ successesToClose: 1 });
    await call(new Error('down'));
    await call(new Error('down'));
    await clock.advance(1000);
    await call('answer');
    expect(layer.latest?.snapshot()).toMatchObject({ calls: 0, failures: 0 });
    await call(new Error('down'));
    expect(engine.closed).toBe(true);
  });

  test('refused calls do not count towards the minimum of calls', async () => {
    const { clock, layer, call } = build({ minimumCalls: 3, consecutiveFailures: 2, successesToClose: 1 });
    await call(new Error('down'));
    await call(new Error('down'));
    for (let refused = 0; refused < 10; refused++) await call('refused');
    expect(layer.latest?.snapshot()).toMatchObject({ calls: 2, totals: { rejected: 10 } });
    await clock.advance(1000);
  });

  test('several probes may run at once, and more than one must succeed', async () => {
    const { clock, inner, service, call, engine } = build({ halfOpenPermits: 2, successesToClose: 2 });
    await call(new Error('down'));
    await call(new Error('down'));
    await clock.advance(1000);
    const probes = [service.call('q', background), service.call('q', background)];
    expect(inner.waiting).toHaveLength(2);
    inner.waiting[0]?.succeed('first');
    await probes[0];
    expect(engine.closed).toBe(false);
    inner.waiting[0]?.succeed('second');
    await probes[1];
    expect(engine.closed).toBe(true);
  });

  test('a place stays taken while timed-out work runs on', async () => {
    const clock = fakeClock();
    let finish = (_: string) => {};
    const limits = policy('limits', { timeoutMs: 100, bulkhead: { maxConcurrent: 1 } });
    const call = limits.wrap(
      () =>
        new Promise<string>((resolve) => {
          finish = resolve;
        }),
      makeEnv({ clock }),
    );
    const first = call().catch((error: Error) => error.name);
    await clock.advance(100);
    expect(await first).toBe('TimeoutError');
    await expect(call()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    finish('late');
    await clock.settle();
    const second = call();
    finish('answer');
    expect(await second).toBe('answer');
  });

  test('a miss of the cache is no hit, and whoever comes after a shared rejection is not given it again', async () => {
    const keyOf = (sku: string) => sku;
    const inner = scriptedService<string, string>();
    const shop = policy('shop', { cache: { keyOf, ttlMs: 1000 }, coalesce: { keyOf }, breaker: {} });
    const service: Service<string, string> = shop.wrap(inner, makeEnv({ clock: fakeClock() }));
    const ask = () => service.call('apples', background).catch((error: Error) => error.message);
    const crowd = [ask(), ask()];
    expect(inner.calls).toHaveLength(1);
    inner.waiting[0]?.fail(new Error('down'));
    expect(await Promise.all(crowd)).toEqual(['down', 'down']);
    inner.script('answer');
    expect([await ask(), await ask()]).toEqual(['answer', 'answer']);
    expect(inner.calls).toHaveLength(2);
    expect(shop.breakers[0]?.engine.stats).toMatchObject({
      fires: 4,
      failures: 1,
      successes: 1,
      cacheHits: 1,
      coalesceCacheHits: 1,
    });
  });

  test('no health check can leave an interval behind', () => {
    const { engine } = build();
    const healthCheck: unknown = Reflect.get(engine, 'healthCheck');
    expect(() => (healthCheck as () => void).call(engine)).toThrowError(/register a health indicator/);
  });

  test('nothing of the failing request is kept by a timer', async () => {
    const storage = new AsyncLocalStorage<object>();
    const set = vi.spyOn(globalThis, 'setTimeout');
    const { clock, call, engine } = build();
    await storage.run({ request: 'large' }, async () => {
      await call(new Error('down'));
      await call(new Error('down'));
    });
    expect(engine.opened).toBe(true);
    expect(set).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });
});

describe('the engine of a breaker', () => {
  test('emits opossum’s events to whoever listens', async () => {
    const { clock, call, engine } = build({ successesToClose: 1 });
    const seen: string[] = [];
    for (const name of ['fire', 'success', 'failure', 'reject', 'open', 'halfOpen', 'close']) {
      engine.on(name, () => void seen.push(name));
    }
    await call('answer');
    await call(new Error('down'));
    await call('refused');
    await clock.advance(1000);
    await call('answer');
    expect(seen.join(' ')).toBe('fire success fire failure open fire reject halfOpen fire success close');
  });

  test('tells tools which events there are, as opossum does', () => {
    expect(build().engine.eventNames()).toEqual(
      expect.arrayContaining(['success', 'failure', 'open', 'halfOpen', 'close']),
    );
  });

  test('says open again when probes fail, which opossum leaves out', async () => {
    const { clock, call, engine } = build();
    let openings = 0;
    engine.on('open', () => void openings++);
    await call(new Error('down'));
    await call(new Error('down'));
    await clock.advance(1000);
    await call(new Error('down'));
    expect(openings).toBe(2);
  });

  test('opens, closes and disables the breaker by opossum’s own controls', async () => {
    const { layer, engine, call } = build();
    engine.open();
    expect([layer.latest?.state, engine.opened]).toEqual(['open', true]);
    expect(await call('refused')).toBe('BreakerOpenError');
    engine.close();
    expect([layer.latest?.state, engine.closed]).toEqual(['closed', true]);
    engine.disable();
    expect([layer.latest?.state, engine.enabled]).toEqual(['disabled', false]);
    engine.enable();
    expect([layer.latest?.state, engine.enabled]).toEqual(['closed', true]);
    engine.shutdown();
    expect(await call('refused')).toBe('BreakerOpenError');
  });

  test('says what a wrapped function was called with, as opossum does', async () => {
    const clock = fakeClock();
    const limits = circuitBreaker(options);
    const call = limits.wrap(
      attemptTimeout({ timeoutMs: 100 }).wrap(async (name: string, count: number) => {
        if (count < 0) throw new Error('down');
        if (count === 0) await new Promise(() => {});
        return `${count} ${name}`;
      }, makeEnv({ clock })),
      makeEnv({ clock }),
    );
    const seen: unknown[] = [];
    limits.engine?.on('fire', (args) => seen.push(['fire', args]));
    limits.engine?.on('failure', (_error, _tookMs, args) => seen.push(['failure', args]));
    limits.engine?.on('timeout', (_error, _tookMs, args) => seen.push(['timeout', args]));
    await call('apples', -1).catch(() => {});
    const hung = call('pears', 0).catch(() => {});
    await clock.advance(100);
    await hung;
    expect(seen).toEqual([
      ['fire', ['apples', -1]],
      ['failure', ['apples', -1]],
      ['fire', ['pears', 0]],
      ['timeout', ['pears', 0]],
      ['failure', ['pears', 0]],
    ]);
  });

  test('says what a service was asked, as the one argument of a call', async () => {
    const { call, engine } = build();
    const seen: unknown[] = [];
    engine.on('fire', (args) => seen.push(args));
    engine.on('failure', (_error, _tookMs, args) => seen.push(args));
    await call(new Error('down'));
    expect(seen).toEqual([['q'], ['q']]);
  });

  test('enable changes nothing on a breaker that is not disabled', async () => {
    const { call, engine, layer } = build();
    await call(new Error('down'));
    await call(new Error('down'));
    engine.enable();
    expect(layer.latest).toMatchObject({ state: 'open', opening: { rule: 'failure-ratio' } });
  });

  test.each<ManualState>(['forced-open', 'forced-closed', 'metrics-only', 'disabled'])(
    'open changes nothing on a breaker that was set %s by hand',
    (state) => {
      const { engine, layer } = build();
      layer.latest?.force(state);
      engine.open();
      expect(layer.latest).toMatchObject({ state, opening: undefined });
    },
  );

  test('refuses with the time of the next probe once opened, and says that it was opened by hand', async () => {
    const { service, engine } = build();
    engine.open();
    await expect(service.call('q', background)).rejects.toMatchObject({
      message: 'breaker "prices" is open (opened by hand); next probe in 1000 ms',
      details: { rule: undefined, nextProbeInMs: 1000 },
    });
  });

  test('a listener that throws changes neither the call nor the state', async () => {
    const { call, engine, layer } = build();
    const broken = () => {
      throw new Error('broken listener');
    };
    for (const name of ['fire', 'failure', 'open', 'reject']) engine.on(name, broken);
    expect([await call(new Error('down')), await call(new Error('down')), await call('q')]).toEqual([
      'Error',
      'Error',
      'BreakerOpenError',
    ]);
    expect(layer.latest?.state).toBe('open');
  });

  test('refuses calls that would go round the layers', async () => {
    const { engine } = build();
    const fire: unknown = Reflect.get(engine, 'fire');
    await expect((fire as () => Promise<unknown>).call(engine)).rejects.toThrowError(/call the wrapped service/);
  });

  test('shows its state as opossum prints it', async () => {
    const { engine } = build();
    engine.open();
    expect(engine.toJSON()).toMatchObject({ state: { name: 'prices', open: true, closed: false, enabled: true } });
  });
});
