import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { openMetricsType, prefersOpenMetrics, prometheusType } from './exposition.js';
import { createMeter } from './meter.js';
import { observeProcess } from './process-metrics.js';

function filled() {
  const meter = createMeter({ clock: fakeClock(0, 1_500) });
  meter.counter({ name: 'orders.placed', help: 'Orders\nplaced.' }, { kind: 'a"b\\c' }).add(2);
  meter.gauge({ name: 'queue.size', help: 'Queue.' }).set(3);
  const histogram = meter.histogram(
    { name: 'call.duration', help: 'Calls.', unit: 'seconds', buckets: [0.1, 1] },
    { to: 'x' },
  );
  histogram.observe(0.05, 'a'.repeat(32));
  histogram.observe(0.5);
  histogram.observe(3);
  return meter;
}

describe('exposition', () => {
  test('writes Prometheus text by default', async () => {
    const { contentType, body } = await filled().expose();
    expect(contentType).toBe(prometheusType);
    expect(body).toBe(`# HELP orders_placed_total Orders\\nplaced.
# TYPE orders_placed_total counter
orders_placed_total{kind="a\\"b\\\\c"} 2

# HELP queue_size Queue.
# TYPE queue_size gauge
queue_size 3

# HELP call_duration_seconds Calls.
# TYPE call_duration_seconds histogram
call_duration_seconds_bucket{to="x",le="0.1"} 1
call_duration_seconds_bucket{to="x",le="1"} 2
call_duration_seconds_bucket{to="x",le="+Inf"} 3
call_duration_seconds_sum{to="x"} 3.55
call_duration_seconds_count{to="x"} 3
`);
  });

  test('writes OpenMetrics with exemplars and an end when asked', async () => {
    const { contentType, body } = await filled().expose('application/openmetrics-text; version=1.0.0');
    expect(contentType).toBe(openMetricsType);
    expect(body).toContain('# TYPE orders_placed counter\norders_placed_total{kind="a\\"b\\\\c"} 2\n');
    expect(body).toContain(
      `call_duration_seconds_bucket{to="x",le="0.1"} 1 # {trace_id="${'a'.repeat(32)}"} 0.05 1.5\n`,
    );
    expect(body.endsWith('# EOF\n')).toBe(true);
  });

  test('answers the same text after an OpenMetrics scrape as before it', async () => {
    const meter = filled();
    const before = await meter.expose();
    await meter.expose('application/openmetrics-text');
    expect(await meter.expose()).toEqual(before);
  });

  test('answers any number of scrapes at once', async () => {
    const meter = filled();
    const bodies = await Promise.all([meter.expose(), meter.expose('application/openmetrics-text'), meter.expose()]);
    expect(bodies[0]).toEqual(bodies[2]);
  });

  test.each([
    [undefined, false],
    ['*/*', false],
    ['text/plain', false],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2', true],
    ['application/openmetrics-text;q=0.1,text/plain;q=0.9', false],
    ['application/openmetrics-text;q=0', false],
    ['Application/OpenMetrics-Text', true],
  ])('for Accept: %s OpenMetrics is %s', (accept, expected) => {
    expect(prefersOpenMetrics(accept)).toBe(expected);
  });
});

describe('process metrics', () => {
  test('say who the service is and how the process does, until disposed', async () => {
    const meter = createMeter();
    const observed = observeProcess(meter, { name: 'shop', version: '1.2.3', owner: 'us', instanceId: 'shop-1' });
    const { body } = await meter.expose();
    expect(body).toContain(
      'target_info{service_instance_id="shop-1",service_name="shop",service_owner="us",service_version="1.2.3"} 1',
    );
    expect(body).toMatch(/^process_memory_usage_bytes \d{7,}$/m);
    expect(body).toMatch(/^process_cpu_time_seconds_total\{cpu_mode="user"\} [\d.]+$/m);
    expect(body).toMatch(/^nodejs_eventloop_delay_p99_seconds [\d.e-]+$/m);
    observed[Symbol.dispose]();
    expect((await meter.expose()).body.trim()).toBe('');
  });
});
