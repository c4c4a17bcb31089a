/** Our metrics in a registry of an application's own, and its metrics in our exposition. */
import { fakeClock } from '@fwk/kernel/testing';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { foreignLimitMs } from './exposition.js';
import { parseStrictly } from './fixtures/strict-parser.js';
import { createMeter } from './meter.js';

const open = 'application/openmetrics-text; version=1.0.0';

/** A registry with a metric of each kind. */
function theirs() {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'jobs_total', help: 'Jobs "done".', labelNames: ['kind'], registers }).inc(
    { kind: 'a\r"b"\\' },
    3,
  );
  new Counter({ name: 'old_style', help: 'No suffix.', registers }).inc(2);
  new Gauge({ name: 'depth', help: 'Depth.', registers }).set(-1);
  const histogram = new Histogram({
    name: 'job_seconds',
    help: 'Time.',
    buckets: [0.1, 1],
    labelNames: ['kind'],
    registers,
  });
  histogram.observe({ kind: 'a' }, 0.05);
  histogram.observe({ kind: 'a' }, 5);
  const summary = new Summary({ name: 'size', help: 'Size.', percentiles: [0.5], registers });
  summary.observe(4);
  return registry;
}

describe('theirs in ours', () => {
  test('every kind appears in both formats, well-formed', async () => {
    const meter = createMeter();
    meter.counter({ name: 'orders', help: 'Orders.' }).add(1);
    meter.include(theirs());
    const plain = parseStrictly((await meter.expose()).body, 'prometheus');
    const opened = parseStrictly((await meter.expose(open)).body, 'openmetrics');
    expect([...plain.keys()]).toEqual(['orders_total', 'jobs_total', 'old_style', 'depth', 'job_seconds', 'size']);
    expect([...opened.keys()]).toEqual(['orders', 'jobs', 'old_style', 'depth', 'job_seconds', 'size']);
    expect(plain.get('jobs_total')?.samples).toEqual(new Map([['jobs_total{kind="a \\"b\\"\\\\"}', 3]]));
    expect(opened.get('old_style')?.samples).toEqual(new Map([['old_style_total', 2]]));
    expect(opened.get('job_seconds')?.samples.get('job_seconds_bucket{le="+Inf",kind="a"}')).toBe(2);
    expect(opened.get('size')?.samples.get('size_count')).toBe(1);
  });

  test('its exemplars appear where the format has them', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const registers = [registry] as never;
    const histogram = new Histogram({ name: 'h', help: 'H.', buckets: [1], enableExemplars: true, registers });
    histogram.observe({ value: 0.5, exemplarLabels: { trace_id: 'abc' } });
    const meter = createMeter();
    meter.include(registry);
    const { body } = await meter.expose(open);
    expect(body).toMatch(/^h_bucket\{le="1"\} 1 # \{trace_id="abc"\} 0\.5 [\d.]+$/m);
    parseStrictly(body, 'openmetrics');
    expect((await meter.expose()).body).not.toContain('abc');
  });

  test('default metrics of prom-client stand beside those of the process', async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const meter = createMeter();
    meter.include(registry);
    const families = parseStrictly((await meter.expose(open)).body, 'openmetrics');
    expect(families.has('process_cpu_user_seconds')).toBe(true);
    registry.clear();
  });

  test('a name of ours is left out of theirs, whatever its suffix, and a family of two registries appears once', async () => {
    const meter = createMeter();
    meter.counter({ name: 'jobs', help: 'Ours.' }).add(7);
    meter.gauge({ name: 'job.seconds.count', help: 'Ours.' }).set(1);
    meter.include(theirs());
    meter.include(theirs());
    const families = parseStrictly((await meter.expose()).body, 'prometheus');
    expect(families.get('jobs_total')?.samples).toEqual(new Map([['jobs_total', 7]]));
    expect(families.has('job_seconds')).toBe(false);
    expect(families.get('depth')?.samples.size).toBe(1);
  });

  test('ends when disposed', async () => {
    const meter = createMeter();
    meter.include(theirs())[Symbol.dispose]();
    expect((await meter.expose()).body).toBe('');
  });

  const broken: readonly [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['answers no list', () => 'text'],
    ['answers nothing', () => undefined],
  ];
  test.each(broken)('a registry that %s costs only itself, and is counted', async (_, getMetricsAsJSON) => {
    const meter = createMeter();
    meter.gauge({ name: 'good', help: 'Good.' }).set(1);
    meter.include({ getMetricsAsJSON } as never);
    await meter.expose();
    const { body } = await meter.expose();
    expect(body).toContain('good 1\n');
    expect(body).toContain('fwk_metrics_registry_failures_total 2\n');
  });

  test('a registry that never answers is waited for two seconds', async () => {
    const clock = fakeClock();
    const meter = createMeter({ clock });
    meter.gauge({ name: 'good', help: 'Good.' }).set(1);
    meter.include({ getMetricsAsJSON: () => new Promise(() => {}) });
    const asked = meter.expose();
    await clock.advance(foreignLimitMs);
    expect((await asked).body).toContain('good 1\n');
  });

  test('what scrapers could not read of it is left out', async () => {
    const metrics = [
      null,
      { name: 'bad name', help: 'x', type: 'gauge', values: [{ labels: {}, value: 1 }] },
      { name: 'no_values', help: 'x', type: 'gauge' },
      { name: 'odd', help: 'a\r\nb', type: 'strange', values: [{ labels: {}, value: 1 }, { value: '2' }, 5] },
      {
        name: 'labels',
        help: '',
        type: 'gauge',
        values: [
          { labels: { 'a.b': '1' }, value: 1 },
          { labels: { a: 1 }, value: 2 },
        ],
      },
      { name: 'falls', help: 'x', type: 'counter', values: [{ labels: {}, value: -1 }] },
    ];
    const meter = createMeter();
    meter.include({ getMetricsAsJSON: () => metrics });
    const { body } = await meter.expose(open);
    expect([...parseStrictly(body, 'openmetrics').keys()]).toEqual(['odd', 'labels']);
    expect(body).toContain('# TYPE odd unknown\n');
    expect(body).toContain('labels{a="1"} 2\n');
  });
});

describe('ours in theirs', () => {
  function ours() {
    const meter = createMeter();
    meter.counter({ name: 'orders.placed', help: 'Orders.' }, { kind: 'a"b' }).add(2);
    meter.histogram({ name: 'call.duration', help: 'Calls.', unit: 'seconds', buckets: [1] }).observe(0.5, 'abc');
    return meter;
  }

  test('appear in its text, those made later too', async () => {
    const registry = new Registry();
    const meter = ours();
    meter.registerIn(registry);
    meter.gauge({ name: 'queue.size', help: 'Queue.' }).set(3);
    const families = parseStrictly(await registry.metrics(), 'prometheus');
    expect(families.get('orders_placed_total')?.samples).toEqual(new Map([['orders_placed_total{kind="a\\"b"}', 2]]));
    expect(families.get('queue_size')?.samples.get('queue_size')).toBe(3);
    expect(families.get('call_duration_seconds')?.samples.get('call_duration_seconds_bucket{le="+Inf"}')).toBe(1);
  });

  test('appear in its OpenMetrics with exemplars, and afterwards in its text as before', async () => {
    const registry = new Registry();
    ours().registerIn(registry);
    const before = await registry.metrics();
    const setType = (type: string) => registry.setContentType(type as never);
    setType(Registry.OPENMETRICS_CONTENT_TYPE);
    const opened = await registry.metrics();
    parseStrictly(opened, 'openmetrics');
    expect(opened).toContain('orders_placed_total{kind="a\\"b"} 2\n');
    expect(opened).toMatch(/le="1"\} 1 # \{trace_id="abc"\} 0\.5 /);
    setType(Registry.PROMETHEUS_CONTENT_TYPE);
    expect(await registry.metrics()).toBe(before);
  });

  test('leave what the registry has already, and go when disposed', async () => {
    const registry = new Registry();
    new Counter({ name: 'orders_placed_total', help: 'Theirs.', registers: [registry] }).inc(9);
    const registered = ours().registerIn(registry);
    expect(await registry.metrics()).toContain('orders_placed_total 9\n');
    expect(await registry.metrics()).toContain('call_duration_seconds_count 1\n');
    registered[Symbol.dispose]();
    expect(await registry.metrics()).toContain('orders_placed_total 9\n');
    expect(await registry.metrics()).not.toContain('call_duration');
    registry.resetMetrics();
  });

  test('both ways at once show each metric once', async () => {
    const registry = theirs();
    const meter = ours();
    meter.registerIn(registry);
    meter.include(registry);
    const own = parseStrictly((await meter.expose()).body, 'prometheus');
    const other = parseStrictly(await registry.metrics(), 'prometheus');
    expect(own.get('orders_placed_total')?.samples.size).toBe(1);
    expect([...other.keys()].sort()).toEqual([...own.keys()].sort());
  });

  test('are summed over workers as prom-client does it', async () => {
    const registries = [new Registry(), new Registry()];
    for (const registry of registries) ours().registerIn(registry);
    const perWorker = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
    const sum = await AggregatorRegistry.aggregate(perWorker).metrics();
    const families = parseStrictly(sum, 'prometheus');
    expect(families.get('orders_placed_total')?.samples).toEqual(new Map([['orders_placed_total{kind="a\\"b"}', 4]]));
    expect(families.get('call_duration_seconds')?.samples.get('call_duration_seconds_count')).toBe(2);
  });
});
