/** What users may ask of a meter by mistake or on purpose: refused when it is made, or left out; the rest is served. */
import type { Gauge, InstrumentSpec, Labels, Meter } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictly } from './fixtures/strict-parser.js';
import { createMeter, type Metrics } from './meter.js';

const spec = { name: 'orders', help: 'Orders.' };

async function scraped(meter: Metrics) {
  const plain = parseStrictly((await meter.expose()).body, 'prometheus');
  const open = parseStrictly((await meter.expose('application/openmetrics-text')).body, 'openmetrics');
  return { plain, open };
}

/** The code of the error that the work ends with; undefined for none. */
function codeOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('is refused when it is made', () => {
  const invalid: readonly [string, (meter: Meter) => unknown][] = [
    ['no spec', (meter) => meter.counter(undefined as unknown as InstrumentSpec)],
    ['an empty name', (meter) => meter.counter({ ...spec, name: '' })],
    ['a name without a letter or digit', (meter) => meter.gauge({ ...spec, name: '$$.' })],
    ['a name that is no text', (meter) => meter.gauge({ ...spec, name: 7 as unknown as string })],
    ['a name without end', (meter) => meter.gauge({ ...spec, name: 'x'.repeat(10_000) })],
    ['a help that is no text', (meter) => meter.gauge({ ...spec, help: {} as unknown as string })],
    ['a unit that is no text', (meter) => meter.gauge({ ...spec, unit: 1 as unknown as string })],
    ['a bucket of infinity', (meter) => meter.histogram({ ...spec, buckets: [1, Number.POSITIVE_INFINITY] })],
    ['a bucket that is no number', (meter) => meter.histogram({ ...spec, buckets: [1, Number.NaN] })],
    ['a bucket of text', (meter) => meter.histogram({ ...spec, buckets: ['1'] as unknown as number[] })],
    ['buckets out of order', (meter) => meter.histogram({ ...spec, buckets: [2, 1] })],
    ['a bucket twice', (meter) => meter.histogram({ ...spec, buckets: [1, 1] })],
    ['zero twice', (meter) => meter.histogram({ ...spec, buckets: [-0, 0] })],
    ['buckets that are no list', (meter) => meter.histogram({ ...spec, buckets: 5 as unknown as number[] })],
    [
      'buckets without end',
      (meter) => meter.histogram({ ...spec, buckets: Array.from({ length: 1000 }, (_, i) => i) }),
    ],
    ['a label le', (meter) => meter.histogram(spec, { le: '1' })],
    ['a label le of a gauge', (meter) => meter.gauge(spec, { le: '1' })],
    ['a label quantile', (meter) => meter.observe('gauge', spec, { quantile: '0.5' }, () => 1)],
    ['a label without a name', (meter) => meter.counter(spec, { '': 'x' })],
    ['two labels that become one', (meter) => meter.counter(spec, { 'a.b': '1', a_b: '2' })],
    ['a label of undefined', (meter) => meter.counter(spec, { a: undefined } as unknown as Labels)],
    ['a label of an object', (meter) => meter.counter(spec, { a: Object.create(null) } as unknown as Labels)],
    ['a label of a symbol', (meter) => meter.counter(spec, { a: Symbol('a') } as unknown as Labels)],
    ['labels that are none', (meter) => meter.counter(spec, 'abc' as unknown as Labels)],
    ['an observed histogram', (meter) => meter.observe('histogram' as 'gauge', spec, {}, () => 1)],
    ['an unknown kind', (meter) => meter.observe('summary' as 'gauge', spec, {}, () => 1)],
    ['an observed value without a function', (meter) => meter.observe('gauge', spec, {}, 7 as unknown as () => number)],
  ];

  test.each(invalid)('%s, and the rest is served', async (_, make) => {
    const meter = createMeter();
    meter.counter({ name: 'good', help: 'Good.' }).add(2);
    expect(codeOf(() => make(meter))).toBe('FWK_CORE_INSTRUMENT_INVALID');
    const { plain, open } = await scraped(meter);
    expect([...plain.keys(), ...open.keys()]).toEqual(['good_total', 'good']);
  });

  const gauge = (name: string) => (meter: Meter) => meter.gauge({ ...spec, name }).set(1);
  const counter = (name: string) => (meter: Meter) => meter.counter({ ...spec, name }).add(1);
  const histogram = (name: string) => (meter: Meter) => meter.histogram({ ...spec, name }).observe(1);
  const pairs: readonly [string, (meter: Meter) => void, (meter: Meter) => void][] = [
    ['a counter and a gauge of one name', counter('orders'), gauge('orders')],
    ['a gauge and a counter of one name', gauge('orders'), counter('orders')],
    ['a counter and a gauge with its suffix', counter('orders'), gauge('orders.total')],
    ['a counter and a histogram of one name', counter('orders'), histogram('orders')],
    ['a histogram and a gauge of its buckets', histogram('orders'), gauge('orders.bucket')],
    ['a histogram and a gauge of its sum', histogram('orders'), gauge('orders.sum')],
    ['a gauge of a count and its histogram', gauge('orders.count'), histogram('orders')],
    ['a counter and a gauge of its creation', counter('orders'), gauge('orders_created')],
    ['a counter and a counter of its total', counter('orders'), counter('orders.total.total')],
  ];

  test.each(pairs)('%s, and the first is served', async (_, first, second) => {
    const meter = createMeter();
    first(meter);
    expect(codeOf(() => second(meter))).toBe('FWK_CORE_INSTRUMENT_CONFLICT');
    const { plain, open } = await scraped(meter);
    expect([plain.size, open.size]).toEqual([1, 1]);
  });
});

describe('is served all the same', () => {
  test('an instrument without a help, which shows its name', async () => {
    const meter = createMeter();
    meter.counter({ name: 'a.b', help: '' }).add(1);
    meter.gauge({ name: 'c.d' } as InstrumentSpec).set(1);
    expect((await meter.expose()).body).toContain('# HELP a_b_total a.b\n');
    expect((await scraped(meter)).open.size).toBe(2);
  });

  test('a help with line ends, quotes and backslashes, and names that objects have of themselves', async () => {
    const meter = createMeter();
    meter.gauge({ name: '__proto__', help: 'a\n"b"\\\r\u0000c' }, { constructor: '1' }).set(1);
    meter.gauge({ name: 'constructor', help: 'x' }, { toString: '1' } as unknown as Labels).set(2);
    expect([...(await scraped(meter)).open.keys()]).toEqual(['__proto__', 'constructor']);
  });

  test('labels that are numbers or booleans, as text', async () => {
    const meter = createMeter();
    meter.counter(spec, { port: 80, tls: true } as unknown as Labels).add(1);
    expect((await scraped(meter)).plain.get('orders_total')?.samples.get('orders_total{port="80",tls="true"}')).toBe(1);
  });

  test('labels that differ only by what cannot be sent, as one series', async () => {
    const meter = createMeter();
    meter.counter(spec, { a: '\ud800' }).add(1);
    meter.counter(spec, { a: '\ud801' }).add(1);
    meter.counter(spec, { a: `${'x'.repeat(127)}😀` }).add(1);
    meter.counter(spec, { a: `${'x'.repeat(127)}😁` }).add(1);
    const text = Buffer.from((await meter.expose()).body).toString();
    expect([...(parseStrictly(text, 'prometheus').get('orders_total')?.samples.values() ?? [])]).toEqual([2, 2]);
  });

  test('two owners that observe one series: the one that came last is asked', async () => {
    const meter = createMeter();
    meter.gauge(spec, { a: '1' }).set(1);
    meter.observe('gauge', spec, { a: '1' }, () => 2);
    const last = meter.observe('gauge', spec, { a: '1' }, () => 3);
    const value = async () => (await scraped(meter)).plain.get('orders')?.samples.get('orders{a="1"}');
    expect(await value()).toBe(3);
    last[Symbol.dispose]();
    expect(await value()).toBe(2);
  });

  test('a histogram with negative bounds or values, without its sum and count in OpenMetrics', async () => {
    const meter = createMeter();
    meter.histogram({ ...spec, buckets: [-1, 1] }).observe(0.5);
    meter.histogram({ name: 'other', help: 'x', buckets: [] }).observe(-5);
    const { body } = await meter.expose('application/openmetrics-text');
    expect(body).not.toMatch(/_sum|_count/);
    expect((await meter.expose()).body).toContain('other_sum -5\n');
  });

  test('an exemplar only where a trace id fits the format', async () => {
    const meter = createMeter();
    const histogram = meter.histogram({ ...spec, buckets: [1] });
    for (const id of ['x'.repeat(200), 'a\nb', '', {}, 5]) histogram.observe(0.5, id as string);
    await scraped(meter);
    histogram.observe(0.5, 'a"b\\c');
    const { body } = await meter.expose('application/openmetrics-text');
    expect(body).toContain('# {trace_id="a\\"b\\\\c"} 0.5');
  });
});

describe('what is recorded', () => {
  const bad: readonly unknown[] = [undefined, null, '5', 5n, {}, [], Symbol('x'), () => 1, new Date(0), true];

  test('never throws, and what is no number changes nothing', async () => {
    const meter = createMeter();
    const gauge = meter.gauge({ name: 'gauge', help: 'x' });
    const counter = meter.counter({ name: 'counter', help: 'x' });
    const histogram = meter.histogram({ name: 'histogram', help: 'x', buckets: [1] });
    gauge.set(4);
    for (const each of [...bad, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as number[]) {
      if (typeof each !== 'number') gauge.set(each);
      if (each !== undefined) gauge.add(each);
      if (each !== undefined) counter.add(each);
      histogram.observe(each);
    }
    const { plain } = await scraped(meter);
    expect(plain.get('gauge')?.samples.get('gauge')).toBe(4);
    expect(plain.get('counter_total')?.samples.get('counter_total')).toBe(0);
    expect(plain.get('histogram')?.samples.get('histogram_count')).toBe(0);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a gauge may be %d', async (value) => {
    const meter = createMeter();
    const gauge: Gauge = meter.gauge(spec);
    gauge.set(value);
    expect((await scraped(meter)).open.get('orders')?.samples.get('orders')).toBe(value);
  });

  test('an observed value that is none, or whose owner throws or rejects, is left out', async () => {
    const meter = createMeter();
    const late = () => Promise.reject(new Error('late'));
    for (const each of [...bad, Number.NaN, -1])
      meter.observe('counter', spec, { a: String(each) }, () => each as number);
    meter.observe('counter', spec, { a: 'late' }, late as unknown as () => number);
    meter.observe('counter', spec, { a: 'broken' }, () => {
      throw new Error('broken');
    });
    meter.observe('counter', spec, { a: 'good' }, () => 1);
    expect([...((await scraped(meter)).plain.get('orders_total')?.samples.keys() ?? [])]).toEqual([
      'orders_total{a="good"}',
    ]);
  });

  test('an owner that observes more while it is asked does not hold the scrape', async () => {
    const meter = createMeter({ maxSeriesPerInstrument: 50_000 });
    let more = 0;
    const ask = () => {
      meter.observe('gauge', spec, { a: String(more++) }, ask);
      return 1;
    };
    meter.observe('gauge', spec, {}, ask);
    expect((await meter.expose()).body).toContain('orders 1');
    expect(more).toBe(1);
  });
});

test('whatever is asked of a meter, what it serves is well-formed', async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('orders', 'orders.total', 'orders_sum', 'le', '__name__', 'a-b', 'a.b'),
  );
  const order = fc.record({
    kind: fc.constantFrom('counter', 'gauge', 'histogram', 'observe'),
    name: word,
    help: fc.string(),
    unit: fc.option(word, { nil: undefined }),
    labels: fc.dictionary(word, word, { maxKeys: 3 }),
    value: fc.oneof(fc.double(), fc.anything()),
    buckets: fc.option(fc.array(fc.double(), { maxLength: 4 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(order, { maxLength: 12 }), async (orders) => {
      const meter = createMeter({ maxSeriesPerInstrument: 3 });
      for (const { kind, name, help, unit, labels, value, buckets } of orders) {
        const asked = { name, help, ...(unit !== undefined && { unit }), ...(buckets && { buckets }) };
        const code = codeOf(() => {
          if (kind === 'counter') meter.counter(asked, labels).add(value as number);
          else if (kind === 'gauge') meter.gauge(asked, labels).set(value as number);
          else if (kind === 'histogram') meter.histogram(asked, labels).observe(value as number, name);
          else meter.observe('gauge', asked, labels, () => value as number);
        });
        expect([undefined, 'FWK_CORE_INSTRUMENT_INVALID', 'FWK_CORE_INSTRUMENT_CONFLICT']).toContain(code);
      }
      await scraped(meter);
    }),
  );
});
