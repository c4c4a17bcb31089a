import type { ForeignExemplar, ForeignFamily, ForeignValue } from './foreign-registry.js';
import { headLines, labelsText, numberText, sampleLine } from './sample-text.js';

/** The text of a metric of another registry, one piece for each sample; see `instrumentText`. */
export function* foreignText(family: ForeignFamily, open: boolean): Generator<string> {
  const { help, type } = family;
  const base = type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  // In OpenMetrics every counter ends in `_total`, in the text format it is named as its owner named it.
  const name = type === 'counter' && open ? `${base}_total` : family.name;
  let head = headLines({ name, help, unit: undefined, type }, open);
  for (const value of family.values) {
    if (open && type === 'counter' && !(value.value >= 0)) continue;
    yield head + valueLine(name, value, open);
    head = '';
  }
}

function valueLine(name: string, { metricName, labels, value, exemplar }: ForeignValue, open: boolean): string {
  const line = sampleLine(metricName ?? name, labelsText(labels), value);
  if (!open || !exemplar) return line;
  return `${line.slice(0, -1)}${exemplarText(exemplar)}\n`;
}

function exemplarText({ labelSet, value, timestamp }: ForeignExemplar): string {
  return ` # {${labelsText(labelSet)}} ${numberText(value)} ${timestamp}`;
}
