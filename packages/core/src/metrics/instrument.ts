import type { Labels } from '@fwk/kernel';
import type { Family, Sample } from './family.js';
import type { CheckedSpec } from './instrument-spec.js';
import { HistogramSeries, type NumberSeries, type ObservedSeries } from './series.js';

/** A series with its value now. */
export type ReadSeries = readonly [series: NumberSeries | ObservedSeries, value: number] | readonly [HistogramSeries];

/** One instrument: its series by their labels, and what had to be folded because there were too many. */
export class Instrument {
  readonly spec: CheckedSpec;
  /** Upper bounds of a histogram, for its series. */
  readonly limits: Float64Array;
  readonly series = new Map<string, NumberSeries | HistogramSeries>();
  /** By labels. Of several owners of one series the last is asked first. */
  readonly #observed = new Map<string, ObservedSeries[]>();
  #observedCount = 0;

  constructor(spec: CheckedSpec) {
    this.spec = spec;
    this.limits = Float64Array.from(spec.bounds);
  }

  /** How many series there are, each owner of an observed one counted. */
  get size(): number {
    return this.series.size + this.#observedCount;
  }

  observe(key: string, series: ObservedSeries): void {
    const owners = this.#observed.get(key);
    if (owners) owners.push(series);
    else this.#observed.set(key, [series]);
    this.#observedCount++;
  }

  forget(key: string, series: ObservedSeries): void {
    const owners = this.#observed.get(key);
    const at = owners?.indexOf(series) ?? -1;
    if (!owners || at < 0) return;
    owners.splice(at, 1);
    if (owners.length === 0) this.#observed.delete(key);
    this.#observedCount--;
  }

  /** Every series with its value. An observed one that has no value now is left out. */
  *read(): Generator<ReadSeries> {
    // A copy, since whoever is asked may observe more.
    const observed = [...this.#observed.entries()];
    for (const [key, series] of this.series) {
      // What is observed is believed before what is recorded, since no two samples may have one set of labels.
      const found = observed.length > 0 ? lastValue(this.#observed.get(key)) : undefined;
      if (series instanceof HistogramSeries) yield [series];
      else yield found ?? [series, series.value];
    }
    for (const [key, owners] of observed) {
      const found = this.series.has(key) ? undefined : lastValue(owners);
      if (found) yield found;
    }
  }

  /** All series as they stand now. */
  family(): Family {
    const samples: Sample[] = [];
    for (const [series, value] of this.read()) {
      if (value !== undefined) samples.push({ labels: series.labels, value });
      else if (series instanceof HistogramSeries) {
        samples.push({ labels: series.labels, value: series.count, histogram: series.collected() });
      }
    }
    const { name, prometheusName, help, unit, kind } = this.spec;
    return { name, prometheusName, help, unit, kind, samples };
  }

  /** The label that has most different values; undefined while no series has labels. */
  widestLabel(): string | undefined {
    const values = new Map<string, Set<string>>();
    const look = (labels: Labels) => {
      for (const [name, value] of Object.entries(labels)) {
        const seen = values.get(name);
        if (seen) seen.add(value);
        else values.set(name, new Set([value]));
      }
    };
    for (const each of this.series.values()) look(each.labels);
    for (const owners of this.#observed.values()) for (const each of owners) look(each.labels);
    return [...values].sort(([, left], [, right]) => right.size - left.size)[0]?.[0];
  }
}

/** What the owner that came last says; of those before, when it says nothing. */
function lastValue(owners: readonly ObservedSeries[] | undefined): ReadSeries | undefined {
  for (const series of [...(owners ?? [])].reverse()) {
    const value = series.value;
    if (value !== undefined) return [series, value];
  }
  return undefined;
}
