import { fakeClock } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMeter } from './meter.js';
import { prometheusName } from './metric-names.js';

const requests = { name: 'http.server.requests', help: 'Requests.' };
const duration = { name: 'http.server.request.duration', help: 'Duration.', unit: 'seconds' };

describe('instruments', () => {
  test('are one series for equal labels, whatever their order', () => {
    const meter = createMeter();
    meter.counter(requests, { a: '1', b: '2' }).add();
    meter.counter(requests, { b: '2', a: '1' }).add(2);
    expect(meter.collect()).toMatchObject([{ samples: [{ labels: { a: '1', b: '2' }, value: 3 }] }]);
  });

  test('do not confuse labels that hold commas and quotes', () => {
    const meter = createMeter();
    meter.counter(requests, { a: '1,b:2' }).add(1);
    meter.counter(requests, { a: '1', b: '2' }).add(2);
    meter.counter(requests, { a: '1","b":"2' }).add(4);
    expect(meter.collect()[0]?.samples.map((sample) => sample.value)).toEqual([1, 2, 4]);
  });

  test('a counter never falls and never becomes NaN', () => {
    const meter = createMeter();
    const counter = meter.counter(requests);
    counter.add(3);
    counter.add(-2);
    counter.add(Number.NaN);
    expect(meter.collect()[0]?.samples[0]?.value).toBe(3);
  });

  test('a gauge goes both ways', () => {
    const meter = createMeter();
    const gauge = meter.gauge({ name: 'queue', help: 'Queue.' });
    gauge.set(5);
    gauge.add(-2);
    expect(meter.collect()[0]?.samples[0]?.value).toBe(3);
  });

  test('a histogram counts each value into the first bucket that holds it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 20, noNaN: true }), { maxLength: 200 }), (values) => {
        const meter = createMeter();
        const bounds = [0, 1, 5, 10];
        const histogram = meter.histogram({ ...duration, buckets: bounds });
        for (const value of values) histogram.observe(value);
        const sample = meter.collect()[0]?.samples[0];
        const naive = [...bounds, Number.POSITIVE_INFINITY].map(
          (bound, index, all) =>
            values.filter((value) => value <= bound && (index === 0 || value > (all[index - 1] as number))).length,
        );
        expect(sample?.histogram?.counts).toEqual(naive);
        expect(sample?.value).toBe(values.length);
        expect(sample?.histogram?.sum).toBeCloseTo(
          values.reduce((sum, value) => sum + value, 0),
          6,
        );
      }),
    );
  });

  test('keeps the trace of the first observation of a bucket since the last scrape as its exemplar', async () => {
    const clock = fakeClock(0, 5000);
    const meter = createMeter({ clock });
    const histogram = meter.histogram({ ...duration, buckets: [1] });
    const collected = () => [...(meter.collect()[0]?.samples[0]?.histogram?.exemplars ?? [])];
    histogram.observe(0.5, 'first');
    histogram.observe(0.6, 'second');
    histogram.observe(2, 'slow');
    const first = { traceId: 'first', value: 0.5, atMs: 5000 };
    const slow = { traceId: 'slow', value: 2, atMs: 5000 };
    expect(collected()).toEqual([first, slow]);
    expect(collected()).toEqual([first, slow]);
    await clock.advance(1000);
    histogram.observe(0.7, 'later');
    expect(collected()).toEqual([{ traceId: 'later', value: 0.7, atMs: 6000 }, slow]);
  });

  test('reads observed values when collected, leaves out a broken one, and forgets a disposed one', () => {
    const meter = createMeter();
    let value = 1;
    const observed = meter.observe('gauge', requests, { of: 'a' }, () => value);
    meter.observe('gauge', requests, { of: 'b' }, () => {
      throw new Error('its owner is gone');
    });
    value = 7;
    expect(meter.collect()[0]?.samples).toEqual([{ labels: { of: 'a' }, value: 7 }]);
    observed[Symbol.dispose]();
    expect(meter.collect()[0]?.samples).toEqual([]);
  });

  test('above the limit share one series of "other", and keep what they had', () => {
    const meter = createMeter({ maxSeriesPerInstrument: 2 });
    for (const user of ['a', 'b', 'c', 'd', 'a']) meter.counter(requests, { user }).add();
    expect(meter.collect()[0]?.samples).toEqual([
      { labels: { user: 'a' }, value: 2 },
      { labels: { user: 'b' }, value: 1 },
      { labels: { user: 'other' }, value: 2 },
    ]);
  });

  test('clean label names and values', () => {
    const meter = createMeter();
    meter.counter(requests, { 'http.route': `/x\n${'y'.repeat(200)}`, __proto: '1', '9lives': 'yes' }).add();
    const labels = meter.collect()[0]?.samples[0]?.labels ?? {};
    expect(Object.keys(labels).sort()).toEqual(['_9lives', '_proto', 'http_route']);
    expect(labels.http_route).toHaveLength(128);
    expect(labels.http_route).not.toContain('\n');
  });

  test('refuse one name with two meanings', () => {
    const meter = createMeter();
    meter.histogram(duration);
    expect(() => meter.gauge(duration)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_INSTRUMENT_CONFLICT',
        message: expect.stringContaining('http_server_request_duration_seconds is a histogram in seconds already'),
      }),
    );
  });

  test('refuse options out of range', () => {
    expect(() => createMeter({ maxSeriesPerInstrument: 0 })).toThrow(/maxSeriesPerInstrument/);
  });
});

describe('names', () => {
  test.each([
    ['histogram', { ...duration }, 'http_server_request_duration_seconds'],
    ['counter', { name: 'process.cpu.time', help: '', unit: 'seconds' }, 'process_cpu_time_seconds_total'],
    ['counter', { name: 'retries.total', help: '' }, 'retries_total'],
    ['gauge', { name: 'heap.bytes', help: '', unit: 'bytes' }, 'heap_bytes'],
    ['gauge', { name: '2nd-best', help: '' }, '_2nd_best'],
  ] as const)('of a %s: %o', (kind, spec, expected) => {
    expect(prometheusName(spec, kind)).toBe(expected);
  });
});
