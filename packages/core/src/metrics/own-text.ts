import type { Instrument } from './instrument.js';
import { headLines, numberText, quoted, sampleLine } from './sample-text.js';
import { type Exemplar, HistogramSeries } from './series.js';

/**
 * The text of an instrument, one piece for each series, so that a long one can be written in slices of time. Nothing for an
 * instrument without samples.
 * @param open - for OpenMetrics
 */
export function* instrumentText(instrument: Instrument, open: boolean): Generator<string> {
  const { prometheusName: name, help, unit, kind, bounds } = instrument.spec;
  const buckets = bounds.map((bound) => `le="${numberText(bound)}"} `);
  let head = headLines({ name, help, unit, type: kind }, open);
  for (const [series, value] of instrument.read()) {
    if (value !== undefined) yield head + sampleLine(name, series.text, value);
    else if (series instanceof HistogramSeries) yield head + histogramLines(name, buckets, series, open);
    head = '';
  }
}

/** @param buckets - what stands behind the labels of each bucket */
function histogramLines(name: string, buckets: readonly string[], series: HistogramSeries, open: boolean): string {
  const { text, counts, sum, bounds } = series;
  const exemplars = open ? series.collected().exemplars : undefined;
  const begin = text === '' ? `${name}_bucket{` : `${name}_bucket{${text},`;
  let lines = '';
  let total = 0;
  for (let at = 0; at < counts.length; at++) {
    total += counts[at] as number;
    lines += `${begin}${buckets[at] ?? 'le="+Inf"} '}${total}${exemplarText(exemplars?.[at])}\n`;
  }
  // OpenMetrics has no sum where values may be negative, since a sum must never fall there; and without it no count.
  const falls = sum < 0 || (bounds[0] ?? 0) < 0;
  if (open && falls) return lines;
  return lines + sampleLine(`${name}_sum`, text, sum) + sampleLine(`${name}_count`, text, total);
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, value, atMs } = exemplar;
  return ` # {trace_id="${quoted(traceId)}"} ${numberText(value)} ${atMs / 1000}`;
}
