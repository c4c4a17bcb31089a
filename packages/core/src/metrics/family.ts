import type { Labels } from '@fwk/kernel';
import type { HistogramSeries } from './series.js';

/** One point of a family; histograms have `histogram`, the others `value`. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: Readonly<Pick<HistogramSeries, 'bounds' | 'counts' | 'sum' | 'exemplars'>>;
}

/** All series of one instrument, as they stand now. */
export interface Family {
  /** OpenTelemetry's name. */
  readonly name: string;
  readonly prometheusName: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}
