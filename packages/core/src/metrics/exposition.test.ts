import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { openMetricsType, prometheusType } from './exposition.js';
import { type LoopDelay, loopDelay, loopDelayWindowMs } from './loop-delay.js';
import { createMeter } from './meter.js';
import { negotiateFormat } from './negotiate-format.js';
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

  const prometheus2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  const protobufFirst =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  const firefox = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

  test.each([
    [undefined, 'prometheus'],
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/plain', 'prometheus'],
    ['text/*', 'prometheus'],
    [firefox, 'prometheus'],
    [prometheus2, 'openmetrics'],
    [prometheus3, 'openmetrics'],
    [protobufFirst, 'prometheus'],
    ['application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2', 'openmetrics'],
    ['application/openmetrics-text; version="1.0.0"', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0,text/plain;q=0.1', 'prometheus'],
    ['*/*;q=0.9, application/openmetrics-text;q=0.1', 'prometheus'],
    ['application/openmetrics-text;q=0.1,text/plain;q=0.9', 'prometheus'],
    ['application/openmetrics-text, */*', 'openmetrics'],
    ['application/openmetrics-text, text/plain', 'openmetrics'],
    ['application/*', 'openmetrics'],
    ['text/plain;q=0, */*', 'openmetrics'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=0, */*;q=0', 'prometheus'],
    ['application/openmetrics-text;q=x, text/plain;q=0.1', 'prometheus'],
    ['application/openmetrics-text;Q=0.2, text/plain;Q=0.1', 'openmetrics'],
    ['Application/OpenMetrics-Text', 'openmetrics'],
  ])('for Accept: %s the format is %s', (accept, expected) => {
    expect(negotiateFormat(accept)).toBe(expected);
  });
});

describe('the delay of the event loop', () => {
  /** Holds the loop until its histograms have seen it. */
  async function late(delay: { read(): { longest: number } }, atLeast: number): Promise<void> {
    while (delay.read().longest < atLeast) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  test('is the same for every scraper, for a window at least, and is forgotten after two', async () => {
    const clock = fakeClock();
    using delay = loopDelay(clock) as LoopDelay;
    await late(delay, 0.1);
    const { longest } = delay.read();
    await clock.advance(loopDelayWindowMs / 2);
    expect(delay.read().longest).toBeGreaterThanOrEqual(longest);
    await clock.advance(loopDelayWindowMs / 2);
    expect(delay.read().longest).toBeGreaterThanOrEqual(longest);
    expect(delay.read().longest).toBeGreaterThanOrEqual(longest);
    expect(delay.read().percentile(100)).toBeGreaterThan(0);
    await clock.advance(loopDelayWindowMs);
    expect(delay.read().longest).toBeLessThan(longest);
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
    expect(body).toMatch(/^nodejs_eventloop_delay_max_seconds [\d.e-]+$/m);
    observed[Symbol.dispose]();
    expect((await meter.expose()).body).toBe('');
  });
});
