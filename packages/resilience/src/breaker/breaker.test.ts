import {
  background,
  type Env,
  FwkError,
  type InstrumentSpec,
  type Labels,
  lastResortKey,
  liveValue,
  makeEnv,
  noMeter,
  type Service,
} from '@fwk/kernel';
import { type FakeClock, leakGuard, recordEvents, type ScriptedService, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { adaptiveLimit } from '../limit/adaptive-limit.js';
import { rateLimit } from '../rate/rate-limit.js';
import type { BreakerOpenError } from './breaker-open-error.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerHandle } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

const hung: Service<string, string> = { call: () => new Promise(() => {}), status: () => 'ready' };
const small: Partial<BreakerOptions> = { minimumCalls: 4, openMs: 1000, openJitter: 0 };

interface Bench {
  readonly clock: FakeClock;
  readonly inner: ScriptedService<string, string>;
  readonly service: Service<string, string>;
  readonly breaker: BreakerHandle;
  readonly events: ReturnType<typeof recordEvents>;
  readonly env: Env;
  readonly guard: ReturnType<typeof leakGuard>;
}

function build(options: Partial<BreakerOptions> = {}, parts: Partial<Env> = {}): Bench {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, random: () => 0.5, events, path: 'shop', ...parts });
  const layer = circuitBreaker({ name: 'prices', ...small, ...options });
  const service = layer.wrap(inner, env);
  return { guard, clock: guard.clock, inner, service, breaker: layer.latest as BreakerHandle, events, env };
}

/** Makes calls that end at once: `+` succeeds, `-` fails. */
async function calls({ inner, service }: Pick<Bench, 'inner' | 'service'>, outcomes: string): Promise<unknown[]> {
  const ends: unknown[] = [];
  for (const outcome of outcomes) {
    inner.script(outcome === '+' ? 'answer' : new Error('down'));
    ends.push(await service.call('q', background).catch((error: unknown) => error));
  }
  return ends;
}

async function opened(options: Partial<BreakerOptions> = {}): Promise<Bench> {
  const bench = build(options);
  await calls(bench, '----');
  expect(bench.breaker.state).toBe('open');
  return bench;
}

describe('a closed breaker', () => {
  test('opens when at least the given share of enough calls failed', async () => {
    const bench = build();
    await calls(bench, '++-');
    expect(bench.breaker.state).toBe('closed');
    await calls(bench, '-');
    expect(bench.breaker.state).toBe('open');
  });

  test('takes a share of exactly the ratio for enough, whatever numbers a computer can hold', async () => {
    const bench = build({ failureRatio: 0.07, minimumCalls: 100 });
    await calls(bench, `${'+'.repeat(93)}-------`);
    expect(bench.breaker.opening).toMatchObject({ rule: 'failure-ratio', measured: 0.07 });
  });

  test.each<[string, (env: Env) => Service<string, string>]>([
    ['bulkhead', (env) => bulkhead({ maxConcurrent: 1 }).wrap(hung, env)],
    ['limit', (env) => adaptiveLimit({ initialLimit: 1, maxLimit: 1 }).wrap(hung, env)],
    ['rate limit', (env) => rateLimit({ burst: 1, permitsPerSecond: 0.001 }).wrap(hung, env)],
  ])('takes no account of what a %s below refuses', async (_layer, inside) => {
    const { env } = build();
    const layer = circuitBreaker({ consecutiveFailures: 1 });
    const service = layer.wrap(inside(env), env);
    void service.call('takes the place', background);
    for (let call = 0; call < 30; call++) await service.call('refused', background).catch(() => {});
    expect(layer.latest?.snapshot()).toMatchObject({ state: 'closed', calls: 0, totals: { ignored: 30, failures: 0 } });
  });

  test('opens also when a success completes the minimum of calls', async () => {
    const bench = build();
    await calls(bench, '---+');
    expect(bench.breaker.state).toBe('open');
  });

  test('stays closed below the minimum of calls', async () => {
    const bench = build();
    await calls(bench, '---');
    expect(bench.breaker.state).toBe('closed');
  });

  test('opens after failures in a row, however few calls there were', async () => {
    const bench = build({ consecutiveFailures: 2 });
    await calls(bench, '-+-');
    expect(bench.breaker.state).toBe('closed');
    await calls(bench, '-');
    expect(bench.breaker.opening).toMatchObject({ rule: 'consecutive-failures', measured: 2, threshold: 2 });
  });

  test('forgets failures that are older than the window', async () => {
    const bench = build({ windowMs: 1000 });
    await calls(bench, '---');
    await bench.clock.advance(1000);
    await calls(bench, '-++');
    expect(bench.breaker.state).toBe('closed');
  });

  test('measures the last calls instead of a stretch of time when told to', async () => {
    const bench = build({ windowCalls: 4 });
    await calls(bench, '-++');
    await bench.clock.advance(3_600_000);
    await calls(bench, '-');
    expect(bench.breaker.state).toBe('open');
  });

  test('opens when too many calls are slow, successful as they are', async () => {
    const bench = build({ slowCallMs: 100, slowCallRatio: 0.5 });
    for (const tookMs of [50, 101, 50, 101]) {
      const call = bench.service.call('q', background);
      await bench.clock.advance(tookMs);
      bench.inner.waiting[0]?.succeed('answer');
      await call;
    }
    expect(bench.breaker.opening).toMatchObject({ rule: 'slow-call-ratio', measured: 0.5, slow: 2 });
  });

  test('counts neither way when the caller cancels or the error is to be ignored', async () => {
    const bench = build();
    const ignored = new FwkError('FWK_TEST_NOT_FOUND', 'no such thing', { traits: { outcome: 'ignored' } });
    for (let call = 0; call < 4; call++) {
      bench.inner.script(ignored);
      await expect(bench.service.call('q', background)).rejects.toBe(ignored);
      const { context, cancel } = bench.guard.context();
      const cancelled = bench.service.call('q', context);
      cancel(new Error('gave up'));
      await expect(cancelled).rejects.toThrowError('gave up');
    }
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'closed', calls: 0, totals: { ignored: 8 } });
  });
});

describe('an open breaker', () => {
  test('refuses with what opened it and when it will probe, and the last failure as cause', async () => {
    const bench = await opened();
    await bench.clock.advance(400);
    const [error] = (await calls(bench, '+')) as [BreakerOpenError];
    expect(error.message).toBe('breaker "prices" is open (failure-ratio 1 reached 0.5); next probe in 600 ms');
    expect(error.cause).toEqual(new Error('down'));
    expect(error).toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN', details: { nextProbeInMs: 600 } });
    expect(bench.inner.calls).toHaveLength(4);
  });

  test('keeps a record of its opening and tells it as an event', async () => {
    const bench = await opened({ traceIdOf: () => 'trace-1' });
    expect(bench.breaker.opening).toMatchObject({
      rule: 'failure-ratio',
      measured: 1,
      threshold: 0.5,
      calls: 4,
      failures: 4,
      topErrors: [{ error: 'Error', count: 4 }],
      firstTraceId: 'trace-1',
      openForMs: 1000,
      times: 1,
    });
    expect(bench.events.all).toEqual([
      expect.objectContaining({
        name: 'breaker.opened',
        data: expect.objectContaining({
          path: 'shop',
          name: 'prices',
          rule: 'failure-ratio',
          nextProbeAtMs: expect.any(Number),
        }),
      }),
    ]);
  });

  test('tells only of errors within the window', async () => {
    let traces = 0;
    const bench = build({ windowMs: 1000, traceIdOf: () => `trace-${traces++}` });
    bench.inner.script(Object.assign(new Error('down'), { code: 'OLD' }));
    await bench.service.call('q', background).catch(() => {});
    await bench.clock.advance(3_600_000);
    await calls(bench, '----');
    expect(bench.breaker.opening).toMatchObject({
      topErrors: [{ error: 'Error', count: 4 }],
      firstTraceId: 'trace-1',
    });
  });

  test('records the counts of the window as it is when a probe fails, not as it was', async () => {
    const bench = await opened({ windowMs: 1000, openMs: 60_000 });
    await bench.clock.advance(60_000);
    await calls(bench, '-');
    expect(bench.breaker.opening).toMatchObject({ rule: 'probe-failed', calls: 0, failures: 0, times: 2 });
  });

  test('reads busy until a probe is due, so that balancers go round it', async () => {
    const bench = await opened();
    expect(bench.service.status()).toBe('busy');
    await bench.clock.advance(1000);
    expect(bench.service.status()).toBe('ready');
    expect(bench.breaker.state).toBe('open');
    bench.inner.setStatus('closed');
    expect(bench.service.status()).toBe('closed');
  });

  test('stays open longer each time its probes fail, up to the longest', async () => {
    const bench = await opened({ maxOpenMs: 3000 });
    const stays: number[] = [];
    for (let round = 0; round < 4; round++) {
      stays.push(bench.breaker.opening?.openForMs ?? 0);
      await bench.clock.advance(bench.breaker.opening?.openForMs ?? 0);
      await calls(bench, '-');
    }
    expect(stays).toEqual([1000, 2000, 3000, 3000]);
    expect(bench.breaker.opening).toMatchObject({ rule: 'probe-failed', times: 5 });
  });

  test('shortens its stay at random, so that clients do not probe together', async () => {
    const bench = await opened({ openJitter: 0.4 });
    expect(bench.breaker.opening?.openForMs).toBe(800);
  });
});

describe('a half-open breaker', () => {
  async function halfOpen(options: Partial<BreakerOptions> = {}) {
    const bench = await opened({ halfOpenPermits: 2, successesToClose: 3, ...options });
    await bench.clock.advance(1000);
    return bench;
  }

  test('lets as many probes through as permitted and refuses the others at once', async () => {
    const bench = await halfOpen();
    const probes = [bench.service.call('q', background), bench.service.call('q', background)];
    await expect(bench.service.call('q', background)).rejects.toMatchObject({ details: { state: 'half-open' } });
    expect(bench.service.status()).toBe('busy');
    for (const probe of bench.inner.waiting) probe.succeed('answer');
    await Promise.all(probes);
    expect(bench.service.status()).toBe('ready');
  });

  test('refuses with how many probes are in flight, and promises no time', async () => {
    const bench = await halfOpen({ halfOpenPermits: 1 });
    const probe = bench.service.call('q', background);
    const refused: BreakerOpenError = await bench.service.call('q', background).then(
      () => expect.unreachable(),
      (error: BreakerOpenError) => error,
    );
    expect(refused.message).toBe(
      'breaker "prices" is half-open (failure-ratio 1 reached 0.5); 1 of 1 probes in flight',
    );
    expect(refused.details).toMatchObject({ nextProbeInMs: undefined, probesInFlight: 1, halfOpenPermits: 1 });
    bench.inner.waiting[0]?.succeed('answer');
    await probe;
  });

  test('takes a probe for failed that answers after its time, whether or not another call came meanwhile', async () => {
    const bench = await halfOpen({ halfOpenPermits: 1, successesToClose: 1, probeTimeoutMs: 500 });
    const probe = bench.service.call('q', background);
    await bench.clock.advance(50_000);
    bench.inner.waiting[0]?.succeed('late');
    expect(await probe).toBe('late');
    expect(bench.breaker.opening).toMatchObject({ rule: 'probe-hung', measured: 50_000, threshold: 500, times: 2 });
  });

  test('closes after enough successes, with an empty window', async () => {
    const bench = await halfOpen();
    await calls(bench, '++');
    expect(bench.breaker.state).toBe('half-open');
    await calls(bench, '+');
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'closed', calls: 0, failures: 0, consecutiveFailures: 0 });
    expect(bench.events.names).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed']);
  });

  test('opens again with the first failure', async () => {
    const bench = await halfOpen();
    await calls(bench, '+-');
    expect(bench.breaker.opening).toMatchObject({ rule: 'probe-failed' });
  });

  test('takes a slow probe for a failed one', async () => {
    const bench = await halfOpen({ slowCallMs: 100 });
    const probe = bench.service.call('q', background);
    await bench.clock.advance(200);
    bench.inner.waiting[0]?.succeed('answer');
    await probe;
    expect(bench.breaker.state).toBe('open');
  });

  test('gives the place of a probe back when its caller cancels, and counts it neither way', async () => {
    const bench = await halfOpen({ halfOpenPermits: 1 });
    const { context, cancel } = bench.guard.context();
    const probe = bench.service.call('q', context);
    cancel(new Error('gave up'));
    await expect(probe).rejects.toThrowError('gave up');
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'half-open', probesInFlight: 0 });
    bench.guard.check();
  });

  test('has failed probes by their attempt timeout when they never answer', async () => {
    const bench = await opened();
    const layer = circuitBreaker({ ...small, minimumCalls: 1 });
    const service = layer.wrap(attemptTimeout({ timeoutMs: 50 }).wrap(bench.inner, bench.env), bench.env);
    await calls({ inner: bench.inner, service }, '-');
    await bench.clock.advance(1000);
    const probe = service.call('q', background).catch((error: FwkError) => error.code);
    await bench.clock.advance(50);
    expect(await probe).toBe('FWK_RESILIENCE_TIMEOUT');
    expect(layer.latest?.state).toBe('open');
  });

  test('is not blocked by hung probes even without an attempt timeout', async () => {
    const bench = await halfOpen({ probeTimeoutMs: 5000 });
    const hung = [bench.service.call('q', background), bench.service.call('q', background)];
    await bench.clock.advance(5001);
    expect(bench.service.status()).toBe('ready');
    await expect(bench.service.call('q', background)).rejects.toMatchObject({ details: { rule: 'probe-hung' } });
    expect(bench.breaker.state).toBe('open');
    for (const probe of bench.inner.waiting) probe.succeed('late');
    await Promise.all(hung);
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'open', totals: { stale: 2 } });
  });
});

describe('results of calls begun before the state changed', () => {
  test('neither close nor count', async () => {
    const bench = build();
    const early = bench.service.call('q', background);
    await calls(bench, '----');
    await bench.clock.advance(1000);
    const probe = bench.service.call('q', background);
    bench.inner.waiting[0]?.succeed('late answer');
    await early;
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'half-open', probesInFlight: 1, totals: { stale: 1 } });
    bench.inner.waiting[0]?.succeed('answer');
    await probe;
  });

  test('do not open it again after it has closed', async () => {
    const bench = build({ consecutiveFailures: 1, successesToClose: 1 });
    const early = bench.service.call('q', background);
    await calls(bench, '-');
    await bench.clock.advance(1000);
    await calls(bench, '+');
    bench.inner.waiting[0]?.fail(new Error('late failure'));
    await expect(early).rejects.toThrowError('late failure');
    expect(bench.breaker.state).toBe('closed');
  });
});

describe('a breaker set by hand', () => {
  test('refuses everything while forced open, with no probe planned', async () => {
    const bench = build();
    bench.breaker.force('forced-open');
    await bench.clock.advance(1e9);
    const [error] = (await calls(bench, '+')) as [BreakerOpenError];
    expect(error.message).toBe('breaker "prices" is forced-open (set by hand)');
    expect(bench.service.status()).toBe('busy');
  });

  test('lets everything through while forced closed, and goes on measuring', async () => {
    const bench = build();
    bench.breaker.force('forced-closed');
    await calls(bench, '------');
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'forced-closed', failures: 6 });
  });

  test('says where it would have opened while it only measures', async () => {
    const bench = build();
    bench.breaker.force('metrics-only');
    await calls(bench, '-----');
    expect(bench.breaker.state).toBe('metrics-only');
    expect(bench.events.names).toEqual(['breaker.forced', 'breaker.threshold-exceeded']);
  });

  test('measures nothing while disabled', async () => {
    const bench = build();
    bench.breaker.force('disabled');
    await calls(bench, '-----');
    expect(bench.breaker.snapshot()).toMatchObject({ failures: 0, totals: { failures: 0, unmeasured: 5 } });
  });

  test('is closed and empty after a reset', async () => {
    const bench = await opened();
    bench.breaker.reset();
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'closed', calls: 0, opening: undefined });
    expect((await calls(bench, '+'))[0]).toBe('answer');
  });

  test('refuses a call as ever when a listener closes it on the way', async () => {
    const bench = await opened({ halfOpenPermits: 1, probeTimeoutMs: 100 });
    bench.breaker.engine.on('open', () => bench.breaker.reset());
    await bench.clock.advance(1000);
    void bench.service.call('hangs', background);
    await bench.clock.advance(101);
    await expect(bench.service.call('q', background)).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    expect((await calls(bench, '+'))[0]).toBe('answer');
  });

  test('refuses states that do not exist', () => {
    expect(() => build().breaker.force('ajar' as never)).toThrowError(/must be one of forced-open.*not "ajar"/);
  });
});

describe('bad input', () => {
  test.each([
    [{ failureRatio: 0 }, /failureRatio must be a number above 0/],
    [{ failureRatio: 1.5, minimumCalls: -1 }, /minimumCalls .*; failureRatio must be a number above 0 and up to 1,/],
    [{ openMs: Number.NaN }, /openMs/],
    [{ windowMs: liveValue(1000) as never, keyIdleMs: 0 }, /windowMs must be .* not a live value of 1000; keyIdleMs/],
    [{ openMs: '5s' as never }, /openMs must be .* not "5s"/],
    [{ threshold: 5 } as never, /unknown option "threshold"/],
    [{ windowCalls: 10 }, /minimumCalls 20 is above windowCalls 10/],
    [{ windowCalls: 100, windowMs: 1000 }, /exclude each other/],
    [{ openMs: 100_000 }, /openMs 100000 is above maxOpenMs 60000/],
  ])('refuses %o when the layer is made', (options, message) => {
    expect(() => circuitBreaker(options)).toThrowError(message);
  });

  test('a classifier that throws costs the caller nothing and counts as a failure', async () => {
    const broken = () => {
      throw new Error('broken classifier');
    };
    const bench = build({}, { classifier: { ofResult: broken, ofError: broken } });
    expect(await calls(bench, '+-+-')).toEqual(['answer', new Error('down'), 'answer', new Error('down')]);
    expect(bench.breaker.state).toBe('open');
    expect(bench.events.names.filter((name) => name === 'classifier.failed')).toHaveLength(4);
  });

  test('a classifier that answers no verdict costs the caller nothing and counts as a failure', async () => {
    const nothing = () => undefined as never;
    const bench = build({}, { classifier: { ofResult: nothing, ofError: () => ({ outcome: 'fine' }) as never } });
    expect(await calls(bench, '+-+-')).toEqual(['answer', new Error('down'), 'answer', new Error('down')]);
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'open', totals: { failures: 4 } });
    await bench.clock.advance(1000);
    await calls(bench, '-');
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'open', probesInFlight: 0 });
    expect(bench.events.names.filter((name) => name === 'classifier.failed')).toHaveLength(5);
  });

  test('errors that cannot be read are counted all the same', async () => {
    const bench = build();
    const unreadable = Object.defineProperty(new Error('down'), 'code', {
      get() {
        throw new Error('no code');
      },
    });
    for (let call = 0; call < 4; call++) {
      bench.inner.script(unreadable);
      await expect(bench.service.call('q', background)).rejects.toBe(unreadable);
    }
    expect(bench.breaker.opening?.topErrors).toEqual([{ error: 'unreadable', count: 4 }]);
  });

  test('a look-up of the trace id that throws changes nothing', async () => {
    const bench = await opened({
      traceIdOf: () => {
        throw new Error('no trace');
      },
    });
    expect(bench.breaker.opening).toMatchObject({ firstTraceId: undefined, failures: 4 });
  });
});

describe('an open breaker as the last resort', () => {
  /** A call that nobody else would take, as a balancer says. */
  const lastResort = background.with({ values: [lastResortKey.of(() => true)] });
  const ends = async ({ inner, service }: Bench, outcomes: string, context = lastResort) => {
    const codes: string[] = [];
    for (const outcome of outcomes) {
      inner.script(outcome === '+' ? 'answer' : new Error('down'));
      codes.push(await service.call('q', context).catch((error: FwkError) => error.code ?? 'failed'));
    }
    return codes;
  };
  const refused = 'FWK_RESILIENCE_BREAKER_OPEN';

  test('lets through as much as the callee answers some of, and goes on measuring', async () => {
    const bench = build();
    await calls(bench, '++--');
    expect(bench.breaker.state).toBe('open');
    expect(await ends(bench, '+-')).toEqual(['answer', 'failed']);
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'open', calls: 6, failures: 3 });
    // Draws are 0.5, and 4 · 3 of 28 is less than half.
    await ends(bench, '-'.repeat(18));
    expect(await ends(bench, '-----')).toContain(refused);
  });

  test('refuses all the same when nothing was answered, when somebody set it, and when others are there', async () => {
    const bench = await opened();
    expect(await ends(bench, '+')).toEqual([refused]);
    const other = build();
    await calls(other, '++--');
    expect(await ends(other, '+', background.with({ values: [lastResortKey.of(() => false)] }))).toEqual([refused]);
    other.breaker.force('forced-open');
    expect(await ends(other, '+')).toEqual([refused]);
  });

  test('is no probe: what becomes of it neither closes nor reopens a breaker that probes', async () => {
    const bench = build({ halfOpenPermits: 1, successesToClose: 2 });
    await calls(bench, '++--');
    await bench.clock.advance(1000);
    const probe = bench.service.call('q', background);
    expect(bench.breaker.state).toBe('half-open');
    expect(await ends(bench, '-')).not.toContain(refused);
    expect(bench.breaker.state).toBe('half-open');
    bench.inner.waiting[0]?.succeed('answer');
    await probe;
    expect(bench.breaker.snapshot()).toMatchObject({ state: 'half-open', probesInFlight: 0 });
  });
});

describe('breakers that share a name in the metrics', () => {
  test('add up their calls, and show how many refuse until they end', async () => {
    const metrics = countingMeter();
    const share = { metricsName: 'all', name: 'one' };
    const benches = [build(share, { metrics }), build({ ...share, name: 'two' }, { metrics })];
    for (const bench of benches) await calls(bench, '----');
    expect(metrics.values).toMatchObject({ 'resilience.breaker.openings all': 2, 'resilience.breaker.open all': 2 });
    expect(Object.keys(metrics.values).join()).not.toContain('resilience.breaker.state');
    const [first, second] = benches.map(({ service }) => service as unknown as Disposable);
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(metrics.values).toMatchObject({ 'resilience.breaker.open all': 1 });
    benches[0]?.breaker.reset();
    second?.[Symbol.dispose]();
    expect(metrics.values).toMatchObject({ 'resilience.breaker.open all': 0 });
  });

  test('by key end when a key is dropped', async () => {
    const metrics = countingMeter();
    const bench = build({ keyOf: (key: string) => key, maxKeys: 1 }, { metrics });
    const failing = async (key: string) => {
      for (let call = 0; call < 4; call++) {
        bench.inner.script(new Error('down'));
        await bench.service.call(key, background).catch(() => {});
      }
    };
    await failing('a');
    expect(bench.service.status('a')).toBe('busy');
    expect([bench.service.status('b'), bench.service.status()]).toEqual(['ready', 'ready']);
    expect(metrics.values).toMatchObject({ 'resilience.breaker.open prices': 1 });
    await failing('b');
    expect(metrics.values).toMatchObject({ 'resilience.breaker.open prices': 1 });
    (bench.service as unknown as Disposable)[Symbol.dispose]();
    expect(metrics.values).toMatchObject({ 'resilience.breaker.open prices': 0 });
  });

  test('alone shows its state, and as closed once it has ended', async () => {
    const metrics = countingMeter();
    const bench = build({}, { metrics });
    await calls(bench, '----');
    expect(metrics.values).toMatchObject({ 'resilience.breaker.state prices': 0 });
    (bench.service as unknown as Disposable)[Symbol.dispose]();
    expect(metrics.values).toMatchObject({ 'resilience.breaker.state prices': 1 });
  });
});

/** Sums by the instrument's name and the breaker's. */
function countingMeter() {
  const values: Record<string, number> = {};
  const series = ({ name }: InstrumentSpec, labels: Labels = {}) => {
    const key = `${name} ${labels.breaker}`;
    return {
      add(amount = 1) {
        values[key] = (values[key] ?? 0) + amount;
      },
      set(value: number) {
        values[key] = value;
      },
    };
  };
  return { ...noMeter, values, counter: series, gauge: series };
}
