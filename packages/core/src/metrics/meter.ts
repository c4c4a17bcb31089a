import {
  anything,
  type Clock,
  checkOptions,
  durationBuckets,
  type HistogramSpec,
  type InstrumentSpec,
  integerIn,
  type Labels,
  type Meter,
  systemClock,
  type Token,
  token,
} from '@fwk/kernel';
import { expose } from './exposition.js';
import type { Family, Sample } from './family.js';
import { InstrumentConflictError } from './instrument-conflict-error.js';
import { cleanLabels, prometheusName } from './metric-names.js';
import { HistogramSeries, NumberSeries, type ObservedSeries } from './series.js';

/** Options of {@link createMeter}. */
export interface MeterOptions {
  /** Series one instrument may have before further labels share a series of `other`; 1 to 1,000,000. @defaultValue 1000 */
  readonly maxSeriesPerInstrument: number;
  /** Stamps exemplars. @defaultValue the system clock */
  readonly clock: Clock;
}

/** Defaults of {@link MeterOptions}. */
export const meterDefaults: Readonly<MeterOptions> = Object.freeze({
  maxSeriesPerInstrument: 1000,
  clock: systemClock,
});

/** A meter whose numbers can be read. */
export interface Metrics extends Meter {
  /** Reads every series. Observed ones are asked; one that throws is left out. */
  collect(): readonly Family[];
  /**
   * The exposition for a scraper; loads prom-client at its first call.
   * @param accept - the request's `Accept` header; decides between Prometheus text and OpenMetrics.
   */
  expose(accept?: string): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** The application's metrics. */
export const metricsToken: Token<Metrics> = token('metrics');

interface Instrument {
  readonly spec: InstrumentSpec;
  readonly prometheusName: string;
  readonly kind: Family['kind'];
  readonly bounds: readonly number[];
  readonly series: Map<string, NumberSeries | HistogramSeries>;
  readonly observed: Set<ObservedSeries>;
}

/**
 * Makes a meter of plain numbers.
 * @throws OptionsError for options out of range; {@link InstrumentConflictError} later, when one name is asked for with
 * two specs.
 */
export function createMeter(options: Partial<MeterOptions> = {}): Metrics {
  const { maxSeriesPerInstrument, clock } = checkOptions('createMeter', options, meterDefaults, {
    maxSeriesPerInstrument: integerIn(1, 1_000_000),
    clock: anything,
  });
  const instruments = new Map<string, Instrument>();

  const instrument = (kind: Family['kind'], spec: InstrumentSpec & { buckets?: readonly number[] }): Instrument => {
    const name = prometheusName(spec, kind);
    const known = instruments.get(name);
    if (known) {
      if (known.kind !== kind || known.spec.unit !== spec.unit) throw new InstrumentConflictError(name, known, kind);
      return known;
    }
    const bounds = kind === 'histogram' ? [...(spec.buckets ?? durationBuckets)] : [];
    const made: Instrument = { spec, prometheusName: name, kind, bounds, series: new Map(), observed: new Set() };
    instruments.set(name, made);
    return made;
  };

  const series = <S extends NumberSeries | HistogramSeries>(
    owner: Instrument,
    labels: Labels,
    make: (labels: Labels) => S,
  ): S => {
    const entries = cleanLabels(labels);
    const key = JSON.stringify(entries);
    const known = owner.series.get(key);
    if (known) return known as S;
    const full = entries.length > 0 && owner.series.size + owner.observed.size >= maxSeriesPerInstrument;
    if (full && entries.some(([, value]) => value !== 'other')) {
      return series(owner, Object.fromEntries(entries.map(([name]) => [name, 'other'])), make);
    }
    const made = make(Object.freeze(Object.fromEntries(entries)));
    owner.series.set(key, made);
    return made;
  };

  const metrics: Metrics = {
    counter: (spec, labels = {}) => series(instrument('counter', spec), labels, (own) => new NumberSeries(own, true)),
    gauge: (spec, labels = {}) => series(instrument('gauge', spec), labels, (own) => new NumberSeries(own, false)),
    histogram(spec: HistogramSpec, labels = {}) {
      const owner = instrument('histogram', spec);
      return series(owner, labels, (own) => new HistogramSeries(own, owner.bounds, () => clock.wallTime()));
    },
    observe(kind, spec, labels, read) {
      const owner = instrument(kind, spec);
      const entry: ObservedSeries = { labels: Object.freeze(Object.fromEntries(cleanLabels(labels))), read };
      // One too many is not read at all: a sum of callbacks has no meaning.
      if (owner.series.size + owner.observed.size < maxSeriesPerInstrument) owner.observed.add(entry);
      return { [Symbol.dispose]: () => void owner.observed.delete(entry) };
    },
    collect: () => [...instruments.values()].map(familyOf),
    expose: (accept) => expose(metrics.collect(), accept),
  };
  return metrics;
}

function familyOf(instrument: Instrument): Family {
  const samples: Sample[] = [];
  for (const each of instrument.series.values()) {
    if (each instanceof NumberSeries) samples.push({ labels: each.labels, value: each.value });
    else samples.push({ labels: each.labels, value: each.count, histogram: each });
  }
  for (const { labels, read } of instrument.observed) {
    try {
      samples.push({ labels, value: read() });
    } catch {
      // Its owner is broken; the scrape must show all the others.
    }
  }
  const { spec, kind } = instrument;
  return {
    name: spec.name,
    prometheusName: instrument.prometheusName,
    help: spec.help,
    unit: spec.unit,
    kind,
    samples,
  };
}
