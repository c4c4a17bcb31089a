/**
 * opossum-prometheus counts the same of a policy's opossum object as of a breaker of opossum itself, and so do the `stats`:
 * the same calls go through both.
 */
import { createRequire } from 'node:module';
import { verdicts } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import type { PolicyOptions } from '../policy/policy-options.js';
import { type OpossumEngine, opossumClass } from './opossum.js';

const require = createRequire(import.meta.url);

interface Registry {
  getMetricsAsJSON(): readonly {
    readonly name: string;
    readonly values: readonly {
      readonly value: number;
      readonly metricName?: string;
      readonly labels: Readonly<Record<string, string>>;
    }[];
  }[];
}
interface Prometheus {
  add(circuits: unknown): void;
}
const PrometheusMetrics = require('opossum-prometheus') as new (options: { registry: Registry }) => Prometheus;
const client = createRequire(require.resolve('opossum-prometheus'))('prom-client') as { Registry: new () => Registry };

/** What opossum-prometheus has counted of a circuit: events by name, and how many latencies. */
function counting(circuit: unknown) {
  const registry = new client.Registry();
  new PrometheusMetrics({ registry }).add(circuit);
  return () => {
    const metrics = registry.getMetricsAsJSON();
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.values ?? [];
    const events = of('circuit').map(({ labels, value }) => [labels.event as string, value] as const);
    const latencies = of('circuit_perf')
      .filter(({ metricName }) => metricName === 'circuit_perf_count')
      .map(({ labels, value }) => [`${labels.event} latencies`, value] as const);
    // opossum does not list this one among its own event names, so it is never counted there.
    return Object.fromEntries([...events, ...latencies].filter(([event, times]) => times > 0 && event !== 'halfOpen'));
  };
}

/** What is called: it answers, fails or hangs, as it is told. */
async function work(what: string): Promise<string> {
  if (what === 'fail') throw new Error('down');
  if (what === 'hang') await new Promise(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  return what;
}

interface Caller {
  readonly call: (what: string) => Promise<unknown>;
  readonly counted: () => Readonly<Record<string, number>>;
  readonly engine: OpossumEngine;
  /** Resolves when a probe is due. */
  readonly probeDue: () => Promise<unknown>;
}

interface RealCircuit extends OpossumEngine {
  fire(what: string): Promise<unknown>;
  fallback(handler: () => unknown): void;
}

function opossum(options: Record<string, unknown>, handler?: () => unknown): Caller {
  const Circuit = opossumClass as unknown as new (action: typeof work, options: Record<string, unknown>) => RealCircuit;
  const circuit = new Circuit(work, { name: 'quote', rollingCountTimeout: 60_000, ...options });
  if (handler) circuit.fallback(handler);
  const halfOpened = new Promise((resolve) => circuit.once('halfOpen', resolve));
  return {
    call: (what) => circuit.fire(what).catch(() => 'failed'),
    counted: counting(circuit),
    engine: circuit,
    probeDue: () => halfOpened,
  };
}

function ours(options: PolicyOptions): Caller {
  const layer = policy('quote', { ...options, breaker: { windowMs: 60_000, ...(options.breaker || {}) } });
  const wrapped = layer.wrap(work);
  const engine = layer.breakers[0]?.engine as OpossumEngine;
  return {
    call: (what) => wrapped(what).catch(() => 'failed'),
    counted: counting(engine),
    engine,
    probeDue: () => new Promise((resolve) => setTimeout(resolve, 510)),
  };
}

const countsOf = ({ stats }: OpossumEngine) => {
  const { percentiles: _, latencyTimes: __, latencyMean: ___, isCircuitBreakerOpen: ____, ...counts } = stats;
  return counts;
};

describe('opossum-prometheus and stats', () => {
  test('count openings, refusals, time-outs, fallbacks and latencies as of opossum itself, also after closing', async () => {
    const handler = () => 'instead';
    const pair = [
      opossum({ timeout: 200, errorThresholdPercentage: 49, volumeThreshold: 4, resetTimeout: 500 }, handler),
      ours({
        timeoutMs: 200,
        breaker: { minimumCalls: 4, openMs: 500, openJitter: 0, successesToClose: 1 },
        fallback: handler,
      }),
    ];
    for (const { call, probeDue } of pair) {
      for (const what of ['a', 'b', 'fail', 'hang']) await call(what);
      expect(await call('refused')).toBe('instead');
      await probeDue();
      expect(await call('c')).toBe('c');
      await call('d');
    }
    const [theirs, own] = pair.map(({ counted }) => counted());
    expect(own).toEqual(theirs);
    expect(own).toEqual({
      fire: 7,
      success: 4,
      failure: 2,
      timeout: 1,
      reject: 1,
      fallback: 3,
      open: 1,
      close: 1,
      'success latencies': 4,
      'failure latencies': 2,
    });
    expect(countsOf(pair[1]!.engine)).toEqual(countsOf(pair[0]!.engine));
    expect(pair[1]!.engine.stats).toMatchObject({ fires: 7, successes: 4, failures: 2, rejects: 1, fallbacks: 3 });
    expect(pair[1]!.engine.stats.latencyMean).toBeGreaterThan(0);
    expect(Object.keys(pair[1]!.engine.stats.percentiles)).toEqual(Object.keys(pair[0]!.engine.stats.percentiles));
  });

  test('count answers of a cache as of opossum itself', async () => {
    const pair = [
      opossum({ timeout: 1000, cache: true, cacheGetKey: (what: string) => what }),
      ours({ cache: { keyOf: (what: string) => what, ttlMs: 60_000 }, breaker: {} }),
    ];
    for (const { call } of pair) for (const what of ['a', 'a', 'b', 'a']) expect(await call(what)).toBe(what);
    const [theirs, own] = pair.map(({ counted }) => counted());
    expect(own).toEqual(theirs);
    expect(own).toMatchObject({ fire: 4, cacheHit: 2, cacheMiss: 2, success: 2 });
    expect(countsOf(pair[1]!.engine)).toEqual(countsOf(pair[0]!.engine));
  });

  test('count calls that join another as of opossum itself', async () => {
    const keyOf = (what: string) => what;
    const pair = [
      opossum({ timeout: 1000, coalesce: true, cacheGetKey: keyOf }),
      ours({ coalesce: { keyOf }, breaker: {} }),
    ];
    for (const { call } of pair) await Promise.all(['a', 'a', 'b', 'a'].map(call));
    const [theirs, own] = pair.map(({ counted }) => counted());
    expect(own).toEqual(theirs);
    expect(own).toMatchObject({ fire: 4, coalesceCacheHit: 2, coalesceCacheMiss: 2, success: 2 });
    expect(countsOf(pair[1]!.engine)).toEqual(countsOf(pair[0]!.engine));
  });

  test('count refusals for lack of a place, which say nothing about the callee and are no failures here', async () => {
    const pair = [
      opossum({ timeout: false, capacity: 1 }),
      ours({ bulkhead: { maxConcurrent: 1 }, breaker: {} }),
      ours({ limit: { initialLimit: 1, maxLimit: 1 }, breaker: {} }),
    ];
    for (const { call } of pair) {
      void call('hang');
      expect(await call('refused')).toBe('failed');
    }
    const [theirs, ...own] = pair.map(({ counted }) => counted());
    expect(theirs).toMatchObject({ fire: 2, semaphoreLocked: 1, failure: 1 });
    for (const counted of own) expect(counted).toEqual({ fire: 2, semaphoreLocked: 1 });
    for (const { engine } of pair.slice(1)) expect(engine.stats).toMatchObject({ fires: 2, semaphoreRejections: 1 });
  });

  test('count each attempt of a retry, and nothing more than its beginning of a call that counts neither way', async () => {
    const { call, counted, engine } = ours({ retry: { maxAttempts: 3, baseDelayMs: 0 }, breaker: {} });
    await call('fail');
    expect(counted()).toMatchObject({ fire: 3, failure: 3 });
    const ignoring = ours({
      breaker: {},
      classifier: { ofResult: () => verdicts.ignored, ofError: () => verdicts.ignored },
    });
    await ignoring.call('fail');
    expect(ignoring.counted()).toEqual({ fire: 1 });
    expect(ignoring.engine.stats).toMatchObject({ fires: 1, successes: 0, failures: 0 });
    expect(engine.stats).toMatchObject({ fires: 3, failures: 3 });
  });

  test('hear nothing of calls that began before anybody listened, and nothing after a shutdown', async () => {
    const layer = policy('quote', { breaker: {} });
    const wrapped = layer.wrap(work);
    const engine = layer.breakers[0]?.engine as OpossumEngine;
    const early = wrapped('a');
    const counted = counting(engine);
    await early;
    expect(counted()).toEqual({});
    await wrapped('b');
    const heard: string[] = [];
    engine.on('shutdown', () => heard.push('shutdown'));
    engine.on('open', () => heard.push('open'));
    engine.shutdown();
    await wrapped('c').catch(() => {});
    expect(heard).toEqual(['shutdown']);
    expect(counted()).toMatchObject({ fire: 1, success: 1 });
    expect([engine.isShutdown, engine.stats.rejects]).toEqual([true, 1]);
    layer.reset();
    expect([engine.isShutdown, await wrapped('d')]).toEqual([false, 'd']);
  });

  test('tell of each key by its own opossum object', async () => {
    const engines = new Map<string, OpossumEngine>();
    const layer = policy('quote', {
      cache: { keyOf: (what: string) => what, ttlMs: 60_000 },
      breaker: { keyOf: (what: string) => what, onBuilt: ({ name, engine }) => void engines.set(name, engine) },
    });
    const wrapped = layer.wrap(work);
    for (const what of ['a', 'a', 'b']) await wrapped(what);
    expect(engines.get('quote:a')?.stats).toMatchObject({ fires: 2, cacheHits: 1, successes: 1 });
    expect(engines.get('quote:b')?.stats).toMatchObject({ fires: 1, cacheHits: 0, successes: 1 });
  });
});
