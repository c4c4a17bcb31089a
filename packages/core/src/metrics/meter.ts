import {
  anything,
  type Clock,
  checkOptions,
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
import { InstrumentInvalidError } from './instrument-invalid-error.js';
import { type CheckedSpec, checkSpec, namesOf } from './instrument-spec.js';
import { cleanLabels } from './metric-names.js';
import { HistogramSeries, NumberSeries, ObservedSeries } from './series.js';

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
  /** Reads every series. Observed ones are asked; one that throws, or answers no number, is left out. */
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
  readonly spec: CheckedSpec;
  readonly series: Map<string, NumberSeries | HistogramSeries>;
  readonly observed: Set<ObservedSeries>;
}

/**
 * Makes a meter of plain numbers. An instrument that scrapers could not read is refused when it is asked for; what is
 * recorded never throws, and a value that is no number is not recorded.
 * @throws OptionsError for options out of range. Its instruments: {@link InstrumentInvalidError} for a spec or labels that
 * scrapers could not read, {@link InstrumentConflictError} when one name is asked for with two meanings.
 */
export function createMeter(options: Partial<MeterOptions> = {}): Metrics {
  const { maxSeriesPerInstrument, clock } = checkOptions('createMeter', options, meterDefaults, {
    maxSeriesPerInstrument: integerIn(1, 1_000_000),
    clock: anything,
  });
  const instruments = new Map<string, Instrument>();
  /** Who writes which name, suffixes included. */
  const owners = new Map<string, Instrument>();

  const instrument = (kind: Family['kind'], asked: InstrumentSpec & HistogramSpec): Instrument => {
    const spec = checkSpec(kind, asked);
    const name = spec.prometheusName;
    const known = instruments.get(name);
    if (known) {
      if (known.spec.kind !== kind || known.spec.unit !== spec.unit) {
        throw new InstrumentConflictError(name, known.spec, spec);
      }
      return known;
    }
    const names = namesOf(spec);
    for (const each of names) {
      const owner = owners.get(each);
      if (owner) throw new InstrumentConflictError(each, owner.spec, spec);
    }
    const made: Instrument = { spec, series: new Map(), observed: new Set() };
    instruments.set(name, made);
    for (const each of names) owners.set(each, made);
    return made;
  };

  const series = <S extends NumberSeries | HistogramSeries>(
    owner: Instrument,
    labels: Labels,
    make: (labels: Labels) => S,
  ): S => {
    const entries = cleanLabels(owner.spec.name, labels);
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
      return series(owner, labels, (own) => new HistogramSeries(own, owner.spec.bounds, () => clock.wallTime()));
    },
    observe(kind, spec, labels, read) {
      const owner = instrument(kind, spec);
      if (owner.spec.kind === 'histogram' || typeof read !== 'function') {
        throw new InstrumentInvalidError(spec.name, 'can be observed only as a gauge or counter, by a function');
      }
      const clean = cleanLabels(owner.spec.name, labels);
      const entry = new ObservedSeries(Object.freeze(Object.fromEntries(clean)), kind === 'counter', read);
      // One too many is not read at all: a sum of callbacks has no meaning.
      if (owner.series.size + owner.observed.size < maxSeriesPerInstrument) owner.observed.add(entry);
      return { [Symbol.dispose]: () => void owner.observed.delete(entry) };
    },
    collect: () => [...instruments.values()].map(familyOf),
    expose: (accept) => expose(metrics.collect(), accept),
  };
  return metrics;
}

function familyOf({ spec, series, observed }: Instrument): Family {
  // By labels, as no two samples may share them: of two owners the one that came last is believed.
  const samples = new Map<string, Sample>();
  const add = (sample: Sample) => samples.set(JSON.stringify(sample.labels), sample);
  for (const each of series.values()) {
    if (each instanceof NumberSeries) add({ labels: each.labels, value: each.value });
    else add({ labels: each.labels, value: each.count, histogram: each.collected() });
  }
  // A copy, since whoever is asked may observe more.
  for (const each of [...observed]) {
    const value = each.value;
    if (value !== undefined) add({ labels: each.labels, value });
  }
  const { name, prometheusName, help, unit, kind } = spec;
  return { name, prometheusName, help, unit, kind, samples: [...samples.values()] };
}
