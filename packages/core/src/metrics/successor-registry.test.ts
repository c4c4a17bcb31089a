/** What holds for a registry of prom-client holds for one of its successor; see foreign-registry.test.ts for the rest. */
import { Counter, Gauge, Histogram, Registry, Summary } from '@prometheus-io/client';
import { expect, test } from 'vitest';
import { parseStrictly } from './fixtures/strict-parser.js';
import { createMeter } from './meter.js';

const open = 'application/openmetrics-text; version=1.0.0';

function both() {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'jobs_total', help: 'Jobs.', registers }).inc(3);
  new Gauge({ name: 'depth', help: 'Depth.', registers }).set(-1);
  new Histogram({ name: 'job_seconds', help: 'Time.', buckets: [0.1, 1], registers }).observe(0.05);
  new Summary({ name: 'size', help: 'Size.', percentiles: [0.5], registers }).observe(4);
  const meter = createMeter();
  meter.counter({ name: 'orders.placed', help: 'Orders.' }).add(2);
  meter.histogram({ name: 'call.duration', help: 'Calls.', unit: 'seconds', buckets: [1] }).observe(0.5, 'abc');
  return { registry, meter };
}

const names = ['call_duration_seconds', 'depth', 'job_seconds', 'jobs_total', 'orders_placed_total', 'size'];

test('theirs in ours, in both formats', async () => {
  const { registry, meter } = both();
  meter.include(registry);
  const plain = parseStrictly((await meter.expose()).body, 'prometheus');
  const opened = parseStrictly((await meter.expose(open)).body, 'openmetrics');
  expect([...plain.keys()].sort()).toEqual(names);
  expect([...opened.keys()].sort()).toEqual(names.map((name) => name.replace(/_total$/, '')));
});

test('ours in theirs, in both formats, and in its text afterwards as before', async () => {
  const { registry, meter } = both();
  meter.registerIn(registry);
  const before = await registry.metrics();
  expect([...parseStrictly(before, 'prometheus').keys()].sort()).toEqual(names);
  const setType = (type: string) => registry.setContentType(type as never);
  setType(Registry.OPENMETRICS_CONTENT_TYPE);
  const opened = await registry.metrics();
  parseStrictly(opened, 'openmetrics');
  expect(opened).toMatch(/le="1"\} 1 # \{trace_id="abc"\} 0\.5 /);
  setType(Registry.PROMETHEUS_CONTENT_TYPE);
  expect((await registry.metrics()).match(/^orders_placed.*$/gm)).toEqual(['orders_placed_total 2']);
});
