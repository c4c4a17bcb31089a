/** The same 10,000 series, in a meter of ours and in a registry of prom-client: four counters, three gauges, a histogram. */
import prometheus from 'prom-client';
import * as fwk from '../fwk.mjs';

const { createMeter, encodeBody } = await fwk.core();

/** Sets of labels that each counter and gauge has, and the histogram, whose every set is 13 lines. */
const labelSets = 1000;
const histogramSets = 231;
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const counters = ['requests', 'answers', 'failures', 'retries'];
const gauges = ['in_flight', 'queued', 'open'];
const labelNames = ['method', 'route', 'status'];

const labelsAt = (at) => ({ method: 'GET', route: `/stock/${at}`, status: String(200 + (at % 5)) });
const valueAt = (at) => (at % 97) / 10;

/** @returns {() => Promise<number>} bytes of one exposition */
export function ourScrape() {
  const meter = createMeter();
  for (const name of counters) fill(labelSets, (labels, at) => meter.counter({ name, help: name }, labels).add(at));
  for (const name of gauges)
    fill(labelSets, (labels, at) => meter.gauge({ name, help: name }, labels).set(valueAt(at)));
  const duration = { name: 'duration', help: 'duration', unit: 'seconds', buckets };
  fill(histogramSets, (labels, at) => meter.histogram(duration, labels).observe(valueAt(at)));
  return async () => (await encodeBody(undefined, (await meter.expose()).body)).body.length;
}

/** @returns {() => Promise<number>} bytes of one exposition */
export function promScrape() {
  const registry = new prometheus.Registry();
  const make = (Metric, name, rest = {}) =>
    new Metric({ name, help: name, labelNames, registers: [registry], ...rest });
  for (const name of counters) {
    const counter = make(prometheus.Counter, `${name}_total`);
    fill(labelSets, (labels, at) => counter.inc(labels, at));
  }
  for (const name of gauges) {
    const gauge = make(prometheus.Gauge, name);
    fill(labelSets, (labels, at) => gauge.set(labels, valueAt(at)));
  }
  const histogram = make(prometheus.Histogram, 'duration_seconds', { buckets });
  fill(histogramSets, (labels, at) => histogram.observe(labels, valueAt(at)));
  return async () => Buffer.from(await registry.metrics()).length;
}

/**
 * One count and one observation of a series that is kept, as a hot path does; of prom-client both ways to name the series, of
 * which the faster one counts.
 */
export function recorders() {
  const meter = createMeter();
  const registry = new prometheus.Registry();
  const make = (Metric, name, rest = {}) =>
    new Metric({ name, help: name, labelNames, registers: [registry], ...rest });
  const labels = Array.from({ length: 16 }, (_, at) => labelsAt(at));
  const own = {
    counters: labels.map((each) => meter.counter({ name: 'requests', help: 'requests' }, each)),
    histograms: labels.map((each) => meter.histogram({ name: 'duration', help: 'duration', buckets }, each)),
  };
  const counter = make(prometheus.Counter, 'requests_total');
  const histogram = make(prometheus.Histogram, 'duration', { buckets });
  const bound = {
    counters: labels.map((each) => counter.labels(each)),
    histograms: labels.map((each) => histogram.labels(each)),
  };
  return {
    count: (at) => own.counters[at & 15].add(),
    observe: (at) => own.histograms[at & 15].observe(valueAt(at)),
    promCount: (at) => counter.inc(labels[at & 15]),
    promObserve: (at) => histogram.observe(labels[at & 15], valueAt(at)),
    promBoundCount: (at) => bound.counters[at & 15].inc(),
    promBoundObserve: (at) => bound.histograms[at & 15].observe(valueAt(at)),
  };
}

function fill(sets, record) {
  for (let at = 0; at < sets; at++) record(labelsAt(at), at + 1);
}
