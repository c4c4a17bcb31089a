/** One row of a package's table of metrics; the tables make docs/metrics.md. */
export interface MetricEntry {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** What it says, in one sentence; scrapers show it as the help. */
  readonly help: string;
  /** Unit in full (`seconds`, `bytes`). @defaultValue none */
  readonly unit?: string;
  /** Every label that a series may have, with what it says. @defaultValue none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A package's table, keyed by OpenTelemetry's name. Each row is a spec that a meter takes. */
export type MetricTable<T extends Readonly<Record<string, MetricEntry>> = Readonly<Record<string, MetricEntry>>> = {
  readonly [Name in keyof T]: T[Name] & { readonly name: Name & string };
};

/**
 * Makes a table of metrics. A package makes its instruments from the rows of its table and from nothing else, so that what is
 * documented is what is measured.
 * @example
 * const shopMetrics = metricTable({ 'shop.orders': { kind: 'counter', help: 'Orders placed.' } });
 * env.metrics.counter(shopMetrics['shop.orders']).add();
 */
export function metricTable<const T extends Readonly<Record<string, MetricEntry>>>(rows: T): MetricTable<T> {
  const named = Object.entries(rows).map(([name, row]) => [name, Object.freeze({ ...row, name })]);
  return Object.freeze(Object.fromEntries(named));
}
