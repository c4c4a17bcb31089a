/** How names, labels and numbers are written, alike in Prometheus' text format and in OpenMetrics. */
import type { Labels } from '@fwk/kernel';

/** Labels without braces: `a="1",b="2"`; empty for none. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${quoted(value)}"`)
    .join(',');
}

/** A text as it stands between quotes. */
export function quoted(text: string): string {
  return /["\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text;
}

/** Numbers as scrapers read them. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** One sample; the labels without braces. */
export function sampleLine(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}\n` : `${name}{${labels}} ${numberText(value)}\n`;
}

/** What stands above the samples of a family. */
export interface FamilyHead {
  /** As the samples of gauges are named; with `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly unit: string | undefined;
  /** `counter`, `gauge`, `histogram`, `summary` or `unknown`. */
  readonly type: string;
}

/** The lines above the samples. @param open - for OpenMetrics, where a counter's family lacks the suffix of its samples */
export function headLines({ name, help, unit, type }: FamilyHead, open: boolean): string {
  if (!open) {
    const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type === 'unknown' ? 'untyped' : type}\n`;
  }
  const family = type === 'counter' ? name.replace(/_total$/, '') : name;
  const unitLine = unit && family.endsWith(`_${unit}`) ? `# UNIT ${family} ${unit}\n` : '';
  return `# HELP ${family} ${quoted(help)}\n# TYPE ${family} ${type}\n${unitLine}`;
}
