import type { ForeignHost, ForeignValue } from './foreign-registry.js';
import type { Instrument } from './instrument.js';
import { HistogramSeries } from './series.js';

/**
 * Puts our instruments into a registry of prom-client, whose metrics are objects that it asks for their values. Each name is
 * known there under its own, and one that it has already stays its.
 */
export function registerInstruments(registry: ForeignHost): {
  add(instrument: Instrument): void;
  remove(): void;
} {
  const names = new Set<string>();
  return {
    add(instrument) {
      try {
        registry.registerMetric(metricOf(instrument, registry) as never);
        names.add(instrument.spec.prometheusName);
      } catch {
        // The name is taken there.
      }
    },
    remove() {
      for (const name of names) registry.removeSingleMetric(name);
      names.clear();
    },
  };
}

/** What such a registry reads of a metric. */
interface RegisteredMetric {
  /** The registry takes `_total` off the name of a counter for good at an OpenMetrics scrape, so values do not follow it. */
  name: string;
  readonly help: string;
  readonly type: string;
  /** How workers of node:cluster are summed there. */
  readonly aggregator: string;
  get(): Promise<object>;
  reset(): void;
}

function metricOf(instrument: Instrument, registry: ForeignHost): RegisteredMetric {
  const { prometheusName, help, kind, bounds } = instrument.spec;
  const aggregator = prometheusName === 'target_info' ? 'first' : 'sum';
  return {
    name: prometheusName,
    help,
    type: kind,
    aggregator,
    async get() {
      const open = registry.contentType.startsWith('application/openmetrics-text');
      // It puts the suffix behind each sample itself.
      const name = open && kind === 'counter' ? prometheusName.replace(/_total$/, '') : prometheusName;
      return { name, help, type: kind, aggregator, values: [...valuesOf(instrument, bounds, open)] };
    },
    reset() {},
  };
}

function* valuesOf(instrument: Instrument, bounds: readonly number[], open: boolean): Generator<ForeignValue> {
  const name = instrument.spec.prometheusName;
  for (const [series, value] of instrument.read()) {
    if (value !== undefined) yield { labels: series.labels, value };
    else if (series instanceof HistogramSeries) yield* histogramValues(name, series, bounds, open);
  }
}

function* histogramValues(
  name: string,
  series: HistogramSeries,
  bounds: readonly number[],
  open: boolean,
): Generator<ForeignValue> {
  const { labels, counts, sum } = series;
  const exemplars = open ? series.collected().exemplars : undefined;
  let total = 0;
  for (const [at, count] of counts.entries()) {
    total += count;
    const kept = exemplars?.[at];
    const exemplar = kept && {
      labelSet: { trace_id: kept.traceId },
      value: kept.value,
      timestamp: kept.atMs / 1000,
    };
    const le = at < bounds.length ? String(bounds[at]) : '+Inf';
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total, exemplar };
  }
  // OpenMetrics has no sum where values may be negative, since a sum must never fall there; and without it no count.
  if (open && (sum < 0 || (bounds[0] ?? 0) < 0)) return;
  yield { metricName: `${name}_sum`, labels, value: sum };
  yield { metricName: `${name}_count`, labels, value: total };
}
