/**
 * Labels of one series. Few values each: an unbounded label is cut off at the meter's limit. `le` and `quantile` are
 * reserved.
 */
export type Labels = Readonly<Record<string, string>>;

/** What an instrument is; the same name must always come with the same spec. */
export interface InstrumentSpec {
  /** OpenTelemetry style, dots between words: `http.server.request.duration`. */
  readonly name: string;
  /** One sentence for people; where it is empty the name stands in its place. */
  readonly help: string;
  /** Unit in full (`seconds`, `bytes`); appended to the Prometheus name. */
  readonly unit?: string;
}

/** Spec of a histogram. */
export interface HistogramSpec extends InstrumentSpec {
  /** Upper bounds: finite, each above the one before; the bucket up to infinity is added. @defaultValue the OpenTelemetry HTTP duration buckets in seconds */
  readonly buckets?: readonly number[];
}

/** A number that only rises. What is no finite number from 0 on is not added. */
export interface Counter {
  /** @param amount - at least 0. @defaultValue 1 */
  add(amount?: number): void;
}

/** A number that goes both ways. What is no number is not recorded. */
export interface Gauge {
  set(value: number): void;
  add(amount: number): void;
}

/** Counts observations into buckets. What is no finite number is not counted. */
export interface Histogram {
  /** @param traceId - becomes the exemplar of the bucket, where exposition supports it. */
  observe(value: number, traceId?: string): void;
}

/**
 * Makes instruments. Ask for a series once, when something is built, and keep it: recording on a kept series is an
 * addition to a number, finding one is a look-up by labels.
 */
export interface Meter {
  counter(spec: InstrumentSpec, labels?: Labels): Counter;
  gauge(spec: InstrumentSpec, labels?: Labels): Gauge;
  histogram(spec: HistogramSpec, labels?: Labels): Histogram;
  /**
   * A gauge or counter whose value is read when somebody scrapes; left out while `read` throws or answers no number.
   * Dispose it with its owner. Of two with equal labels the one made last is read.
   */
  observe(kind: 'gauge' | 'counter', spec: InstrumentSpec, labels: Labels, read: () => number): Disposable;
}

const nothing = { add() {}, set() {}, observe() {}, [Symbol.dispose]() {} };

/** A meter that records nothing. */
export const noMeter: Meter = {
  counter: () => nothing,
  gauge: () => nothing,
  histogram: () => nothing,
  observe: () => nothing,
};

/** Buckets that OpenTelemetry advises for HTTP durations, in seconds. */
export const durationBuckets: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);
