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
import { coreMetrics } from '../core-metrics.js';
import { DistinctEstimate } from './distinct-estimate.js';
import { type Exposed, Exposition } from './exposition.js';
import type { Family } from './family.js';
import type { ForeignHost, ForeignRegistry } from './foreign-registry.js';
import { Instrument } from './instrument.js';
import { InstrumentConflictError } from './instrument-conflict-error.js';
import { InstrumentInvalidError } from './instrument-invalid-error.js';
import { checkSpec, namesOf } from './instrument-spec.js';
import { cleanLabels } from './metric-names.js';
import { registerInstruments } from './register-instruments.js';
import { HistogramSeries, NumberSeries, ObservedSeries } from './series.js';

/** Options of {@link createMeter}. */
export interface MeterOptions {
  /**
   * Series one instrument may have before further labels share a series of `other`; 1 to 1,000,000. The gauge
   * `fwk_metrics_folded` says how many different ones do. @defaultValue 1000
   */
  readonly maxSeriesPerInstrument: number;
  /** Stamps exemplars, and bounds how long a scrape holds the event loop. @defaultValue the system clock */
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
   * The exposition for a scraper, written in slices that hold the event loop for a few milliseconds each.
   * @param accept - the request's `Accept` header; decides between Prometheus text and OpenMetrics.
   */
  expose(accept?: string): Promise<Exposed>;
  /**
   * Shows the metrics of a registry of prom-client, or of `@prometheus-io/client`, in every exposition of ours. A metric that
   * has the name of one of ours is left out, and so is what scrapers could not read. A registry that throws, or needs more than
   * two seconds, is left out of that exposition and counted in `fwk_metrics_registry_failures_total`. Dispose to end it.
   */
  include(registry: ForeignRegistry): Disposable;
  /**
   * Shows our metrics, those made later too, in a registry of prom-client or `@prometheus-io/client`. One whose name the registry
   * has already is left out. Dispose to end it.
   */
  registerIn(registry: ForeignHost): Disposable;
}

/** The application's metrics. */
export const metricsToken: Token<Metrics> = token('metrics');

/**
 * Makes a meter of plain numbers. An instrument that scrapers could not read is refused when it is asked for; what is
 * recorded never throws, and a value that is no number is not recorded.
 * @throws OptionsError for options out of range. Its instruments: {@link InstrumentInvalidError} for a spec or labels that
 * scrapers could not read, {@link InstrumentConflictError} when one name is asked for with two meanings.
 */
export function createMeter(options: Partial<MeterOptions> = {}): Metrics {
  return new PlainMeter(
    checkOptions('createMeter', options, meterDefaults, {
      maxSeriesPerInstrument: integerIn(1, 1_000_000),
      clock: anything,
    }),
  );
}

class PlainMeter implements Metrics {
  readonly #options: MeterOptions;
  readonly #instruments = new Map<string, Instrument>();
  /** Who writes which name, suffixes included. */
  readonly #owners = new Map<string, Instrument>();
  /** Of instruments that have more series than they may: an estimate of how many. */
  readonly #folded = new Map<Instrument, DistinctEstimate>();
  readonly #registries = new Set<ForeignRegistry>();
  readonly #made = new Set<(instrument: Instrument) => void>();
  readonly #exposition: Exposition;

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#exposition = new Exposition({
      clock: options.clock,
      instruments: () => this.#instruments.values(),
      isTaken: (name) => this.#owners.has(name),
      registries: this.#registries,
      registryFailed: () => this.counter(coreMetrics['fwk.metrics.registry.failures']).add(),
    });
  }

  counter(spec: InstrumentSpec, labels: Labels = {}): NumberSeries {
    return this.#series(this.#instrument('counter', spec), labels, (own) => new NumberSeries(own, true));
  }

  gauge(spec: InstrumentSpec, labels: Labels = {}): NumberSeries {
    return this.#series(this.#instrument('gauge', spec), labels, (own) => new NumberSeries(own, false));
  }

  histogram(spec: HistogramSpec, labels: Labels = {}): HistogramSeries {
    const owner = this.#instrument('histogram', spec);
    const wallTime = () => this.#options.clock.wallTime();
    return this.#series(owner, labels, (own) => new HistogramSeries(own, owner.spec.bounds, owner.limits, wallTime));
  }

  observe(kind: 'gauge' | 'counter', spec: InstrumentSpec, labels: Labels, read: () => number): Disposable {
    const owner = this.#instrument(kind, spec);
    if (owner.spec.kind === 'histogram' || typeof read !== 'function') {
      throw new InstrumentInvalidError(spec.name, 'can be observed only as a gauge or counter, by a function');
    }
    const entries = cleanLabels(owner.spec.name, labels);
    const key = JSON.stringify(entries);
    const series = new ObservedSeries(Object.freeze(Object.fromEntries(entries)), kind === 'counter', read);
    // One too many is not read at all: a sum of callbacks has no meaning.
    if (owner.size < this.#options.maxSeriesPerInstrument) owner.observe(key, series);
    else this.#fold(owner, key);
    return { [Symbol.dispose]: () => owner.forget(key, series) };
  }

  collect(): readonly Family[] {
    return [...this.#instruments.values()].map((instrument) => instrument.family());
  }

  expose(accept?: string): Promise<Exposed> {
    return this.#exposition.expose(accept);
  }

  include(registry: ForeignRegistry): Disposable {
    this.#registries.add(registry);
    return { [Symbol.dispose]: () => void this.#registries.delete(registry) };
  }

  registerIn(registry: ForeignHost): Disposable {
    const { add, remove } = registerInstruments(registry);
    for (const each of this.#instruments.values()) add(each);
    this.#made.add(add);
    return {
      [Symbol.dispose]: () => {
        this.#made.delete(add);
        remove();
      },
    };
  }

  #instrument(kind: Family['kind'], asked: InstrumentSpec & HistogramSpec): Instrument {
    const spec = checkSpec(kind, asked);
    const name = spec.prometheusName;
    const known = this.#instruments.get(name);
    if (known) {
      if (known.spec.kind !== kind || known.spec.unit !== spec.unit) {
        throw new InstrumentConflictError(name, known.spec, spec);
      }
      return known;
    }
    const names = namesOf(spec);
    for (const each of names) {
      const owner = this.#owners.get(each);
      if (owner) throw new InstrumentConflictError(each, owner.spec, spec);
    }
    const made = new Instrument(spec);
    this.#instruments.set(name, made);
    for (const each of names) this.#owners.set(each, made);
    for (const told of this.#made) told(made);
    return made;
  }

  #series<S extends NumberSeries | HistogramSeries>(owner: Instrument, labels: Labels, make: (labels: Labels) => S): S {
    const entries = cleanLabels(owner.spec.name, labels);
    const key = JSON.stringify(entries);
    const known = owner.series.get(key);
    if (known) return known as S;
    const full = entries.length > 0 && owner.size >= this.#options.maxSeriesPerInstrument;
    if (full && entries.some(([, value]) => value !== 'other')) {
      this.#fold(owner, key);
      return this.#series(owner, Object.fromEntries(entries.map(([name]) => [name, 'other'])), make);
    }
    const made = make(Object.freeze(Object.fromEntries(entries)));
    owner.series.set(key, made);
    return made;
  }

  /** Counts a series that the instrument has no room for. */
  #fold(owner: Instrument, key: string): void {
    let folded = this.#folded.get(owner);
    if (!folded) {
      folded = new DistinctEstimate();
      this.#folded.set(owner, folded);
      const estimate = folded;
      const labels = { instrument: owner.spec.prometheusName, label: owner.widestLabel() ?? '' };
      // Its own instrument has a series for each instrument; where even that has no room, nothing can be said.
      if (owner.spec.name !== foldedSpec.name) this.observe('gauge', foldedSpec, labels, () => estimate.count);
    }
    folded.add(key);
  }
}

const foldedSpec = coreMetrics['fwk.metrics.folded'];
