import type { Counter, Gauge, Histogram, Labels } from '@fwk/kernel';
import { labelsText } from './sample-text.js';

/**
 * The instruments: plain numbers, bound to their labels when they are made. Recording is an addition; whoever scrapes
 * reads the numbers. They are classes, so that all series of a kind share one hidden shape.
 */

/** One observation of a bucket that had a trace: the first since the bucket was last collected. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
}

/** OpenMetrics allows 128 characters for name and value together. */
const exemplarForm = /^[\x20-\x7e]{1,100}$/;

/** What every series has: its labels, and how they are written, which is kept from one scrape to the next. */
abstract class LabelledSeries {
  readonly labels: Labels;
  #text: string | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** The labels as both formats write them, without braces: `a="1",b="2"`. */
  get text(): string {
    this.#text ??= labelsText(this.labels);
    return this.#text;
  }
}

/** A counter's or gauge's series. */
export class NumberSeries extends LabelledSeries implements Counter, Gauge {
  value = 0;
  readonly #rising: boolean;

  constructor(labels: Labels, rising: boolean) {
    super(labels);
    this.#rising = rising;
  }

  add(amount = 1): void {
    // What is no number would stay for ever, and a counter that fell would read as a restart of the process.
    if (!Number.isFinite(amount) || (this.#rising && amount < 0)) return;
    this.value += amount;
  }

  set(value: number): void {
    if (typeof value === 'number') this.value = value;
  }
}

/** A histogram's series. `counts[i]` are the values up to `bounds[i]` and above the bound before; the last has no bound. */
export class HistogramSeries extends LabelledSeries implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  exemplars: (Exemplar | undefined)[] | undefined;
  /** The bounds once more, as numbers that are compared without being unpacked. */
  readonly #limits: Float64Array;
  readonly #wallTime: () => number;
  /** The buckets whose exemplar has not been collected yet. */
  #kept: boolean[] | undefined;

  /** @param limits - the bounds; series of one instrument share them */
  constructor(labels: Labels, bounds: readonly number[], limits: Float64Array, wallTime: () => number) {
    super(labels);
    this.bounds = bounds;
    this.#limits = limits;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
    this.#wallTime = wallTime;
  }

  observe(value: number, traceId?: string): void {
    // One infinite value would make the sum infinite for ever.
    if (!Number.isFinite(value)) return;
    const limits = this.#limits;
    let index = 0;
    // Linear: buckets are few and most values fall into the first ones.
    while (index < limits.length && value > (limits[index] as number)) index++;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += value;
    if (typeof traceId === 'string') this.#keep(index, value, traceId);
  }

  /** Number of observations. */
  get count(): number {
    let count = 0;
    for (const each of this.counts) count += each;
    return count;
  }

  /** Whoever collects the series has seen its exemplars: the next observations take their places. */
  collected(): this {
    this.#kept = undefined;
    return this;
  }

  /** One exemplar a bucket from one scrape to the next is all that anybody sees; so most observations read no clock. */
  #keep(index: number, value: number, traceId: string): void {
    if (this.#kept?.[index] || !exemplarForm.test(traceId)) return;
    this.exemplars ??= new Array<Exemplar | undefined>(this.counts.length).fill(undefined);
    this.exemplars[index] = { traceId, value, atMs: this.#wallTime() };
    this.#kept ??= new Array<boolean>(this.counts.length).fill(false);
    this.#kept[index] = true;
  }
}

/** A series that is asked for its value at scrape. */
export class ObservedSeries extends LabelledSeries {
  readonly #rising: boolean;
  readonly #read: () => unknown;

  constructor(labels: Labels, rising: boolean, read: () => unknown) {
    super(labels);
    this.#rising = rising;
    this.#read = read;
  }

  /** The value now; undefined when its owner throws, or answers what is no value of this kind. */
  get value(): number | undefined {
    try {
      const value = this.#read();
      if (value instanceof Promise) value.catch(() => {});
      if (typeof value !== 'number') return undefined;
      return this.#rising && !(value >= 0) ? undefined : value;
    } catch {
      return undefined;
    }
  }
}
