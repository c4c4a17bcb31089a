/** Many series: what an instrument may have, what is folded, and a scrape that lets the event loop turn. */
import { systemClock } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { DistinctEstimate } from './distinct-estimate.js';
import { parseStrictly } from './fixtures/strict-parser.js';
import { createMeter, type Metrics } from './meter.js';

const orders = { name: 'orders', help: 'Orders.' };
const folded = 'fwk_metrics_folded{instrument="orders_total",label="user"}';

async function samplesOf(meter: Metrics, family: string): Promise<ReadonlyMap<string, number>> {
  return parseStrictly((await meter.expose()).body, 'prometheus').get(family)?.samples ?? new Map();
}

describe('10,000 different values of a label', () => {
  test('stay within the limit, are counted all, and the gauge says how many were folded and by which label', async () => {
    const meter = createMeter();
    for (let at = 0; at < 10_000; at++) meter.counter(orders, { shop: 'one', user: `u${at}` }).add();
    const samples = await samplesOf(meter, 'orders_total');
    expect(samples.size).toBe(1001);
    expect(samples.get('orders_total{shop="other",user="other"}')).toBe(9000);
    const about = (await samplesOf(meter, 'fwk_metrics_folded')).get(folded) as number;
    expect(Math.abs(about - 9000)).toBeLessThan(9000 * 0.05);
  });

  test('are folded once each, however often they come', async () => {
    const meter = createMeter({ maxSeriesPerInstrument: 10 });
    for (let round = 0; round < 50; round++) {
      for (let at = 0; at < 20; at++) meter.counter(orders, { user: `u${at}` }).add();
    }
    expect((await samplesOf(meter, 'fwk_metrics_folded')).get(folded)).toBe(10);
  });

  test('of observed series are not read, and said', async () => {
    const meter = createMeter({ maxSeriesPerInstrument: 10 });
    for (let at = 0; at < 30; at++)
      meter.observe('gauge', { name: 'queue', help: 'Queue.' }, { user: `u${at}` }, () => 1);
    expect((await samplesOf(meter, 'queue')).size).toBe(10);
    const said = await samplesOf(meter, 'fwk_metrics_folded');
    expect([...said]).toEqual([['fwk_metrics_folded{instrument="queue",label="user"}', 20]]);
  });

  test('of 1 MB each leave no more than their first 128 characters', async () => {
    const meter = createMeter();
    for (let at = 0; at < 20; at++) meter.counter(orders, { user: `${at}${'x'.repeat(1_000_000)}` }).add();
    const { body } = await meter.expose();
    expect(body.length).toBeLessThan(20 * 200);
    expect((await samplesOf(meter, 'orders_total')).size).toBe(20);
  });

  test('say nothing of folding while there is none', async () => {
    const meter = createMeter();
    meter.counter(orders, { user: 'one' }).add();
    expect((await meter.expose()).body).not.toContain('fwk_metrics_folded');
  });
});

test.each([100, 5000, 60_000])('an estimate of %d different keys is within 3 %%', (keys) => {
  const estimate = new DistinctEstimate();
  for (let at = 0; at < keys; at++) estimate.add(`key ${at}`);
  for (let at = 0; at < keys; at += 7) estimate.add(`key ${at}`);
  expect(Math.abs(estimate.count - keys)).toBeLessThanOrEqual(keys * 0.03);
});

test('an estimate of no key is 0, and one of more keys than it has room for is finite', () => {
  const estimate = new DistinctEstimate();
  expect(estimate.count).toBe(0);
  for (let at = 0; at < 400_000; at++) estimate.add(`${at}`);
  expect(estimate.count).toBeGreaterThan(100_000);
  expect(Number.isFinite(estimate.count)).toBe(true);
});

describe('labels', () => {
  test.each([
    [
      'more than 64',
      Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x'])),
      /65 labels; at most 64/,
    ],
    ['a name of 1 MB', { ['x'.repeat(1_000_000)]: '1' }, /1000000 characters; at most 200/],
  ])('%s are refused by a short message', (_, labels, message) => {
    const make = () => createMeter().counter(orders, labels);
    expect(make).toThrow(expect.objectContaining({ code: 'FWK_CORE_INSTRUMENT_INVALID' }));
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });

  test('in any script stay as they are as values, and become plain as names', async () => {
    const meter = createMeter();
    meter.counter({ name: 'bestellungen.größe', help: 'Größe der Bestellungen, 注文.' }, { straße: '東京 😀' }).add(2);
    const samples = await samplesOf(meter, 'bestellungen_gr__e_total');
    expect([...samples]).toEqual([['bestellungen_gr__e_total{stra_e="東京 😀"}', 2]]);
  });
});

describe('a scrape of many series', () => {
  /** A clock on which each reading takes a millisecond, and timers count the turns of the loop. */
  function slowClock() {
    let nowMs = 0;
    const turns: number[] = [];
    return {
      turns,
      clock: {
        ...systemClock,
        now: () => nowMs++,
        setTimer(callback: () => void) {
          turns.push(nowMs);
          setImmediate(callback);
          return {};
        },
      },
    };
  }

  test('lets the event loop turn every few milliseconds', async () => {
    const { clock, turns } = slowClock();
    const meter = createMeter({ clock });
    for (let at = 0; at < 500; at++) meter.counter(orders, { user: `u${at}` }).add();
    const { body } = await meter.expose();
    expect(parseStrictly(body, 'prometheus').get('orders_total')?.samples.size).toBe(500);
    const gaps = turns.slice(1).map((at, index) => at - (turns[index] as number));
    expect(turns.length).toBeGreaterThan(5);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10);
  });

  test('asked for by a hundred at once is written twice, and nobody gets what is older than the request', async () => {
    const { clock } = slowClock();
    const meter = createMeter({ clock });
    let reads = 0;
    const first = meter.observe('gauge', { name: 'a.reads', help: 'Reads.' }, {}, () => ++reads);
    for (let at = 0; at < 100; at++) meter.counter(orders, { user: `u${at}` }).add();
    const asked = [meter.expose()];
    await Promise.resolve();
    meter.counter(orders, { user: 'late' }).add();
    for (let at = 0; at < 99; at++) asked.push(meter.expose());
    const bodies = (await Promise.all(asked)).map(({ body }) => body);
    first[Symbol.dispose]();
    expect(reads).toBe(2);
    expect(bodies.slice(1).every((body) => body.includes('user="late"'))).toBe(true);
  });

  test('goes on while series come and go', async () => {
    const { clock } = slowClock();
    const meter = createMeter({ clock });
    for (let at = 0; at < 300; at++) meter.gauge({ name: 'g', help: 'G.' }, { user: `u${at}` }).set(at);
    const observed = Array.from({ length: 100 }, (_, at) =>
      meter.observe('gauge', { name: 'o', help: 'O.' }, { user: `u${at}` }, () => at),
    );
    const asked = meter.expose('application/openmetrics-text');
    for (const each of observed) each[Symbol.dispose]();
    for (let at = 300; at < 400; at++) meter.gauge({ name: 'g', help: 'G.' }, { user: `u${at}` }).set(at);
    expect(parseStrictly((await asked).body, 'openmetrics').get('g')?.samples.size).toBeGreaterThanOrEqual(300);
  });

  test('needs no turn of a clock that stands still', async () => {
    const meter = createMeter({ clock: fakeClock() });
    for (let at = 0; at < 900; at++) meter.counter(orders, { user: `u${at}` }).add();
    expect((await samplesOf(meter, 'orders_total')).size).toBe(900);
  });
});
